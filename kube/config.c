// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/release.h"
#include "kube/exec.h"
#include "kube/file.h"
#include "kube/kubeconfig.h"
#include "kube/proxy.h"
#include "kube/trust.h"

struct kube_config {
	struct arena *arena; // wiped: it holds the key
	const char *server;
	const char *namespace;
	const char *token;
	const char *token_file;
	struct exec *exec; // NULL: no credential plugin
	struct trust *trust;
	const char *user_agent; // NULL: the operator's
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
	exec_free(config->exec); // its thread tells trust, so it ends first
	trust_free(config->trust);
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

static int read_file(struct kube_config *config, const char *path, struct kubeconfig_file *files, size_t *n, struct err *err)
{
	const char *text = NULL;
	int r;

	if (*n == KUBECONFIG_FILES_MAX)
		return err_set(err, ERR_TOO_LARGE, "these are more than %d files", KUBECONFIG_FILES_MAX);
	r = file_to_arena(config, path, &text, err);
	if (r == 0)
		files[(*n)++] = (struct kubeconfig_file){.path = path, .text = text};
	return r;
}

// Reads the files of a list that exist; one must.
static int read_files(struct kube_config *config, const char *paths, const char *separator, struct kubeconfig_file *ret, size_t *ret_n,
		      struct err *err)
{
	struct err missing = ERR_INIT;

	*ret_n = 0;
	while (*paths) {
		size_t len = strcspn(paths, separator);
		struct err fault = ERR_INIT;
		int r = len ? read_file(config, arena_memdup0(config->arena, paths, len), ret, ret_n, &fault) : 0;

		if (r < 0)
			missing = fault;
		if (r < 0 && r != ERR_NOT_FOUND)
			break;
		paths += len + (paths[len] != '\0');
	}
	if (!*paths && *ret_n > 0)
		return 0;
	if (!err_is_set(&missing))
		return err_set(err, ERR_INVALID, "KUBECONFIG names no file");
	*err = missing;
	return err_wrap(err, "kubeconfig");
}

static int take_pem(struct kube_config *config, enum trust_part part, const struct kubeconfig_pem *pem, struct err *err)
{
	if (pem->text)
		trust_set_text(config->trust, part, pem->text);
	return pem->path ? trust_set_file(config->trust, part, pem->path, err) : 0;
}

static void take_server(struct kube_config *config, const struct kubeconfig *read)
{
	const struct proxy_environment environment = proxy_environment();
	const char *proxy = read->proxy ? read->proxy : proxy_choose(&environment, read->server, config->arena);

	config->server = read->server;
	config->namespace = read->namespace ? read->namespace : config->namespace;
	// Go lets the proxy look up the name; curl does not for this scheme.
	if (proxy && strncasecmp(proxy, "socks5://", 9) == 0)
		proxy = arena_printf(config->arena, "socks5h://%s", proxy + 9);
	trust_set_server(config->trust, &(struct trust_server){.name = read->server_name, .proxy = proxy, .insecure = read->insecure});
}

static void on_certificate(void *user, const char *certificate, const char *key)
{
	trust_replace_client(user, certificate, key);
}

static int take_user(struct kube_config *config, struct kubeconfig *read, struct err *err)
{
	int r;

	config->token = read->token;
	config->token_file = read->token_file;
	if (read->has_exec) {
		read->exec.on_certificate = on_certificate;
		read->exec.user = config->trust;
		r = exec_new(&read->exec, &config->exec, err);
		return r < 0 ? err_wrap(err, "%s: user '%s'", read->user_path, read->user) : 0;
	}
	r = take_pem(config, TRUST_CERTIFICATE, &read->certificate, err);
	return r < 0 ? r : take_pem(config, TRUST_KEY, &read->key, err);
}

static int load_files(const char *paths, const char *separator, const char *context, struct kube_config **ret, struct err *err)
{
	_cleanup_(kube_config_freep) struct kube_config *config = config_new();
	struct kubeconfig_file files[KUBECONFIG_FILES_MAX];
	struct kubeconfig read;
	size_t n;
	int r = read_files(config, paths, separator, files, &n, err);

	if (r < 0 || (r = kubeconfig_read(files, n, context, config->arena, &read, err)) < 0)
		return r;
	take_server(config, &read);
	r = take_pem(config, TRUST_CA, &read.ca, err);
	if (r < 0 || (r = take_user(config, &read, err)) < 0)
		return r;
	*ret = steal_ptr(config);
	return 0;
}

int kube_config_load(const char *kubeconfig, const char *context, struct kube_config **ret, struct err *err)
{
	const char *home = getenv("HOME"), *paths = kubeconfig ? NULL : getenv("KUBECONFIG");
	char path[4096];

	if (kubeconfig && *kubeconfig)
		return load_files(kubeconfig, "", context, ret, err);
	if (paths && *paths)
		return load_files(paths, ":", context, ret, err);
	if (access(KUBE_SERVICE_ACCOUNT "/token", R_OK) == 0)
		return kube_config_load_in_cluster(KUBE_SERVICE_ACCOUNT, ret, err);
	(void)snprintf(path, sizeof(path), "%s/.kube/config", home ? home : "");
	return load_files(path, "", context, ret, err);
}

const char *kube_config_server(const struct kube_config *config)
{
	return config->server;
}

void kube_config_set_user_agent(struct kube_config *config, const char *text)
{
	config->user_agent = text;
}

const char *kube_config_user_agent(const struct kube_config *config)
{
	return config->user_agent ? config->user_agent : release_user_agent;
}

const char *kube_config_namespace(const struct kube_config *config)
{
	return config->namespace;
}

const struct http_tls *kube_config_tls(const struct kube_config *config)
{
	return trust_get(config->trust);
}

void kube_config_tls_put(const struct kube_config *config, const struct http_tls *tls)
{
	trust_put(config->trust, tls);
}

void kube_config_refused(const struct kube_config *config)
{
	if (config->exec)
		exec_refused(config->exec);
}

int kube_config_token(const struct kube_config *config, struct buf *ret, struct err *err)
{
	int r;

	if (config->exec)
		exec_token(config->exec, ret);
	if (config->token_file) {
		r = file_read(config->token_file, ret, err);
		if (r == 0)
			trim(ret);
		// Like kubectl: the token file wins, but a token makes up for a file that cannot be read.
		if (r == 0 || !config->token)
			return r;
		err_clear(err);
		buf_clear(ret);
	}
	if (config->token)
		buf_add(ret, config->token);
	return 0;
}
