// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/kubeconfig.h"

#include <libfyaml.h>
#include <string.h>

#include "base/base64.h"
#include "kube/proxy.h"
#include "kube/yaml_faults.h"

#define EXEC_ITEMS_MAX 64

struct reader {
	struct arena *arena;
	struct kubeconfig *config;
	struct fy_document *docs[KUBECONFIG_FILES_MAX];
	const char *paths[KUBECONFIG_FILES_MAX];
	size_t n;
	const char *path; // of the file in which named() found the item
};

static const char *scalar(struct reader *reader, struct fy_node *map, const char *key)
{
	struct fy_node *node = fy_node_by_path(map, key, FY_NT, FYNWF_DONT_FOLLOW);
	const char *text;
	size_t len;

	if (!node || !fy_node_is_scalar(node))
		return NULL;
	text = fy_node_get_scalar(node, &len);
	return text && len ? arena_memdup0(reader->arena, text, len) : NULL;
}

static struct fy_node *named_in(struct reader *reader, struct fy_document *doc, const char *list, const char *name)
{
	struct fy_node *items = fy_node_by_path(fy_document_root(doc), list, FY_NT, FYNWF_DONT_FOLLOW), *item;
	void *iter = NULL;

	if (!items || !fy_node_is_sequence(items))
		return NULL;
	while ((item = fy_node_sequence_iterate(items, &iter))) {
		const char *text = scalar(reader, item, "name");

		if (text && strcmp(text, name) == 0)
			return item;
	}
	return NULL;
}

// In a top-level list, the content member of the first item with this name.
static struct fy_node *named(struct reader *reader, const char *list, const char *name, const char *member)
{
	for (size_t i = 0; i < reader->n; i++) {
		struct fy_node *item = named_in(reader, reader->docs[i], list, name);

		if (!item)
			continue;
		reader->path = reader->paths[i];
		return fy_node_by_path(item, member, FY_NT, FYNWF_DONT_FOLLOW);
	}
	reader->path = reader->paths[0];
	return NULL;
}

static const char *beside(const struct reader *reader, const char *file)
{
	const char *slash = strrchr(reader->path, '/');

	if (*file == '/' || !slash)
		return file;
	return arena_printf(reader->arena, "%.*s/%s", (int)(slash - reader->path), reader->path, file);
}

// "certificate-authority-data" as base64, or "certificate-authority" as a file.
static int read_pem(struct reader *reader, struct fy_node *map, const char *key, struct kubeconfig_pem *ret, struct err *err)
{
	const char *data = scalar(reader, map, arena_printf(reader->arena, "%s-data", key)), *file = scalar(reader, map, key);
	size_t len;

	*ret = (struct kubeconfig_pem){0};
	if (data) {
		ret->text = base64_decode(reader->arena, data, strlen(data), &len);
		if (!ret->text)
			return err_set(err, ERR_INVALID, "%s: %s-data is not base64; write it again with kubectl config", reader->path,
				       key);
		return 0;
	}
	ret->path = file ? beside(reader, file) : NULL;
	return 0;
}

static const char *without_slash(const char *url, struct arena *arena)
{
	size_t len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		len--;
	return arena_memdup0(arena, url, len);
}

static int read_cluster(struct reader *reader, const char *name, struct err *err)
{
	struct fy_node *cluster = named(reader, "clusters", name, "cluster");
	struct kubeconfig *config = reader->config;
	const char *server, *insecure;

	if (!cluster)
		return err_set(err, ERR_INVALID, "%s: no cluster '%s' in clusters; check the context's cluster", reader->path, name);
	server = scalar(reader, cluster, "server");
	if (!server)
		return err_set(err, ERR_INVALID, "%s: cluster '%s' has no server", reader->path, name);
	if (strncmp(server, "https://", 8) != 0 && strncmp(server, "http://", 7) != 0)
		return err_set(err, ERR_INVALID, "%s: server of cluster '%s' must begin with https://", reader->path, name);
	config->server = without_slash(server, reader->arena);
	config->server_name = scalar(reader, cluster, "tls-server-name");
	config->proxy = scalar(reader, cluster, "proxy-url");
	// The URL may hold a password.
	if (config->proxy && !proxy_is_valid(config->proxy))
		return err_set(err, ERR_INVALID, "%s: proxy-url of cluster '%s' must be http://, https:// or socks5:// and a host",
			       reader->path, name);
	insecure = scalar(reader, cluster, "insecure-skip-tls-verify");
	config->insecure = insecure && strcmp(insecure, "true") == 0;
	return read_pem(reader, cluster, "certificate-authority", &config->ca, err);
}

