// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/config.h"

#include <ctype.h>
#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "kube/exec.h"
#include "kube/file.h"
#include "kube/trust.h"

struct kube_config {
	struct arena *arena; // wiped: it holds the key
	const char *server;
	const char *namespace;
	const char *token;
	const char *token_file;
	struct exec *exec; // NULL: no credential plugin
	struct trust *trust;
};

static int file_to_arena(struct kube_config *config, const char *path, const char **ret, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT_SECRET(FILE_MAX_BYTES);
	int r = file_read(path, &text, err);

	if (r == 0)
		*ret = arena_strdup(config->arena, buf_str(&text));
	return r;
}

static struct kube_config *config_new(void)
{
	struct kube_config *config = calloc(1, sizeof(*config));

	if (!config)
		abort();
	config->arena = arena_new();
	arena_wipe_on_free(config->arena);
	config->namespace = "default";
	config->trust = trust_new();
	return config;
}

void kube_config_free(struct kube_config *config)
{
	if (!config)
		return;
	trust_free(config->trust);
	exec_free(config->exec);
	arena_free(config->arena);
	free(config);
}

static void trim(struct buf *text)
{
	while (text->len > 0 && isspace((unsigned char)text->data[text->len - 1]))
		text->data[--text->len] = '\0';
}

int kube_config_load_in_cluster(const char *folder, struct kube_config **ret, struct err *err)
{
	_cleanup_(kube_config_freep) struct kube_config *config = config_new();
	_cleanup_buf_ struct buf namespace = BUF_INIT(256);
	const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
	int r;

	if (!host || !*host || !port || !*port)
		return err_set(err, ERR_INVALID,
			       "not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; use --kubeconfig");
	config->server = arena_printf(config->arena, strchr(host, ':') ? "https://[%s]:%s" : "https://%s:%s", host, port);
	config->token_file = arena_printf(config->arena, "%s/token", folder);
	r = trust_set_file(config->trust, TRUST_CA, arena_printf(config->arena, "%s/ca.crt", folder), err);
	if (r < 0)
		return r;
	r = file_read(arena_printf(config->arena, "%s/namespace", folder), &namespace, err);
	if (r < 0)
		return r;
	trim(&namespace);
	config->namespace = arena_strdup(config->arena, buf_str(&namespace));
	*ret = steal_ptr(config);
	return 0;
}

// One kubeconfig being read.
struct reader {
	struct kube_config *config;
	struct fy_document *doc;
	const char *path;
};

static const char *scalar(struct reader *reader, struct fy_node *map, const char *key)
{
	struct fy_node *node = fy_node_by_path(map, key, FY_NT, FYNWF_DONT_FOLLOW);
	const char *text;
	size_t len;

	if (!node || !fy_node_is_scalar(node))
		return NULL;
	text = fy_node_get_scalar(node, &len);
	return text && len ? arena_memdup0(reader->config->arena, text, len) : NULL;
}

// The item of a top-level list by its name, or of it the member that has the content.
static struct fy_node *named(struct reader *reader, const char *list, const char *name, const char *member)
{
	struct fy_node *items = fy_node_by_path(fy_document_root(reader->doc), list, FY_NT, FYNWF_DONT_FOLLOW);
	struct fy_node *item;
	void *iter = NULL;

	if (!items || !fy_node_is_sequence(items))
		return NULL;
	while ((item = fy_node_sequence_iterate(items, &iter))) {
		const char *text = scalar(reader, item, "name");

		if (text && strcmp(text, name) == 0)
			return fy_node_by_path(item, member, FY_NT, FYNWF_DONT_FOLLOW);
	}
	return NULL;
}

// A path in a kubeconfig is relative to the kubeconfig.
static const char *beside(const struct reader *reader, const char *file)
{
	const char *slash = strrchr(reader->path, '/');

	if (*file == '/' || !slash)
		return file;
	return arena_printf(reader->config->arena, "%.*s/%s", (int)(slash - reader->path), reader->path, file);
}

// "certificate-authority-data" as base64, or "certificate-authority" as a file.
static int pem(struct reader *reader, struct fy_node *map, const char *key, enum trust_part part, struct err *err)
{
	struct arena *arena = reader->config->arena;
	struct trust *trust = reader->config->trust;
	const char *data = scalar(reader, map, arena_printf(arena, "%s-data", key)), *file = scalar(reader, map, key);
	size_t len;

	if (data) {
		const char *text = base64_decode(arena, data, strlen(data), &len);

		if (!text)
			return err_set(err, ERR_INVALID, "%s: %s-data is not base64; write it again with kubectl config", reader->path,
				       key);
		trust_set_text(trust, part, text);
		return 0;
	}
	return file ? trust_set_file(trust, part, beside(reader, file), err) : 0;
}

