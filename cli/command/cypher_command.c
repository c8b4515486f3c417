// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The query goes to one server after the other until one takes it: which of a cluster's servers may write a database, and which of them holds it
// at all, the servers say by refusing. A refused query did nothing.

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/dbms.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/release.h"
#include "bolt/link.h"
#include "cli/input.h"
#include "cli/port_forward.h"
#include "cli/portrait.h"
#include "cli/program.h"
#include "cmd/jsonvalue.h"
#include "cmd/output.h"
#include "cmd/zone.h"
#include "kube/client.h"
#include "operator/object/admin_secret.h"
#include "operator/object/names.h"
#include "operator/object/pod.h"
#include "operator/object/tls_secret.h"

#define BOLT_PORT 7687
#define SERVERS_MAX 64
#define QUERY_MAX ((size_t)16 * 1024 * 1024)
#define CREDENTIALS_MAX ((size_t)64 * 1024)
#define PARAMS_MAX 256
#define TIMEOUT_DEFAULT "60"
#define TIMEOUT_MAX_S 86400

static const struct flag flag_database = {"database", 'd', "NAME", NULL, "in this database (default: the user's home database)"};
static const struct flag flag_param = {"param", 'p', "NAME=JSON", NULL, "a parameter of the query; any number of times"};
static const struct flag flag_read = {"read", 0, NULL, NULL, "the query only reads: any server of a cluster will do"};
static const struct flag flag_server = {"server", 0, "POD", NULL, "ask this server only"};
static const struct flag flag_credentials = {"credentials", 0, "FILE", NULL, "log in as USER/PASSWORD of this file, not as the admin of the Secret"};
static const struct flag flag_query_timeout = {"timeout", 0, "SECONDS", NULL, "give up then (default: 60)"};
static const struct flag flag_output = {"output", 'o', "FORMAT", "table json csv cypher", "how (default: table; json, csv: a line a row)"};

struct query {
	struct program *program;
	struct dbms dbms;
	struct names names;
	struct pod pods[SERVERS_MAX];
	size_t n_pods;
	struct bolt_auth auth;
	struct bolt_query bolt;
	struct bolt_entry params[PARAMS_MAX];
	struct bolt_value param_map;
	enum output_format format;
	struct output *output; // once there is a result
	int64_t deadline;
};

static int read_query(struct query *query, struct err *err)
{
	const struct invocation *call = &query->program->call;
	const char *text = call->n_args > 1 ? call->args[1] : "-";
	char *own, *end;

	if (strcmp(text, "-") == 0) {
		_cleanup_buf_ struct buf whole = BUF_INIT_SECRET(QUERY_MAX);

		if (input_read(query->program, "-", &whole, err) < 0)
			return err->class;
		text = arena_strdup(query->program->arena, buf_str(&whole));
	}
	own = arena_strdup(query->program->arena, text + strspn(text, " \t\r\n"));
	// Shells of Cypher want the semicolon; the server refuses it.
	for (end = own + strlen(own); end > own && strchr("; \t\r\n", end[-1]);)
		*--end = '\0';
	query->bolt.text = own;
	return *own ? 0 : err_set(err, ERR_INVALID, "the query is empty");
}

static int read_params(struct query *query, struct err *err)
{
	const struct invocation *call = &query->program->call;
	uint32_t n = 0;

	for (size_t i = 0; i < call->n_flags; i++) {
		const char *text = call->flags[i].value, *equals;
		struct bolt_entry *param = &query->params[n];

		if (call->flags[i].flag != &flag_param)
			continue;
		equals = strchr(text, '=');
		if (!equals || equals == text || n == PARAMS_MAX)
			return err_set(err, ERR_INVALID, "--param: '%.64s' is no NAME=JSON, or one too many", text);
		param->key = arena_memdup0(query->program->arena, text, (size_t)(equals - text));
		if (jsonvalue_parse(equals + 1, query->program->arena, &param->value, err) < 0)
			return err_wrap(err, "--param: '%s' (a text wants its quotation marks)", param->key);
		n++;
	}
	query->param_map = bolt_map(query->params, n);
	query->bolt.params = &query->param_map;
	return 0;
}

static int read_options(struct query *query, struct err *err)
{
	const struct invocation *call = &query->program->call;
	const char *timeout = invocation_value(call, &flag_query_timeout, TIMEOUT_DEFAULT);
	char *end;
	unsigned long seconds;

	errno = 0;
	seconds = strtoul(timeout, &end, 10);
	if (errno || *end || end == timeout || seconds < 1 || seconds > TIMEOUT_MAX_S)
		return err_set(err, ERR_INVALID, "--timeout: '%.32s' is no number of seconds from 1 to %d", timeout, TIMEOUT_MAX_S);
	query->deadline = deadline_in_ms((int64_t)seconds * 1000);
	(void)output_format_parse(invocation_value(call, &flag_output, "table"), &query->format);
	query->bolt.database = invocation_value(call, &flag_database, NULL);
	query->bolt.read = invocation_has(call, &flag_read);
	query->bolt.max_rows = UINT32_MAX;
	if (read_params(query, err) < 0)
		return err->class;
	return read_query(query, err);
}

