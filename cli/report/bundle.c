// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// First it reads the Secrets that the deployments name, only to know what must not be in the archive. After that everything enters the archive
// by one door, which looks for each of these values; trees were searched before, string by string. Where a Secret exists that cannot be read, no
// log goes in.

#include "cli/report/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "api/dbms.h"
#include "base/json.h"
#include "base/release.h"
#include "cli/diagnosis.h"
#include "cli/kinds.h"
#include "cli/page/view.h"
#include "cli/pod_log.h"
#include "cli/portrait.h"
#include "cli/report/blackout.h"
#include "cli/report/secret_names.h"
#include "cli/yaml_text.h"
#include "kube/client.h"
#include "operator/object/names.h"

#define DEPLOYMENTS_MAX 200
#define SECRETS_MAX 1024
#define LOGS_MAX 256
#define TAIL "1000"
#define OPERATOR_CONTAINER "neofleet"
#define TOP "neofleet-report"

struct bundle {
	struct program *program;
	const struct bundle_options *options;
	struct tarball *archive;
	struct arena *secrets; // wiped
	struct blackout scrub;
	struct buf missing;
	yyjson_val *deployments[DEPLOYMENTS_MAX];
	size_t n;
	bool too_many;
	struct kube_name learned[SECRETS_MAX]; // Secrets that it has asked for
	size_t n_learned;
	bool blind; // one of them exists and could not be read
	const char *folder; // for objects of a list
	bool by_namespace;  // the objects are of many namespaces
};

static void miss(struct bundle *bundle, const char *what, const struct err *err)
{
	buf_addf(&bundle->missing, "%s: %s\n", what, err->text);
}

// The one door into the archive.
static void put(struct bundle *bundle, const char *path, const char *text, size_t len)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *scrubbed;

	arena_wipe_on_free(arena);
	scrubbed = blackout_text(&bundle->scrub, arena, text, len, &len);
	tarball_add(bundle->archive, arena_printf(arena, TOP "/%s", path), scrubbed, len);
}

static void put_val(struct bundle *bundle, const char *path, yyjson_val *val)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	if (!file)
		abort();
	yaml_text_write(val, file);
	if (fclose(file) != 0)
		abort();
	put(bundle, path, text, len);
}

// Searches each string before it is written: quoting or indenting changes the text.
static void put_doc(struct bundle *bundle, const char *path, yyjson_mut_doc *doc)
{
	const char *text;

	blackout_tree(&bundle->scrub, bundle->program->arena, yyjson_mut_doc_get_root(doc));
	text = json_text(bundle->program->arena, doc);
	put_val(bundle, path, json_parse(bundle->program->arena, text, strlen(text)));
}

static void put_object(void *user, yyjson_val *item)
{
	struct bundle *bundle = user;
	struct arena *arena = bundle->program->arena;
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_val_mut_copy(doc, item);
	const char *name = yyjson_get_str(yyjson_ptr_get(item, "/metadata/name")), *namespace = yyjson_get_str(yyjson_ptr_get(item, "/metadata/namespace"));
	const char *folder = bundle->folder;

	if (!name || !namespace || strchr(name, '/') || strchr(namespace, '/'))
		return;
	if (bundle->by_namespace)
		folder = arena_printf(arena, "%s/%s", folder, namespace);
	yyjson_mut_doc_set_root(doc, root);
	blackout_object(root);
	put_doc(bundle, arena_printf(arena, "%s/%s.yaml", folder, name), doc);
}

static void put_list(struct bundle *bundle, const struct kube_resource *resource, const struct kube_selection *selection, const char *folder)
{
	const struct kube_reader reader = {put_object, bundle};
	struct err err = ERR_INIT;

	bundle->folder = folder;
	bundle->by_namespace = !selection->namespace;
	if (kube_list(bundle->program->client, resource, selection, &reader, &err) < 0)
		miss(bundle, folder, &err);
}

static void put_log(struct bundle *bundle, const struct pod_log *log, const char *folder)
{
	struct buf text = BUF_INIT(0);
	struct err err = ERR_INIT;
	const char *path = arena_printf(bundle->program->arena, "%s/%s/%s%s.log", folder, log->pod, log->container, log->previous ? ".previous" : "");

	if (pod_log_read(bundle->program, log, &text, &err) == 0)
		put(bundle, path, buf_str(&text), text.len);
	else if (!log->previous)
		miss(bundle, path, &err);
	buf_release(&text);
}

struct logs {
	struct bundle *bundle;
	const char *container; // whose log is always included
	struct pod_log items[LOGS_MAX];
	size_t n;
	bool more;
};

static void add_log(struct logs *logs, const struct pod_log *log)
{
	if (logs->n == LOGS_MAX)
		logs->more = true;
	else
		logs->items[logs->n++] = *log;
}