static int read_cluster(struct reader *reader, const char *name, struct err *err)
{
	struct kube_config *config = reader->config;
	struct fy_node *cluster = named(reader, "clusters", name, "cluster");
	const char *insecure, *server_name;

	if (!cluster)
		return err_set(err, ERR_INVALID, "%s: no cluster '%s' in clusters; check the context's cluster", reader->path, name);
	config->server = scalar(reader, cluster, "server");
	if (!config->server)
		return err_set(err, ERR_INVALID, "%s: cluster '%s' has no server", reader->path, name);
	if (strncmp(config->server, "https://", 8) != 0 && strncmp(config->server, "http://", 7) != 0)
		return err_set(err, ERR_INVALID, "%s: server of cluster '%s' must begin with https://", reader->path, name);
	server_name = scalar(reader, cluster, "tls-server-name");
	if (server_name)
		return err_set(err, ERR_INVALID, "%s: tls-server-name of cluster '%s' is not supported; name the server by a name "
						 "of its certificate",
			       reader->path, name);
	insecure = scalar(reader, cluster, "insecure-skip-tls-verify");
	trust_set_insecure(config->trust, scalar(reader, cluster, "proxy-url"), insecure && strcmp(insecure, "true") == 0);
	return pem(reader, cluster, "certificate-authority", TRUST_CA, err);
}

#define EXEC_ITEMS_MAX 64

static const char *const *exec_args(struct reader *reader, struct fy_node *exec)
{
	struct fy_node *items = fy_node_by_path(exec, "args", FY_NT, FYNWF_DONT_FOLLOW), *item;
	const char **args = arena_new_array(reader->config->arena, const char *, EXEC_ITEMS_MAX + 1);
	void *iter = NULL;
	size_t n = 0, len;

	while (items && fy_node_is_sequence(items) && n < EXEC_ITEMS_MAX && (item = fy_node_sequence_iterate(items, &iter))) {
		const char *text = fy_node_get_scalar(item, &len);

		args[n++] = arena_memdup0(reader->config->arena, text ? text : "", text ? len : 0);
	}
	return args;
}

static const struct exec_variable *exec_env(struct reader *reader, struct fy_node *exec)
{
	struct fy_node *items = fy_node_by_path(exec, "env", FY_NT, FYNWF_DONT_FOLLOW), *item;
	struct exec_variable *env = arena_new_array(reader->config->arena, struct exec_variable, EXEC_ITEMS_MAX + 1);
	void *iter = NULL;
	size_t n = 0;

	while (items && fy_node_is_sequence(items) && n < EXEC_ITEMS_MAX && (item = fy_node_sequence_iterate(items, &iter))) {
		const char *name = scalar(reader, item, "name"), *value = scalar(reader, item, "value");

		if (name)
			env[n++] = (struct exec_variable){.name = name, .value = value ? value : ""};
	}
	return env;
}

static int read_exec(struct reader *reader, struct fy_node *exec, const char *user, struct err *err)
{
	const char *command = scalar(reader, exec, "command"), *version = scalar(reader, exec, "apiVersion");
	const char *mode = scalar(reader, exec, "interactiveMode");
	struct exec_options options = {.args = exec_args(reader, exec), .env = exec_env(reader, exec), .hint = scalar(reader, exec, "installHint")};
	int r;

	if (!command)
		return err_set(err, ERR_INVALID, "%s: user '%s': exec has no command", reader->path, user);
	if (!version || (strcmp(version, "client.authentication.k8s.io/v1") != 0 && strcmp(version, "client.authentication.k8s.io/v1beta1") != 0))
		return err_set(err, ERR_INVALID, "%s: user '%s': exec's apiVersion must be client.authentication.k8s.io/v1 or v1beta1",
			       reader->path, user);
	if (mode && strcmp(mode, "Always") == 0)
		return err_set(err, ERR_INVALID, "%s: user '%s': exec's interactiveMode is Always, but nobody is there to answer",
			       reader->path, user);
	// A path is relative to the kubeconfig, a bare name is looked for in $PATH.
	options.command = strchr(command, '/') ? beside(reader, command) : command;
	options.api_version = version;
	r = exec_new(&options, &reader->config->exec, err);
	return r < 0 ? err_wrap(err, "%s: user '%s'", reader->path, user) : 0;
}

static int read_user(struct reader *reader, const char *name, struct err *err)
{
	struct kube_config *config = reader->config;
	struct fy_node *user = named(reader, "users", name, "user"), *exec;
	const char *file;
	int r;

	if (!user)
		return err_set(err, ERR_INVALID, "%s: no user '%s' in users; check the context's user", reader->path, name);
	if (fy_node_by_path(user, "auth-provider", FY_NT, FYNWF_DONT_FOLLOW))
		return err_set(err, ERR_INVALID,
			       "%s: user '%s' gets its credentials from an auth-provider, which Kubernetes supports no more; use exec, a "
			       "token or a client certificate",
			       reader->path, name);
	exec = fy_node_by_path(user, "exec", FY_NT, FYNWF_DONT_FOLLOW);
	if (exec)
		return read_exec(reader, exec, name, err);
	config->token = scalar(reader, user, "token");
	file = scalar(reader, user, "tokenFile");
	config->token_file = file ? beside(reader, file) : NULL;
	r = pem(reader, user, "client-certificate", TRUST_CERTIFICATE, err);
	return r < 0 ? r : pem(reader, user, "client-key", TRUST_KEY, err);
}

