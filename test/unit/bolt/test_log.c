// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "bolt/session.h"
#include "test/unit/bolt/stage.h"

#define LIMIT 20000

struct scene {
	struct stage *stage;
	struct buf lines;
	struct bolt_log log;
	struct bolt_driver *driver;
	struct bolt_session *session;
	struct err err;
};

// Each address by a word, and what differs from run to run by a dot.
static void keep(void *user, const char *text)
{
	struct scene *scene = user;
	char address[32];
	const char *in;

	(void)snprintf(address, sizeof(address), "127.0.0.1:%u", stage_port(scene->stage));
	if (strncmp(text, address, strlen(address)) == 0) {
		buf_add(&scene->lines, "S");
		text += strlen(address);
	}
	assert_null(strpbrk(text, "\n\r\t"));
	in = strstr(text, " in ");
	buf_addf(&scene->lines, "%.*s%s\n", in ? (int)(in - text) + 4 : (int)strlen(text), text, in ? "." : "");
	if (in)
		buf_addf(&scene->lines, "%s\n", strstr(in, " ms") + 1);
}

static void begin(struct scene *scene)
{
	char uri[64];

	*scene = (struct scene){.stage = stage_start(5, 8), .lines = BUF_INIT(100000), .log = {keep, scene}};
	(void)snprintf(uri, sizeof(uri), "bolt://127.0.0.1:%u", stage_port(scene->stage));
	assert_int_equal(bolt_driver_new(&(struct bolt_driver_options){.uri = uri, .auth = bolt_auth_basic("neo4j", "secret-password"), .log = &scene->log},
					 &scene->driver, &scene->err), 0);
	assert_int_equal(bolt_session_new(scene->driver, NULL, &scene->session, &scene->err), 0);
}

static void end(struct scene *scene)
{
	bolt_session_free(scene->session);
	bolt_driver_free(scene->driver);
	stage_stop(scene->stage);
	buf_release(&scene->lines);
}

// The whole way of two queries, of which the second has its connection from the pool.
static void test_lines(void **state)
{
	const struct bolt_entry entry = {"password", bolt_string("secret-parameter")};
	const struct bolt_value params = bolt_map(&entry, 1);
	struct scene scene;

	(void)state;
	begin(&scene);
	STAGE_PLAY(scene.stage, NULL, {"RUN", 0, "SUCCESS {\"fields\": [\"x\"]}"}, {"PULL", 0, "RECORD [\"secret-cell\"]\nSUCCESS {}"});
	for (int i = 0; i < 2; i++) {
		const struct bolt_summary *summary;
		struct bolt_result *result;
		const struct bolt_value *row;

		assert_int_equal(bolt_session_run(scene.session, &(struct bolt_statement){.text = "ALTER USER jane\nSET PASSWORD 'secret-literal' x", .params = &params},
						  deadline_in_ms(LIMIT), &result, &scene.err), 0);
		assert_int_equal(bolt_result_next(result, deadline_in_ms(LIMIT), &row, &scene.err), 1);
		assert_int_equal(bolt_result_consume(result, deadline_in_ms(LIMIT), &summary, &scene.err), 0);
		bolt_result_free(result);
	}
	bolt_session_free(scene.session);
	bolt_driver_free(scene.driver);
	scene.session = NULL;
	scene.driver = NULL;
	assert_null(strstr(buf_str(&scene.lines), "secret"));
#define QUERY                                                                                                                             \
	"S: sent RUN, 84 bytes: ALTER USER jane SET PASSWORD ...\nS: sent PULL, 12 bytes\nS: received SUCCESS to RUN\nS: received RECORD to PULL\n" \
	"S: received SUCCESS to PULL\n"
	assert_non_null(strstr(buf_str(&scene.lines), "S: connected, Bolt 5.8\nS: sent HELLO, "));
	assert_non_null(strstr(buf_str(&scene.lines), "S: sent LOGON, "));
	assert_non_null(strstr(buf_str(&scene.lines), "S: received SUCCESS to HELLO\nS: received SUCCESS to LOGON\n" QUERY "S: taken from the pool\n" QUERY "S: closed\n"));
	end(&scene);
}

