// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The forms of a kubeconfig, and what is said of those that cannot be used. D8: no sentence quotes a credential.

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "kube/config.h"

// A folder of files, made for one test.
static char folder[64];

static char *path_of(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void file(const char *name, const char *content)
{
	FILE *out = fopen(path_of(name), "w");

	assert_non_null(out);
	assert_true(fputs(content, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static int make_folder(void **state)
{
	(void)state;
	(void)strcpy(folder, "/tmp/neofleet-config-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {"config", "token", "ca.crt", "namespace", "cert.pem", "key.pem", "plugin", ".kube/config"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(path_of(names[i]));
	(void)rmdir(path_of(".kube"));
	(void)unsetenv("KUBECONFIG");
	(void)unsetenv("KUBERNETES_SERVICE_HOST");
	(void)unsetenv("KUBERNETES_SERVICE_PORT");
	return rmdir(folder);
}

static struct kube_config *load(const char *text, const char *context)
{
	struct kube_config *config = NULL;
	struct err err = ERR_INIT;

	file("config", text);
	if (kube_config_load(path_of("config"), context, &config, &err) < 0)
		fail_msg("%s", err.text);
	return config;
}

static void assert_token(const struct kube_config *config, const char *wanted)
{
	_cleanup_buf_ struct buf token = BUF_INIT_SECRET(1024);
	struct err err = ERR_INIT;

	assert_int_equal(kube_config_token(config, &token, &err), 0);
	assert_string_equal(buf_str(&token), wanted);
}

#define CONTEXT "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
#define CLUSTER "clusters: [{name: k, cluster: {server: https://h}}]\n"

// As kubectl writes it, with two contexts.
static const char usual[] =
	"apiVersion: v1\n"
	"kind: Config\n"
	"preferences: {}\n"
	"clusters:\n"
	"- cluster:\n"
	"    certificate-authority-data: Q0EgUEVN\n" // CA PEM
	"    server: https://10.0.0.1:6443/\n"
	"  name: one\n"
	"- name: two\n"
	"  cluster:\n"
	"    server: http://localhost:8080/prefix//\n"
	"    insecure-skip-tls-verify: true\n"
	"    proxy-url: http://proxy:3128\n"
	"contexts:\n"
	"- context:\n"
	"    cluster: one\n"
	"    user: admin\n"
	"  name: first\n"
	"- context: {cluster: two, user: bearer, namespace: team}\n"
	"  name: second\n"
	"- name: anonymous\n"
	"  context:\n"
	"    cluster: two\n"
	"current-context: first\n"
	"users:\n"
	"- name: admin\n"
	"  user:\n"
	"    client-certificate-data: Q0VSVA==\n" // CERT
	"    client-key-data: S0VZ\n"		    // KEY
	"- name: bearer\n"
	"  user:\n"
	"    token: abc.def\n";

static void test_inline_data_of_the_current_context(void **state)
{
	struct kube_config *config = load(usual, NULL);

	(void)state;
	assert_string_equal(kube_config_server(config), "https://10.0.0.1:6443");
	assert_string_equal(kube_config_namespace(config), "default");
	assert_string_equal(kube_config_tls(config)->ca_pem, "CA PEM");
	assert_string_equal(kube_config_tls(config)->certificate_pem, "CERT");
	assert_string_equal(kube_config_tls(config)->key_pem, "KEY");
	assert_false(kube_config_tls(config)->insecure);
	assert_null(kube_config_tls(config)->proxy);
	assert_token(config, "");
	kube_config_free(config);
}

static void test_another_context(void **state)
{
	struct kube_config *config = load(usual, "second");

	(void)state;
	assert_string_equal(kube_config_server(config), "http://localhost:8080/prefix");
	assert_string_equal(kube_config_namespace(config), "team");
	assert_true(kube_config_tls(config)->insecure);
	assert_string_equal(kube_config_tls(config)->proxy, "http://proxy:3128");
	assert_token(config, "abc.def");
	kube_config_free(config);
	config = load(usual, "anonymous");
	assert_token(config, "");
	kube_config_free(config);
}

// JSON is YAML, too.
static void test_json(void **state)
{
	struct kube_config *config = load(
		"{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"current-context\":\"c\",\"contexts\":[{\"name\":\"c\",\"context\":"
		"{\"cluster\":\"k\",\"user\":\"u\"}}],\"clusters\":[{\"name\":\"k\",\"cluster\":{\"server\":\"https://h\"}}],"
		"\"users\":[{\"name\":\"u\",\"user\":{\"token\":\"t\"}}]}",
		NULL);

	(void)state;
	assert_string_equal(kube_config_server(config), "https://h");
	assert_token(config, "t");
	kube_config_free(config);
}

// Paths are relative to the kubeconfig; a token file is read anew each time.
static void test_files(void **state)
{
	struct kube_config *config;

	(void)state;
	file("ca.crt", "the CA");
	file("cert.pem", "the certificate");
	file("key.pem", "the key");
	file("token", "first\n");
	config = load("current-context: c\n"
		      "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
		      "clusters: [{name: k, cluster: {server: https://h, certificate-authority: ca.crt}}]\n"
		      "users: [{name: u, user: {client-certificate: ./cert.pem, client-key: key.pem, tokenFile: token}}]\n",
		      NULL);
	assert_string_equal(kube_config_tls(config)->ca_pem, "the CA");
	assert_string_equal(kube_config_tls(config)->certificate_pem, "the certificate");
	assert_string_equal(kube_config_tls(config)->key_pem, "the key");
	assert_token(config, "first");
	file("token", "second \n");
	assert_token(config, "second");
	kube_config_free(config);
}

// Both: the file's, as long as it can be read.
static void test_token_and_token_file(void **state)
{
	struct kube_config *config;

	(void)state;
	file("token", "of the file\n");
	config = load(CONTEXT CLUSTER "users: [{name: u, user: {tokenFile: token, token: inline}}]\n", NULL);
	assert_token(config, "of the file");
	(void)unlink(path_of("token"));
	assert_token(config, "inline");
	kube_config_free(config);
}

static void test_a_token_file_that_is_gone(void **state)
{
	_cleanup_buf_ struct buf token = BUF_INIT_SECRET(1024);
	struct kube_config *config = load("current-context: c\n"
					  "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
					  "clusters: [{name: k, cluster: {server: https://h}}]\n"
					  "users: [{name: u, user: {tokenFile: token}}]\n",
					  NULL);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(kube_config_token(config, &token, &err), ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "token"));
	kube_config_free(config);
}

static void test_in_cluster(void **state)
{
	struct kube_config *config = NULL;
	struct err err = ERR_INIT;

	(void)state;
	file("ca.crt", "the CA");
	file("namespace", "neofleet-system\n");
	file("token", "first");
	assert_int_equal(kube_config_load_in_cluster(folder, &config, &err), ERR_INVALID);
	assert_non_null(strstr(err.text, "--kubeconfig"));
	err_clear(&err);
	(void)setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
	(void)setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	assert_int_equal(kube_config_load_in_cluster(folder, &config, &err), 0);
	assert_string_equal(kube_config_server(config), "https://10.96.0.1:443");
	assert_string_equal(kube_config_namespace(config), "neofleet-system");
	assert_string_equal(kube_config_tls(config)->ca_pem, "the CA");
	assert_token(config, "first");
	file("token", "rotated");
	assert_token(config, "rotated");
	kube_config_free(config);
	(void)setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
	assert_int_equal(kube_config_load_in_cluster(folder, &config, &err), 0);
	assert_string_equal(kube_config_server(config), "https://[fd00::1]:443");
	kube_config_free(config);
	(void)unlink(path_of("ca.crt"));
	assert_int_equal(kube_config_load_in_cluster(folder, &config, &err), ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "ca.crt"));
}

static void test_where_it_is_looked_for(void **state)
{
	const char *home = getenv("HOME");
	char *kept = home ? strdup(home) : NULL;
	struct kube_config *config = NULL;
	struct err err = ERR_INIT;

	(void)state;
	file("config", usual);
	(void)setenv("KUBECONFIG", path_of("config"), 1);
	assert_int_equal(kube_config_load(NULL, "second", &config, &err), 0);
	kube_config_free(config);
	(void)unsetenv("KUBECONFIG");
	(void)setenv("HOME", folder, 1);
	assert_int_equal(kube_config_load(NULL, NULL, &config, &err), ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, path_of(".kube/config")));
	err_clear(&err);
	assert_int_equal(mkdir(path_of(".kube"), 0700), 0);
	file(".kube/config", usual);
	assert_int_equal(kube_config_load(NULL, NULL, &config, &err), 0);
	kube_config_free(config);
	if (kept)
		(void)setenv("HOME", kept, 1);
	free(kept);
}


// A list, as kubectl takes it: what is not there is passed over, unless nothing is.
static void test_list_of_files(void **state)
{
	struct kube_config *config = NULL;
	struct err err = ERR_INIT;
	char list[1024];

	(void)state;
	file("config", usual);
	file("namespace", "current-context: second\n");
	(void)snprintf(list, sizeof(list), ":%s/absent:%s/namespace::%s/config:", folder, folder, folder);
	(void)setenv("KUBECONFIG", list, 1);
	assert_int_equal(kube_config_load(NULL, NULL, &config, &err), 0);
	assert_string_equal(kube_config_namespace(config), "team");
	kube_config_free(config);
	(void)setenv("KUBECONFIG", "/nowhere/a:/nowhere/b", 1);
	assert_int_equal(kube_config_load(NULL, NULL, &config, &err), ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "/nowhere/b"));
	err_clear(&err);
	(void)setenv("KUBECONFIG", ":", 1);
	assert_int_equal(kube_config_load(NULL, NULL, &config, &err), ERR_INVALID);
	assert_non_null(strstr(err.text, "KUBECONFIG"));
	err_clear(&err);
	// A file that cannot be read is not passed over; nor are more files than there may be.
	(void)snprintf(list, sizeof(list), "%s/config:%s", folder, folder);
	(void)setenv("KUBECONFIG", list, 1);
	assert_int_equal(kube_config_load(NULL, NULL, &config, &err), ERR_INTERNAL);
	err_clear(&err);
	list[0] = '\0';
	for (int i = 0; i < 17; i++)
		(void)snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s/config:", folder);
	(void)setenv("KUBECONFIG", list, 1);
	assert_int_equal(kube_config_load(NULL, NULL, &config, &err), ERR_TOO_LARGE);
}

// The kubeconfig's proxy, else the environment's, but none in-cluster.
static void test_proxy(void **state)
{
	struct kube_config *config = NULL;
	struct err err = ERR_INIT;

	(void)state;
	(void)setenv("HTTPS_PROXY", "proxy:3128", 1);
	config = load(CONTEXT CLUSTER "users: [{name: u, user: {}}]\n", NULL);
	assert_string_equal(kube_config_tls(config)->proxy, "http://proxy:3128");
	kube_config_free(config);
	(void)setenv("NO_PROXY", "h", 1);
	config = load(CONTEXT CLUSTER "users: [{name: u, user: {}}]\n", NULL);
	assert_null(kube_config_tls(config)->proxy);
	kube_config_free(config);
	config = load(CONTEXT "clusters: [{name: k, cluster: {server: https://h, proxy-url: 'socks5://p', tls-server-name: x}}]\nusers: [{name: u, user: {}}]\n",
		      NULL);
	assert_string_equal(kube_config_tls(config)->proxy, "socks5h://p");
	assert_string_equal(kube_config_tls(config)->server_name, "x");
	kube_config_free(config);
	file("ca.crt", "the CA");
	file("namespace", "n");
	(void)setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
	(void)setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	assert_int_equal(kube_config_load_in_cluster(folder, &config, &err), 0);
	assert_null(kube_config_tls(config)->proxy);
	kube_config_free(config);
	(void)unsetenv("HTTPS_PROXY");
	(void)unsetenv("NO_PROXY");
}

// Catches the standard error output in between: the parser must not print the line that it cannot read.
static int kept_stderr, heard_stderr;

static void hear_begin(void)
{
	kept_stderr = dup(STDERR_FILENO);
	heard_stderr = open(path_of("token"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(kept_stderr >= 0 && heard_stderr >= 0 && dup2(heard_stderr, STDERR_FILENO) >= 0);
}

static void hear_end(char *ret, size_t size)
{
	ssize_t n;

	(void)fflush(stderr);
	(void)dup2(kept_stderr, STDERR_FILENO);
	(void)close(kept_stderr);
	n = pread(heard_stderr, ret, size - 1, 0);
	(void)close(heard_stderr);
	assert_true(n >= 0);
	ret[n] = '\0';
}

// Refused files, and words that the sentence must have.
static const struct {
	const char *text;
	const char *context;
	const char *words[3];
} refused[] = {
	{"", NULL, {"not a kubeconfig", "YAML"}},
	{"just text", NULL, {"not a kubeconfig"}},
	{"- a\n- b\n", NULL, {"not a kubeconfig"}},
	{"a: [b\nhunter2: c", NULL, {"not a kubeconfig", "not YAML in line 3"}},
	{"a: {b: c\n\tx", NULL, {"not a kubeconfig"}},
	{"kind: Config\n", NULL, {"no current-context", "--context", "use-context"}},
	{CONTEXT CLUSTER, "other", {"no context 'other'", "get-contexts"}},
	{CONTEXT, NULL, {"no cluster 'k'"}},
	{"current-context: c\ncontexts: [{name: c, context: {user: u}}]\n", NULL, {"context 'c'", "no cluster"}},
	{CONTEXT CLUSTER, NULL, {"no user 'u'"}},
	{CONTEXT "clusters: [{name: k, cluster: {}}]\n", NULL, {"cluster 'k'", "no server"}},
	{CONTEXT "clusters: [{name: k, cluster: {server: 'unix:///x'}}]\n", NULL, {"server", "https://"}},
	{CONTEXT "clusters: [{name: k, cluster: {server: https://h, proxy-url: 'u:hunter2@p'}}]\n", NULL,
	 {"proxy-url of cluster 'k'", "socks5://"}},
	{CONTEXT CLUSTER "users: [{name: u, user: {token: hunter2, as: admin}}]\n", NULL, {"user 'u'", "'as'", "own credentials"}},
	{CONTEXT CLUSTER "users: [{name: u, user: {as-groups: [system:masters]}}]\n", NULL, {"user 'u'", "'as-groups'"}},
	{CONTEXT "clusters: [{name: k, cluster: {server: https://h, certificate-authority-data: '%%'}}]\n", NULL,
	 {"certificate-authority-data", "base64"}},
	{CONTEXT "clusters: [{name: k, cluster: {server: https://h, certificate-authority: nowhere.pem}}]\nusers: [{name: u, user: {}}]\n", NULL,
	 {"nowhere.pem"}},
	{CONTEXT CLUSTER "users: [{name: u, user: {exec: {command: aws, env: [{name: A, value: hunter2}]}}}]\n", NULL,
	 {"user 'u'", "exec", "client.authentication.k8s.io/v1"}},
	{CONTEXT CLUSTER "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1}}}]\n", NULL, {"user 'u'", "command"}},
	{CONTEXT CLUSTER "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, interactiveMode: Always}}}]\n",
	 NULL, {"user 'u'", "interactiveMode"}},
	{CONTEXT CLUSTER "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./none, "
			 "installHint: install it}}}]\n", NULL, {"user 'u'", "/none", "install it"}},
	{CONTEXT CLUSTER "users: [{name: u, user: {auth-provider: {name: gcp, config: {access-token: hunter2}}}}]\n", NULL,
	 {"user 'u'", "auth-provider"}},
	{CONTEXT CLUSTER "users: [{name: u, user: {client-key-data: 'hunter2!'}}]\n", NULL, {"client-key-data", "base64"}},
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct kube_config *config = NULL;
		struct err err = ERR_INIT;
		char said[256];
		int r;

		file("config", refused[i].text);
		hear_begin();
		r = kube_config_load(path_of("config"), refused[i].context, &config, &err);
		hear_end(said, sizeof(said));
		if (r == 0)
			fail_msg("taken: %s", refused[i].text);
		assert_true(err.class == ERR_INVALID || err.class == ERR_NOT_FOUND);
		for (size_t w = 0; w < 3 && refused[i].words[w]; w++) {
			if (!strstr(err.text, refused[i].words[w]))
				fail_msg("'%s' lacks '%s'", err.text, refused[i].words[w]);
		}
		assert_non_null(strstr(err.text, folder));
		assert_null(strstr(err.text, "hunter2"));
		assert_string_equal(said, "");
	}
}

// The program's input, and its output. The client asks for the token in the folder of the kubeconfig.
static void test_credential_plugin(void **state)
{
	struct kube_config *config;
	struct err err = ERR_INIT;

	(void)state;
	file("plugin", "#!/bin/sh\n"
		       "case $KUBERNETES_EXEC_INFO in *'\"interactive\":false'*) ;; *) exit 3 ;; esac\n"
		       "printf '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"%s-%s\"}}' \"$1\" \"$WHO\"\n");
	assert_int_equal(chmod(path_of("plugin"), 0700), 0);
	file("config", CONTEXT CLUSTER "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin, args: [a b], "
				       "env: [{name: WHO, value: me}]}}}]\n");
	assert_int_equal(kube_config_load(path_of("config"), NULL, &config, &err), 0);
	for (int i = 0; i < 2; i++) {
		_cleanup_buf_ struct buf token = BUF_INIT_SECRET(1024);

		assert_int_equal(kube_config_token(config, &token, &err), 0);
		assert_string_equal(buf_str(&token), "a b-me");
	}
	kube_config_free(config);
}

static void test_no_file_and_too_large_a_one(void **state)
{
	struct kube_config *config = NULL;
	struct err err = ERR_INIT;
	char *much = malloc(1024 * 1024 + 2);

	(void)state;
	assert_int_equal(kube_config_load(path_of("absent"), NULL, &config, &err), ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "kubeconfig: cannot open"));
	err_clear(&err);
	memset(much, '#', 1024 * 1024 + 1);
	much[1024 * 1024 + 1] = '\0';
	file("config", much);
	assert_int_equal(kube_config_load(path_of("config"), NULL, &config, &err), ERR_TOO_LARGE);
	free(much);
	kube_config_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		TEST(test_inline_data_of_the_current_context),
		TEST(test_another_context),
		TEST(test_json),
		TEST(test_files),
		TEST(test_token_and_token_file),
		TEST(test_a_token_file_that_is_gone),
		TEST(test_in_cluster),
		TEST(test_where_it_is_looked_for),
		TEST(test_list_of_files),
		TEST(test_proxy),
		TEST(test_refusals),
		TEST(test_credential_plugin),
		TEST(test_no_file_and_too_large_a_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
