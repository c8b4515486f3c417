// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Credential plugins, played by the shell.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "kube/exec.h"

#define V1 "client.authentication.k8s.io/v1"
#define CREDENTIAL(status) "{\"apiVersion\":\"" V1 "\",\"kind\":\"ExecCredential\",\"status\":" status "}"

static int make(const char *script, const struct exec_options *more, struct exec **ret, struct err *err)
{
	const char *const args[] = {"-c", script, NULL};
	struct exec_options options = *more;

	options.command = "sh";
	options.args = args;
	options.api_version = V1;
	return exec_new(&options, ret, err);
}

#define MAKE(script, ret, err, ...) make(script, &(struct exec_options){__VA_ARGS__}, ret, err)

static void assert_token(struct exec *exec, const char *wanted)
{
	_cleanup_buf_ struct buf token = BUF_INIT_SECRET(1024);

	exec_token(exec, &token);
	assert_string_equal(buf_str(&token), wanted);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *script, *words;
		enum err_class class;
	} refused[] = {
		{"exit 7", "status 7", ERR_INVALID},
		{"kill -9 $$", "status 137", ERR_INVALID},
		{"echo no JSON", "no ExecCredential", ERR_INVALID},
		{"echo '{\"apiVersion\":\"v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"hunter2\"}}'", "no ExecCredential", ERR_INVALID},
		{"echo '" CREDENTIAL("{\"token\":\"\"}") "'", "neither a token nor a client certificate", ERR_INVALID},
		{"echo '" CREDENTIAL("{\"clientCertificateData\":\"hunter2\"}") "'", "clientCertificateData without clientKeyData", ERR_INVALID},
		{"echo '" CREDENTIAL("{\"token\":\"t\",\"clientKeyData\":\"hunter2\"}") "'", "clientKeyData without", ERR_INVALID},
		{"printf '" CREDENTIAL("{\"token\":\"%070000d\"}") "'", "token of more than", ERR_TOO_LARGE},
		{"echo '" CREDENTIAL("{\"token\":\"hunter2\",\"expirationTimestamp\":\"soon\"}") "'", "expirationTimestamp", ERR_INVALID},
		{"head -c 300000 /dev/zero", "more than", ERR_TOO_LARGE},
		{"sleep 60", "within", ERR_TIMEOUT},
		{"echo '" CREDENTIAL("{\"token\":\"hunter2\"}") "'; exec >&-; sleep 60", "within", ERR_TIMEOUT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct exec *exec = NULL;
		struct err err = ERR_INIT;

		assert_int_equal(MAKE(refused[i].script, &exec, &err, .timeout_ms = refused[i].class == ERR_TIMEOUT ? 300 : 20000), refused[i].class);
		if (!strstr(err.text, refused[i].words))
			fail_msg("'%s' lacks '%s'", err.text, refused[i].words);
		assert_null(strstr(err.text, "hunter2"));
	}
}

// The token before its expiry is replaced by the next; a run that fails keeps what was.
static void test_it_is_renewed(void **state)
{
	char path[] = "/tmp/neofleet-exec-XXXXXX", script[1024];
	int fd = mkstemp(path);
	int64_t deadline = deadline_in_ms(20000);
	_cleanup_buf_ struct buf token = BUF_INIT_SECRET(1024);
	struct exec *exec;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	(void)snprintf(script, sizeof(script),
		       "n=$(wc -c <%s | tr -d ' '); printf x >>%s; [ $n != 1 ] || exit 1; "
		       "printf '{\"apiVersion\":\"" V1 "\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"t%%s\"}}' $n",
		       path, path);
	log_set_level(LOG_ERROR);
	assert_int_equal(MAKE(script, &exec, &err, .again_ms = 20), 0);
	while (strcmp(buf_str(&token), "t2") != 0 && deadline_left_ms(deadline) > 0) {
		buf_clear(&token);
		exec_token(exec, &token);
		// t1 is never seen: that run has failed.
		assert_string_not_equal(buf_str(&token), "t1");
		if (strcmp(buf_str(&token), "t3") == 0 || strcmp(buf_str(&token), "t4") == 0)
			break;
	}
	assert_true(deadline_left_ms(deadline) > 0);
	log_set_level(LOG_INFO);
	exec_free(exec);
	(void)unlink(path);
}

struct certificates {
	unsigned times;
	char last[64];
};