static const char *const *exec_args(struct reader *reader, struct fy_node *exec)
{
	struct fy_node *items = fy_node_by_path(exec, "args", FY_NT, FYNWF_DONT_FOLLOW), *item;
	const char **args = arena_new_array(reader->arena, const char *, EXEC_ITEMS_MAX + 1);
	void *iter = NULL;
	size_t n = 0, len;

	while (items && fy_node_is_sequence(items) && n < EXEC_ITEMS_MAX && (item = fy_node_sequence_iterate(items, &iter))) {
		const char *text = fy_node_is_scalar(item) ? fy_node_get_scalar(item, &len) : NULL;

		args[n++] = arena_memdup0(reader->arena, text ? text : "", text ? len : 0);
	}
	return args;
}

static const struct exec_variable *exec_env(struct reader *reader, struct fy_node *exec)
{
	struct fy_node *items = fy_node_by_path(exec, "env", FY_NT, FYNWF_DONT_FOLLOW), *item;
	struct exec_variable *env = arena_new_array(reader->arena, struct exec_variable, EXEC_ITEMS_MAX + 1);
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

	if (!command)
		return err_set(err, ERR_INVALID, "%s: user '%s': exec has no command", reader->path, user);
	if (!version || (strcmp(version, "client.authentication.k8s.io/v1") != 0 && strcmp(version, "client.authentication.k8s.io/v1beta1") != 0))
		return err_set(err, ERR_INVALID, "%s: user '%s': exec's apiVersion must be client.authentication.k8s.io/v1 or v1beta1",
			       reader->path, user);
	if (mode && strcmp(mode, "Always") == 0)
		return err_set(err, ERR_INVALID, "%s: user '%s': exec's interactiveMode is Always, but nobody is there to answer",
			       reader->path, user);
	reader->config->has_exec = true;
	reader->config->exec = (struct exec_options){
		// A path is relative to the kubeconfig; a bare name is searched in $PATH.
		.command = strchr(command, '/') ? beside(reader, command) : command,
		.args = exec_args(reader, exec),
		.env = exec_env(reader, exec),
		.api_version = version,
		.hint = scalar(reader, exec, "installHint"),
	};
	return 0;
}

// Refuses fields that we do not support and that would change who we are.
static int refuse_user(struct reader *reader, struct fy_node *user, const char *name, struct err *err)
{
	static const char *const impersonation[] = {"as", "as-uid", "as-groups", "as-user-extra"};

	if (fy_node_by_path(user, "auth-provider", FY_NT, FYNWF_DONT_FOLLOW))
		return err_set(err, ERR_INVALID,
			       "%s: user '%s' gets its credentials from an auth-provider, which Kubernetes supports no more; use exec, a "
			       "token or a client certificate",
			       reader->path, name);
	for (size_t i = 0; i < sizeof(impersonation) / sizeof(impersonation[0]); i++) {
		if (fy_node_by_path(user, impersonation[i], FY_NT, FYNWF_DONT_FOLLOW))
			return err_set(err, ERR_INVALID,
				       "%s: user '%s' impersonates ('%s'), which is not supported; use that user's own credentials",
				       reader->path, name, impersonation[i]);
	}
	return 0;
}