static int read_file(struct query *query, const char *path, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT_SECRET(CREDENTIALS_MAX);
	char *own, *slash;

	if (input_read(query->program, path, &text, err) < 0)
		return err->class;
	own = arena_strdup(query->program->arena, buf_str(&text));
	own[strcspn(own, "\r\n")] = '\0';
	slash = strchr(own, '/');
	if (!slash)
		return err_set(err, ERR_INVALID, "%s holds no USER/PASSWORD", input_name(path));
	*slash = '\0';
	query->auth = bolt_auth_basic(own, slash + 1);
	return 0;
}

static int read_credentials(struct query *query, struct err *err)
{
	const char *path = invocation_value(&query->program->call, &flag_credentials, NULL), *problem;
	_cleanup_(kube_object_unrefp) struct kube_object *object = NULL;
	struct admin_secret secret;

	if (path)
		return read_file(query, path, err);
	if (!query->dbms.admin_secret)
		return err_set(err, ERR_NOT_FOUND, "'%s' names no Secret with a password in spec.auth.adminSecret; use --credentials FILE", query->dbms.metadata.name);
	if (kube_get_secret(query->program->client, (struct kube_name){query->dbms.metadata.namespace, query->dbms.admin_secret}, &object, err) < 0)
		return err_wrap(err, "the password is in Secret '%s' (with --credentials FILE it is not read)", query->dbms.admin_secret);
	// What a running server asks of its password is over.
	if (!admin_secret_read(kube_object_root(object), 1, query->program->arena, &secret, &problem))
		return err_set(err, ERR_NOT_FOUND, "Secret '%s' cannot be used: %s", query->dbms.admin_secret, problem);
	query->auth = bolt_auth_basic(secret.user, secret.password);
	return 0;
}

static void add_pod(void *user, yyjson_val *item)
{
	struct query *query = user;
	struct arena *arena = query->program->arena;
	const char *only = invocation_value(&query->program->call, &flag_server, NULL), *text;
	struct pod pod;

	pod_read(item, arena, &pod);
	if (query->n_pods == SERVERS_MAX || !pod_can_be_asked(&pod) || (only && strcmp(only, pod.name) != 0))
		return;
	text = json_val_text(arena, item);
	pod_read(json_parse(arena, text, strlen(text)), arena, &query->pods[query->n_pods++]);
}

static int find_servers(struct query *query, struct err *err)
{
	const char *only = invocation_value(&query->program->call, &flag_server, NULL);
	const struct kube_selection selection = {.namespace = query->dbms.metadata.namespace, .labels = query->names.selector};
	const struct kube_reader reader = {add_pod, query};
	int r = kube_list(query->program->client, &kube_pods, &selection, &reader, err);

	if (r < 0 || query->n_pods)
		return r;
	return err_set(err, ERR_NOT_FOUND, "%s'%s' is ready; see %s status %s", only ? "no server " : "no server of ", only ? only : query->dbms.metadata.name,
		       query->program->name, query->dbms.metadata.name);
}

static int write_row(void *user, const struct bolt_table *table, const struct bolt_value *row, struct err *err)
{
	struct query *query = user;

	if (!query->output)
		query->output = output_new(query->program->streams.out, query->format, table->fields, table->n_fields);
	return output_row(query->output, row, err);
}

// The way to the pod is the API server's, and so is the proof that it is this pod. A server that was started with TLS must show the certificate
// that it was started with.
static int log_in(struct query *query, const struct pod *pod, int fd, struct bolt_link **ret, struct err *err)
{
	char pin[TLS_SECRET_PIN_SIZE];
	struct bolt_target target = {.host = pod->name, .user_agent = release_user_agent};

	if (pod->tls_secret) {
		target.tls = BOLT_TLS_ANY;
		target.pinned = tls_secret_pin_of(pod->certificate, pin) ? pin : NULL;
	}
	if (bolt_link_adopt(fd, &target, &query->auth, query->deadline, ret, err) < 0)
		return err->class;
	return bolt_link_settle(*ret, query->deadline, err);
}

// Whether another server may take what this one did not: it does not write this database, does not hold it, or cannot be reached.
static bool is_elsewhere(const struct err *err, bool reached)
{
	static const char *const codes[] = {"Neo.ClientError.Cluster.NotALeader", "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase",
					    "Neo.ClientError.Database.DatabaseNotFound", "Neo.TransientError.General.DatabaseUnavailable"};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcmp(err->code, codes[i]) == 0)
			return true;
	}
	return !reached && (err->class == ERR_IO || err->class == ERR_SERVER);
}

struct answer {
	struct bolt_table table;
	bool opened;  // the API server made a way to the pod
	bool reached; // the server took the login
	const char *problem; // of the way to it
};

