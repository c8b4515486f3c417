// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Several kubeconfigs together, and the rarer fields. The usual ones are in test_config.c.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kube/kubeconfig.h"

#define CONTEXT "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
#define USER "users: [{name: u, user: {token: t}}]\n"

static int read_one(const char *text, const char *context, struct arena *arena, struct kubeconfig *ret, struct err *err)
{
	return kubeconfig_read(&(struct kubeconfig_file){.path = "/etc/kube/config", .text = text}, 1, context, arena, ret, err);
}

static void test_all_of_a_cluster(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct kubeconfig config;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(read_one(CONTEXT USER
				  "clusters: [{name: k, cluster: {server: 'https://h:1//', tls-server-name: api, proxy-url: 'socks5://p', "
				  "insecure-skip-tls-verify: true, certificate-authority: ca.crt}}]\n",
				  NULL, arena, &config, &err),
			 0);
	assert_string_equal(config.server, "https://h:1");
	assert_string_equal(config.server_name, "api");
	assert_string_equal(config.proxy, "socks5://p");
	assert_true(config.insecure);
	assert_string_equal(config.ca.path, "/etc/kube/ca.crt");
	assert_null(config.ca.text);
	assert_string_equal(config.token, "t");
	assert_null(config.namespace);
	assert_false(config.has_exec);
}

// Nothing that it names is opened: the credential plugin is told, not run.
static void test_plugin(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct kubeconfig config;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(read_one(CONTEXT "clusters: [{name: k, cluster: {server: 'https://h'}}]\n"
					  "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: bin/get, "
					  "args: [a, [b], ''], env: [{name: A, value: v}, {name: B}, {value: c}], installHint: hint}}}]\n",
				  NULL, arena, &config, &err),
			 0);
	assert_true(config.has_exec);
	assert_string_equal(config.exec.command, "/etc/kube/bin/get");
	assert_string_equal(config.exec.args[0], "a");
	assert_string_equal(config.exec.args[1], "");
	assert_string_equal(config.exec.args[2], "");
	assert_null(config.exec.args[3]);
	assert_string_equal(config.exec.env[1].name, "B");
	assert_string_equal(config.exec.env[1].value, "");
	assert_null(config.exec.env[2].name);
	assert_string_equal(config.exec.hint, "hint");
	assert_string_equal(config.user, "u");
}

// The first of several files counts, and paths are relative to the file in which they stand.
static void test_several_files(void **state)
{
	static const struct kubeconfig_file files[] = {
		{"/a/config", "kind: Config\nclusters: [{name: k, cluster: {server: 'https://first', certificate-authority: ca}}]\n"},
		{"/b/config", "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u, namespace: n}}]\n"
			      "clusters: [{name: k, cluster: {server: 'https://second'}}, {name: l, cluster: {server: 'https://l'}}]\n"},
		{"/c/config", "current-context: other\nusers: [{name: u, user: {tokenFile: token}}]\n"
			      "contexts: [{name: other, context: {cluster: l}}]\n"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct kubeconfig config;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(kubeconfig_read(files, 3, NULL, arena, &config, &err), 0);
	assert_string_equal(config.server, "https://first");
	assert_string_equal(config.ca.path, "/a/ca");
	assert_string_equal(config.namespace, "n");
	assert_string_equal(config.token_file, "/c/token");
	assert_int_equal(kubeconfig_read(files, 3, "other", arena, &config, &err), 0);
	assert_string_equal(config.server, "https://l");
	assert_null(config.token_file);
	assert_null(config.user);
	assert_int_equal(kubeconfig_read(files, 3, "none", arena, &config, &err), ERR_INVALID);
	assert_non_null(strstr(err.text, "/a/config"));
	err_clear(&err);
	// A mistake is told with the file that it is in.
	assert_int_equal(kubeconfig_read((const struct kubeconfig_file[]){files[1], {"/d/config", "[x"}}, 2, NULL, arena, &config, &err),
			 ERR_INVALID);
	assert_non_null(strstr(err.text, "/d/config"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_of_a_cluster),
		cmocka_unit_test(test_plugin),
		cmocka_unit_test(test_several_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