static void on_certificate(void *user, const char *certificate, const char *key)
{
	struct certificates *told = user;

	told->times++;
	(void)snprintf(told->last, sizeof(told->last), "%s/%s", certificate ? certificate : "", key ? key : "");
}

static off_t runs_of(const char *path)
{
	struct stat found;

	return stat(path, &found) == 0 ? found.st_size : 0;
}

// A script that leaves a byte in the file for each run and prints what its case says.
static void script_of(char *script, size_t size, const char *path, const char *cases)
{
	(void)snprintf(script, size, "printf x >>%s; case $(wc -c <%s | tr -d ' ') in %s esac", path, path, cases);
}

static void wait_token(struct exec *exec, const char *wanted)
{
	int64_t deadline = deadline_in_ms(20000);
	_cleanup_buf_ struct buf token = BUF_INIT_SECRET(1024);

	while (strcmp(buf_str(&token), wanted) != 0) {
		assert_true(deadline_left_ms(deadline) > 0);
		buf_clear(&token);
		exec_token(exec, &token);
	}
}

// Refused credentials are replaced at once, but not those that were just given. Others are told, the same ones not.
static void test_refused_credentials(void **state)
{
	char path[] = "/tmp/neofleet-exec-XXXXXX", script[1024];
	int fd = mkstemp(path);
	struct certificates told = {0};
	struct exec *exec;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	script_of(script, sizeof(script), path,
		  "1) echo '" CREDENTIAL("{\"token\":\"t1\",\"clientCertificateData\":\"c\",\"clientKeyData\":\"k\"}") "';; "
		  "2) echo '" CREDENTIAL("{\"token\":\"t2\",\"clientCertificateData\":\"c\",\"clientKeyData\":\"k\"}") "';; "
		  "3) echo '" CREDENTIAL("{\"token\":\"t3\",\"clientCertificateData\":\"d\",\"clientKeyData\":\"k\"}") "';; "
		  "*) echo '" CREDENTIAL("{\"token\":\"t4\"}") "';;");
	assert_int_equal(MAKE(script, &exec, &err, .again_ms = 3600000, .refused_ms = 1, .on_certificate = on_certificate, .user = &told), 0);
	assert_token(exec, "t1");
	assert_int_equal(told.times, 1);
	assert_string_equal(told.last, "c/k");
	for (int i = 2; i <= 4; i++) {
		const char *const tokens[] = {"t2", "t3", "t4"};
		int64_t deadline = deadline_in_ms(3);

		while (deadline_left_ms(deadline) > 0)
			;
		exec_refused(exec);
		wait_token(exec, tokens[i - 2]);
	}
	exec_free(exec); // its thread has ended
	assert_int_equal(told.times, 3);
	assert_string_equal(told.last, "/");
	assert_int_equal(runs_of(path), 4);
	(void)unlink(path);
}

static void test_fresh_credentials_are_kept(void **state)
{
	char path[] = "/tmp/neofleet-exec-XXXXXX", script[1024];
	int fd = mkstemp(path);
	struct exec *exec;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	script_of(script, sizeof(script), path, "*) echo '" CREDENTIAL("{\"token\":\"t\"}") "';;");
	assert_int_equal(MAKE(script, &exec, &err, .again_ms = 3600000, .refused_ms = 3600000), 0);
	for (int i = 0; i < 100; i++)
		exec_refused(exec);
	exec_free(exec);
	assert_int_equal(runs_of(path), 1);
	(void)unlink(path);
}

// Freeing ends a program that hangs.
static void test_stop_while_it_runs(void **state)
{
	char path[] = "/tmp/neofleet-exec-XXXXXX", script[1024];
	int fd = mkstemp(path);
	int64_t deadline = deadline_in_ms(20000);
	struct exec *exec;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	(void)snprintf(script, sizeof(script),
		       "[ ! -e %s ] || { rm %s; printf '" CREDENTIAL("{\"token\":\"t\"}") "'; exit; }; : >%s; exec sleep 600", path, path, path);
	assert_int_equal(MAKE(script, &exec, &err, .again_ms = 1), 0);
	assert_token(exec, "t");
	while (access(path, F_OK) != 0 && deadline_left_ms(deadline) > 0)
		;
	exec_free(exec);
	exec_free(NULL);
	assert_true(deadline_left_ms(deadline) > 0);
	(void)unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_it_is_renewed),
		cmocka_unit_test(test_refused_credentials),
		cmocka_unit_test(test_fresh_credentials_are_kept),
		cmocka_unit_test(test_stop_while_it_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