static int read_context(struct reader *reader, const char *name, struct err *err)
{
	struct fy_node *context;
	const char *cluster, *user, *namespace;
	int r;

	if (!name)
		name = scalar(reader, fy_document_root(reader->doc), "current-context");
	if (!name)
		return err_set(err, ERR_INVALID, "%s: no current-context; set one with kubectl config use-context, or use --context",
			       reader->path);
	context = named(reader, "contexts", name, "context");
	if (!context)
		return err_set(err, ERR_INVALID, "%s: no context '%s'; kubectl config get-contexts lists them", reader->path, name);
	cluster = scalar(reader, context, "cluster");
	user = scalar(reader, context, "user");
	namespace = scalar(reader, context, "namespace");
	if (!cluster)
		return err_set(err, ERR_INVALID, "%s: context '%s' names no cluster", reader->path, name);
	if (namespace)
		reader->config->namespace = namespace;
	r = read_cluster(reader, cluster, err);
	return r < 0 || !user ? r : read_user(reader, user, err);
}

static void swallow(struct fy_diag *diag, void *user, const char *text, size_t len)
{
	(void)diag, (void)user, (void)text, (void)len;
}

// Says on which line it is no YAML. libfyaml would print the line itself, credentials and all.
static int not_yaml(const char *path, struct fy_diag *diag, struct err *err)
{
	void *iter = NULL;
	const struct fy_diag_error *first = fy_diag_errors_iterate(diag, &iter);

	if (first)
		return err_set(err, ERR_INVALID, "%s is not a kubeconfig: it is not YAML in line %d: %s", path, first->line,
			       first->msg);
	return err_set(err, ERR_INVALID, "%s is not a kubeconfig: it cannot be read as a YAML map", path);
}

static int load_file(const char *path, const char *context, struct kube_config **ret, struct err *err)
{
	_cleanup_(kube_config_freep) struct kube_config *config = config_new();
	struct fy_parse_cfg parse = {.flags = FYPCF_QUIET | FYPCF_DEFAULT_DOC};
	struct fy_diag_cfg silent;
	struct reader reader = {.config = config, .path = path};
	const char *text = NULL;
	char *slash;
	int r = file_to_arena(config, path, &text, err);

	if (r < 0)
		return err_wrap(err, "kubeconfig");
	fy_diag_cfg_default(&silent);
	silent.fp = NULL;
	silent.output_fn = swallow;
	parse.diag = fy_diag_create(&silent);
	if (!parse.diag)
		abort();
	fy_diag_set_collect_errors(parse.diag, true);
	reader.doc = fy_document_build_from_string(&parse, text, strlen(text));
	if (!reader.doc || !fy_document_root(reader.doc) || !fy_node_is_mapping(fy_document_root(reader.doc)))
		r = not_yaml(path, parse.diag, err);
	else
		r = read_context(&reader, context, err);
	fy_document_destroy(reader.doc);
	fy_diag_destroy(parse.diag);
	if (r < 0)
		return r;
	// The base of every URL: without the slash that some write.
	slash = arena_strdup(config->arena, config->server);
	while (slash[strlen(slash) - 1] == '/')
		slash[strlen(slash) - 1] = '\0';
	config->server = slash;
	*ret = steal_ptr(config);
	return 0;
}

int kube_config_load(const char *kubeconfig, const char *context, struct kube_config **ret, struct err *err)
{
	const char *home = getenv("HOME");
	char path[4096];

	if (!kubeconfig)
		kubeconfig = getenv("KUBECONFIG");
	if (kubeconfig && *kubeconfig)
		return load_file(kubeconfig, context, ret, err);
	if (access(KUBE_SERVICE_ACCOUNT "/token", R_OK) == 0)
		return kube_config_load_in_cluster(KUBE_SERVICE_ACCOUNT, ret, err);
	(void)snprintf(path, sizeof(path), "%s/.kube/config", home ? home : "");
	return load_file(path, context, ret, err);
}

const char *kube_config_server(const struct kube_config *config)
{
	return config->server;
}

const char *kube_config_namespace(const struct kube_config *config)
{
	return config->namespace;
}

const struct http_tls *kube_config_tls(const struct kube_config *config)
{
	return trust_get(config->trust);
}

int kube_config_token(const struct kube_config *config, struct buf *ret, struct err *err)
{
	int r;

	if (config->exec)
		exec_token(config->exec, ret);
	if (config->token)
		buf_add(ret, config->token);
	if (config->token || !config->token_file)
		return 0;
	r = file_read(config->token_file, ret, err);
	if (r == 0)
		trim(ret);
	return r;
}