// The log of a container beside the server's is of interest when the container has ended before.
static void add_others(struct logs *logs, struct pod_log log, yyjson_val *statuses)
{
	size_t index, max;
	yyjson_val *status;

	yyjson_arr_foreach(statuses, index, max, status) {
		const char *name = yyjson_get_str(yyjson_obj_get(status, "name"));
		bool wanted = name && strcmp(name, logs->container) == 0;

		if (!name || strchr(name, '/') || yyjson_get_sint(yyjson_obj_get(status, "restartCount")) == 0)
			continue;
		log.container = arena_strdup(logs->bundle->program->arena, name);
		log.previous = false;
		if (!wanted)
			add_log(logs, &log);
		log.previous = true;
		add_log(logs, &log);
	}
}

static void add_pod(void *user, yyjson_val *item)
{
	struct logs *logs = user;
	struct arena *arena = logs->bundle->program->arena;
	const char *name = yyjson_get_str(yyjson_ptr_get(item, "/metadata/name")), *namespace = yyjson_get_str(yyjson_ptr_get(item, "/metadata/namespace"));
	struct pod_log log;

	if (!name || !namespace || strchr(name, '/') || strchr(namespace, '/'))
		return;
	log = (struct pod_log){arena_strdup(arena, namespace), arena_strdup(arena, name), logs->container, TAIL, false};
	add_log(logs, &log);
	add_others(logs, log, yyjson_ptr_get(item, "/status/containerStatuses"));
	add_others(logs, log, yyjson_ptr_get(item, "/status/initContainerStatuses"));
}

static void put_logs(struct bundle *bundle, const struct kube_selection *selection, const char *container, const char *folder)
{
	struct logs *logs = arena_new_array(bundle->program->arena, struct logs, 1);
	const struct kube_reader reader = {add_pod, logs};
	struct err err = ERR_INIT;

	*logs = (struct logs){.bundle = bundle, .container = container};
	// The part that puts the pods themselves has said that they may not be listed.
	if (!bundle->options->logs || bundle->blind || kube_list(bundle->program->client, &kube_pods, selection, &reader, &err) < 0)
		return;
	for (size_t i = 0; i < logs->n; i++)
		put_log(bundle, &logs->items[i], selection->namespace ? folder : arena_printf(bundle->program->arena, "%s/%s", folder, logs->items[i].namespace));
	if (logs->more)
		buf_addf(&bundle->missing, "%s: there are more than %d\n", folder, LOGS_MAX);
}

static void put_deployment(struct bundle *bundle, yyjson_val *object)
{
	struct arena *arena = bundle->program->arena;
	struct err invalid = ERR_INIT;
	struct dbms dbms;
	struct names names;
	struct kube_selection selection = {0};
	const char *folder, *id;
	struct view view;

	(void)dbms_decode(object, arena, &dbms, &invalid);
	names_of(&dbms, arena, &names);
	id = view_id(arena, dbms.kind == DBMS_CLUSTER, dbms.metadata.namespace, dbms.metadata.name);
	folder = arena_printf(arena, "deployments/%s", id);
	bundle->folder = folder;
	bundle->by_namespace = false;
	put_object(bundle, object);
	selection = (struct kube_selection){.namespace = dbms.metadata.namespace, .labels = names.selector};
	put_list(bundle, &kube_statefulsets, &selection, arena_printf(arena, "%s/statefulset", folder));
	put_list(bundle, &kube_pods, &selection, arena_printf(arena, "%s/pods", folder));
	put_list(bundle, &kube_persistentvolumeclaims, &selection, arena_printf(arena, "%s/volumes", folder));
	put_logs(bundle, &selection, CONTAINER_NAME, arena_printf(arena, "%s/logs", folder));
	if (view_open(bundle->program, arena, id, &view, &invalid) == 0)
		put_doc(bundle, arena_printf(arena, "%s/status.yaml", folder), portrait_make(view.program, object));
}

static void put_operator(struct bundle *bundle)
{
	struct kube_selection selection = {.labels = KINDS_OPERATOR};

	put_list(bundle, &kinds_deployments, &selection, "operator/deployments");
	put_list(bundle, &kube_pods, &selection, "operator/pods");
	put_logs(bundle, &selection, OPERATOR_CONTAINER, "operator/logs");
}

static void put_diagnosis(struct bundle *bundle)
{
	struct diagnosis diagnosis = {.program = bundle->program};
	_cleanup_buf_ struct buf text = BUF_INIT(4 * 1024 * 1024);
	struct err err = ERR_INIT;

	if (diagnosis_make(&diagnosis, bundle->options->reference, &err) < 0) {
		miss(bundle, "doctor.txt", &err);
		return;
	}
	for (size_t i = 0; i < diagnosis.n; i++)
		buf_addf(&text, "%s  %s  %s\n    cure: %s\n", diagnosis.findings[i].error ? "error" : "warning", diagnosis.findings[i].subject,
			 diagnosis.findings[i].cause, diagnosis.findings[i].cure);
	put(bundle, "doctor.txt", buf_str(&text), text.len);
}

// An unknown value cannot be removed, and a log may hold anything.
static void cannot_learn(struct bundle *bundle, const char *namespace, const char *what, const char *why)
{
	buf_addf(&bundle->missing, "a look for what %s of namespace '%s' holds: %s\n", what, namespace, why);
	bundle->blind = true;
}