static int read_user(struct reader *reader, const char *name, struct err *err)
{
	struct fy_node *user = named(reader, "users", name, "user"), *exec;
	struct kubeconfig *config = reader->config;
	const char *file;
	int r;

	if (!user)
		return err_set(err, ERR_INVALID, "%s: no user '%s' in users; check the context's user", reader->path, name);
	r = refuse_user(reader, user, name, err);
	if (r < 0)
		return r;
	config->user = name;
	config->user_path = reader->path;
	exec = fy_node_by_path(user, "exec", FY_NT, FYNWF_DONT_FOLLOW);
	if (exec)
		return read_exec(reader, exec, name, err);
	config->token = scalar(reader, user, "token");
	file = scalar(reader, user, "tokenFile");
	config->token_file = file ? beside(reader, file) : NULL;
	r = read_pem(reader, user, "client-certificate", &config->certificate, err);
	return r < 0 ? r : read_pem(reader, user, "client-key", &config->key, err);
}

static const char *current_context(struct reader *reader)
{
	const char *name = NULL;

	for (size_t i = 0; i < reader->n && !name; i++)
		name = scalar(reader, fy_document_root(reader->docs[i]), "current-context");
	return name;
}

static int read_context(struct reader *reader, const char *name, struct err *err)
{
	struct fy_node *context;
	const char *cluster, *user;
	int r;

	if (!name)
		name = current_context(reader);
	if (!name)
		return err_set(err, ERR_INVALID, "%s: no current-context; set one with kubectl config use-context, or use --context",
			       reader->paths[0]);
	context = named(reader, "contexts", name, "context");
	if (!context)
		return err_set(err, ERR_INVALID, "%s: no context '%s'; kubectl config get-contexts lists them", reader->path, name);
	cluster = scalar(reader, context, "cluster");
	user = scalar(reader, context, "user");
	reader->config->namespace = scalar(reader, context, "namespace");
	if (!cluster)
		return err_set(err, ERR_INVALID, "%s: context '%s' names no cluster", reader->path, name);
	r = read_cluster(reader, cluster, err);
	return r < 0 || !user ? r : read_user(reader, user, err);
}

// Names the line that is no YAML. libfyaml would print the line itself, credentials and all.
static int not_yaml(const char *path, struct fy_diag *diag, struct err *err)
{
	void *iter = NULL;
	const struct fy_diag_error *first = fy_diag_errors_iterate(diag, &iter);

	if (first)
		return err_set(err, ERR_INVALID, "%s is not a kubeconfig: it is not YAML in line %d: %s", path, first->line,
			       first->msg);
	return err_set(err, ERR_INVALID, "%s is not a kubeconfig: it cannot be read as a YAML map", path);
}

static int read_yaml(struct reader *reader, const struct kubeconfig_file *file, struct fy_diag *diag, struct err *err)
{
	const struct fy_parse_cfg parse = {.flags = FYPCF_QUIET | FYPCF_DEFAULT_DOC, .diag = diag};
	struct fy_document *doc = fy_document_build_from_string(&parse, file->text, strlen(file->text));

	if (!doc || !fy_document_root(doc) || !fy_node_is_mapping(fy_document_root(doc))) {
		int r = not_yaml(file->path, diag, err);

		fy_document_destroy(doc);
		return r;
	}
	reader->paths[reader->n] = file->path;
	reader->docs[reader->n++] = doc;
	return 0;
}

int kubeconfig_read(const struct kubeconfig_file *files, size_t n, const char *context, struct arena *arena, struct kubeconfig *ret,
		    struct err *err)
{
	struct reader reader = {.arena = arena, .config = ret};
	struct fy_diag *diag = yaml_faults_new();
	int r = 0;

	*ret = (struct kubeconfig){0};
	for (size_t i = 0; i < n && i < KUBECONFIG_FILES_MAX && r == 0; i++)
		r = read_yaml(&reader, &files[i], diag, err);
	if (r == 0)
		r = read_context(&reader, context, err);
	for (size_t i = 0; i < reader.n; i++)
		fy_document_destroy(reader.docs[i]);
	fy_diag_destroy(diag);
	return r;
}
