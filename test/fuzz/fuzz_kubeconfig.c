// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any texts as kubeconfigs: what is taken can be used, what is not is told, and it is the same each time. The input is texts with NULs
// between them: the context (empty: the current one), the list of whom no proxy is for, and up to three kubeconfigs.

#include <string.h>

#include "kube/kubeconfig.h"
#include "kube/proxy.h"
#include "test/fuzz/fuzz.h"

static void check_pem(const struct kubeconfig_pem *pem)
{
	must(!pem->text || !pem->path);
	must(!pem->path || *pem->path);
}

static void check_exec(const struct exec_options *exec)
{
	size_t n = 0;

	must(exec->command && *exec->command && exec->api_version);
	while (exec->args[n])
		n++;
	must(n <= 64);
	for (n = 0; exec->env[n].name; n++)
		must(exec->env[n].value != NULL);
	must(n <= 64);
}

static void check_proxy(const char *server, const char *none, struct arena *arena)
{
	const struct proxy_environment environment = {.http = "proxy:3128", .https = "https://proxy", .none = none};
	const char *proxy = proxy_choose(&environment, server, arena);

	must(!proxy || proxy_is_valid(proxy));
	if (strchr(none, '*') && strspn(none, " ,*") == strlen(none) && !strstr(none, "**") && !strstr(none, "* *"))
		must(!proxy);
}

static void check(const struct kubeconfig *config)
{
	size_t len = strlen(config->server);

	must(strncmp(config->server, "http", 4) == 0 && config->server[len - 1] != '/');
	must(!config->proxy || proxy_is_valid(config->proxy));
	must(!config->namespace || *config->namespace);
	check_pem(&config->ca);
	check_pem(&config->certificate);
	check_pem(&config->key);
	must(!config->user == !config->user_path);
	if (config->has_exec)
		check_exec(&config->exec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *context = take_text(&data, &size, arena), *none = take_text(&data, &size, arena);
	struct kubeconfig_file files[3];
	struct kubeconfig config = {0}, again = {0};
	struct err err = ERR_INIT, err_again = ERR_INIT;
	size_t n = 0;
	int r;

	while (n < 3 && (files[n].text = take_text(&data, &size, arena)))
		files[n++].path = "/folder/config";
	if (n == 0)
		return 0;
	if (!*context)
		context = NULL;
	r = kubeconfig_read(files, n, context, arena, &config, &err);
	must((r < 0) == err_is_set(&err));
	must(kubeconfig_read(files, n, context, arena, &again, &err_again) == r && strcmp(err.text, err_again.text) == 0);
	if (r == 0) {
		check(&config);
		must(strcmp(config.server, again.server) == 0);
		check_proxy(config.server, none, arena);
	}
	return 0;
}