static int work(struct bolt_tx *tx, void *user, int64_t deadline, struct err *err)
{
	struct bolt_result *result;
	int r = bolt_tx_run(tx, &(struct bolt_statement){.text = user}, deadline, &result, err);

	if (r == 0)
		bolt_result_free(result);
	return r;
}

static void test_retries(void **state)
{
	const struct bolt_job job = {.work = work, .user = (void *)(uintptr_t) "CREATE (:A) // it's secret"};
	struct scene scene;

	(void)state;
	begin(&scene);
	STAGE_PLAY(scene.stage, NULL, {"RUN", 1, "FAILURE Neo.TransientError.Transaction.DeadlockDetected secret words"});
	assert_int_equal(bolt_session_execute(scene.session, &job, deadline_in_ms(LIMIT), &scene.err), 0);
	assert_null(strstr(buf_str(&scene.lines), "secret"));
	assert_non_null(strstr(buf_str(&scene.lines), "S: received FAILURE to RUN: Neo.TransientError.Transaction.DeadlockDetected\n"));
	assert_non_null(strstr(buf_str(&scene.lines), "try 2 begins in .\nms, after Neo.TransientError.Transaction.DeadlockDetected\n"));
	assert_non_null(strstr(buf_str(&scene.lines), ": CREATE (:A) ...\n"));
	end(&scene);
}

// The beginning of a text is told, up to what may hold a secret.
static void test_statements(void **state)
{
	static const char *const cases[][2] = {
		{"RETURN 1", "RETURN 1"},
		{"RETURN \"secret\"", "RETURN ..."},
		{"MATCH (n:`secret`) RETURN n", "MATCH (n:..."},
		{"RETURN \\u0027secret\\u0027", "RETURN ..."},
		{"RETURN 4 / 2 /* secret */", "RETURN 4 / 2 ..."},
		{"RETURN 4/2//secret", "RETURN 4/2..."},
		{"'secret'", "..."},
		{"", ""},
	};
	struct scene scene;

	(void)state;
	begin(&scene);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bolt_result *result = NULL;
		char line[80];

		buf_clear(&scene.lines);
		assert_int_equal(bolt_session_run(scene.session, &(struct bolt_statement){.text = cases[i][0]}, deadline_in_ms(LIMIT), &result, &scene.err), 0);
		bolt_result_free(result);
		(void)snprintf(line, sizeof(line), " bytes: %s\n", cases[i][1]);
		assert_non_null(strstr(buf_str(&scene.lines), line));
		assert_null(strstr(buf_str(&scene.lines), "secret"));
	}
	end(&scene);
}

static void test_what_breaks(void **state)
{
	struct bolt_tx *tx = NULL;
	struct scene scene;

	(void)state;
	begin(&scene);
	STAGE_PLAY(scene.stage, NULL, {"BEGIN", 0, "CLOSE"});
	assert_int_equal(bolt_driver_verify(scene.driver, NULL, deadline_in_ms(LIMIT), NULL, NULL, NULL), ERR_INVALID);
	assert_string_equal(buf_str(&scene.lines), "");
	assert_int_equal(bolt_session_begin(scene.session, NULL, deadline_in_ms(LIMIT), &tx, &scene.err), ERR_IO);
	assert_non_null(strstr(buf_str(&scene.lines), "S: broken: the server closed the connection\nS: closed\n"));
	buf_clear(&scene.lines);
	err_clear(&scene.err);
	stage_down(scene.stage);
	assert_int_equal(bolt_session_begin(scene.session, NULL, deadline_in_ms(LIMIT), &tx, &scene.err), ERR_IO);
	assert_non_null(strstr(buf_str(&scene.lines), "S: not connected: "));
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_retries),
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_what_breaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