static bool is_learned(const struct bundle *bundle, const char *namespace, const char *name)
{
	for (size_t i = 0; i < bundle->n_learned; i++) {
		if (strcmp(bundle->learned[i].namespace, namespace) == 0 && strcmp(bundle->learned[i].name, name) == 0)
			return true;
	}
	return false;
}

static void learn(struct bundle *bundle, const char *namespace, const char *name)
{
	_cleanup_(kube_object_unrefp) struct kube_object *secret = NULL;
	const struct kube_name whole = {namespace, name};
	struct err err = ERR_INIT;

	if (is_learned(bundle, namespace, name))
		return;
	if (bundle->n_learned == SECRETS_MAX) {
		cannot_learn(bundle, namespace, "a further Secret", "the deployments name too many");
		return;
	}
	bundle->learned[bundle->n_learned++] = whole;
	if (kube_get_secret(bundle->program->client, whole, &secret, &err) == 0)
		blackout_add_secret(&bundle->scrub, kube_object_get(secret, "/data"));
	else if (err.class != ERR_NOT_FOUND)
		cannot_learn(bundle, namespace, arena_printf(bundle->program->arena, "Secret '%s'", name), err.text);
}

static void learn_secrets(struct bundle *bundle, yyjson_val *object)
{
	struct dbms_metadata metadata;
	struct secret_names names;

	dbms_decode_metadata(object, &metadata);
	secret_names_collect(yyjson_obj_get(object, "spec"), &names);
	for (size_t i = 0; i < names.n; i++)
		learn(bundle, metadata.namespace, names.names[i]);
	if (names.more)
		cannot_learn(bundle, metadata.namespace, "further Secrets", arena_printf(bundle->program->arena, "'%s' names too many", metadata.name));
}

static void add_deployment(struct bundle *bundle, yyjson_val *item, const char *kind)
{
	struct arena *arena = bundle->program->arena;
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_val_mut_copy(doc, item);
	const char *text;

	if (bundle->n == DEPLOYMENTS_MAX) {
		bundle->too_many = true;
		return;
	}
	// Items of a list lack apiVersion and kind.
	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_put(root, yyjson_mut_str(doc, "kind"), yyjson_mut_str(doc, kind));
	yyjson_mut_obj_put(root, yyjson_mut_str(doc, "apiVersion"), yyjson_mut_str(doc, API_GROUP "/" API_VERSION));
	text = json_text(arena, doc);
	bundle->deployments[bundle->n++] = json_parse(arena, text, strlen(text));
}

static void add_cluster(void *user, yyjson_val *item)
{
	add_deployment(user, item, API_KIND_CLUSTER);
}

static void add_standalone(void *user, yyjson_val *item)
{
	add_deployment(user, item, API_KIND_STANDALONE);
}

static int find_deployments(struct bundle *bundle, struct err *err)
{
	struct program *program = bundle->program;
	const struct kube_selection selection = {.namespace = program_namespace(program), .labels = invocation_value(&program->call, &flag_selector, NULL)};
	int r;

	if (bundle->options->reference) {
		bundle->n = 1;
		return portrait_find(program, bundle->options->reference, &bundle->deployments[0], err);
	}
	r = kube_list(program->client, &kinds_clusters, &selection, &(struct kube_reader){add_cluster, bundle}, err);
	if (r == 0)
		r = kube_list(program->client, &kinds_standalones, &selection, &(struct kube_reader){add_standalone, bundle}, err);
	if (r < 0)
		return r == ERR_NOT_FOUND ? err_wrap(err, KINDS_MISSING) : r;
	return bundle->too_many ? err_set(err, ERR_TOO_MANY, "there are more than %d deployments; name one, or a namespace by -n, or some by -l", DEPLOYMENTS_MAX) : 0;
}

static void fill(struct bundle *bundle)
{
	const char *version = arena_printf(bundle->program->arena, "kubectl-neofleet %s\n", release_version);

	for (size_t i = 0; i < bundle->n; i++)
		learn_secrets(bundle, bundle->deployments[i]);
	if (bundle->blind && bundle->options->logs)
		buf_add(&bundle->missing, "all logs: not every Secret could be read, so it is not known what must not be in them\n");
	put(bundle, "version.txt", version, strlen(version));
	put_diagnosis(bundle);
	put_operator(bundle);
	for (size_t i = 0; i < bundle->n; i++)
		put_deployment(bundle, bundle->deployments[i]);
	put(bundle, "missing.txt", buf_str(&bundle->missing), bundle->missing.len);
}

int bundle_make(struct program *program, const struct bundle_options *options, struct tarball *archive, struct err *err)
{
	struct bundle *bundle = arena_alloc(program->arena, sizeof(*bundle));
	int r;

	*bundle = (struct bundle){.program = program, .options = options, .archive = archive, .secrets = arena_new(), .missing = BUF_INIT(1024 * 1024)};
	arena_wipe_on_free(bundle->secrets);
	bundle->scrub.arena = bundle->secrets;
	r = find_deployments(bundle, err);
	if (r == 0)
		fill(bundle);
	buf_release(&bundle->missing);
	arena_free(bundle->secrets);
	return r;
}