static int ask(struct query *query, const struct pod *pod, struct answer *ret, struct err *err)
{
	_cleanup_(port_forward_freep) struct port_forward *forward = NULL;
	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	struct program *program = query->program;
	const char *problem;
	int fd, r;

	*ret = (struct answer){0};
	r = port_forward_open(program, (struct kube_name){query->dbms.metadata.namespace, pod->name}, BOLT_PORT, &forward, &fd, err);
	ret->opened = r == 0;
	if (r < 0)
		return r;
	r = log_in(query, pod, fd, &link, err);
	ret->reached = r == 0;
	if (r == 0)
		r = bolt_link_query(link, &query->bolt, query->deadline, program->arena, &ret->table, err);
	if (r != ERR_IO)
		return r;
	bolt_link_closep(&link);
	link = NULL;
	problem = port_forward_problem(forward);
	ret->problem = problem ? arena_strdup(program->arena, problem) : NULL;
	return r;
}

static int complain(struct query *query, const struct pod *pod, const struct answer *answer, const struct err *err)
{
	bool said = err->class == ERR_SERVER || err->class == ERR_FORBIDDEN;

	program_note(query->program, "%s: %s%s%s", pod->name, said ? err->code : "", said ? ": " : "", answer->problem ? answer->problem : err->text);
	return said ? EXIT_WRONG : EXIT_UNABLE;
}

static int finish(struct query *query, const struct answer *answer, int status, struct err *err)
{
	if (status == EXIT_FINE && !query->output)
		query->output = output_new(query->program->streams.out, query->format, answer->table.fields, answer->table.n_fields);
	if (query->output && output_end(query->output, err) < 0)
		return err->class;
	return status;
}

static int ask_all(struct query *query, struct err *err)
{
	struct answer answer = {0};
	int r = 0;

	for (size_t i = 0; i < query->n_pods; i++) {
		struct err fault = ERR_INIT;

		r = ask(query, &query->pods[i], &answer, &fault);
		if (r < 0 && i + 1 < query->n_pods && !query->output && is_elsewhere(&fault, answer.reached))
			continue;
		// The API server's own refusals have their words in program.c.
		if (r < 0 && !answer.opened) {
			*err = fault;
			return r;
		}
		r = r < 0 ? complain(query, &query->pods[i], &answer, &fault) : EXIT_FINE;
		break;
	}
	return finish(query, &answer, r, err);
}

static int run(struct program *program, struct err *err)
{
	struct query *query = arena_alloc(program->arena, sizeof(*query));
	struct err invalid = ERR_INIT;
	yyjson_val *object;
	int r;

	zone_begin();
	query->program = program;
	query->bolt.on_row = write_row;
	query->bolt.user = query;
	if ((r = read_options(query, err)) < 0 || (r = program_connect(program, err)) < 0 || (r = portrait_find(program, program->call.args[0], &object, err)) < 0)
		return r;
	(void)dbms_decode(object, program->arena, &query->dbms, &invalid);
	names_of(&query->dbms, program->arena, &query->names);
	if ((r = read_credentials(query, err)) < 0 || (r = find_servers(query, err)) < 0)
		return r;
	r = ask_all(query, err);
	output_free(query->output);
	return r;
}

static const struct flag *const flags[] = {&flag_database, &flag_param, &flag_read, &flag_server, &flag_credentials, &flag_query_timeout, &flag_output, FLAGS_OF_SERVER, NULL};
static const struct right rights[] = {
	{"get", "neo4jenterpriseclusters.neo4j.neo4j.com", "to find it", true},
	{"get", "neo4jenterprisestandalones.neo4j.neo4j.com", "to find it", true},
	{"list", "pods", "to find its servers", true},
	{"get", "pods/portforward", "the way to a server", true},
	{"create", "pods/portforward", "the same, from Kubernetes 1.35 on", true},
	{"get", "secrets", "the admin's password; not with --credentials", false},
	{0},
};
static const struct command_exit exits[] = {{EXIT_WRONG, "the server refused the login or the query"}, {0}};

const struct command command_cypher = {
	.name = "cypher",
	.args = "NAME [QUERY]",
	.summary = "runs a Cypher query on a deployment, through the API server",
	.text = "Without QUERY, or for \"-\", it is read from standard input. The way to the server is that of kubectl port-forward, inside this program: nothing listens on this machine, and the server's network need not be reachable. "
		"It logs in as the admin whose password is in the deployment's Secret, or as the user of --credentials.\n\n"
		"In a cluster the ready servers are asked one after the other, until one takes the query: not each may write each database.",
	.example = "cypher orders 'SHOW DATABASES' # the databases and where they run\n"
		   "cypher orders 'MATCH (n:Person {name: $name}) RETURN n' --param 'name=\"Eva\"' -d neo4j --read -o json\n"
		   "cypher orders < query.cypher",
	.flags = flags,
	.rights = rights,
	.exits = exits,
	.min_args = 1,
	.max_args = 2,
	.run = run,
};
