// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "bolt/link.h"
#include "bolt/session.h"
#include "test/unit/bolt/stage.h"

// What a process has opened is not its child's: the child is told, and says nothing on the parent's connections, whatever it does.

#define LIMIT 10000

struct opened {
	struct bolt_driver *driver;
	struct bolt_session *session;
	struct bolt_tx *tx;
	struct bolt_link *link;
};

static bool is_refused(int r, struct err *err)
{
	bool refused = r == ERR_INVALID && strcmp(err->code, BOLT_FORKED) == 0;

	err_clear(err);
	return refused;
}

// 0, or which of it was wrong. No assertion: the child must not run the parent's tests.
static int try_all(struct opened *opened)
{
	const struct bolt_statement statement = {.text = "in the child"};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	int64_t deadline = deadline_in_ms(LIMIT);
	struct bolt_result *result;
	struct bolt_answer answer;
	struct bolt_table table;
	struct err err = ERR_INIT;

	if (!is_refused(bolt_driver_query(opened->driver, &(struct bolt_call){.text = "in the child"}, deadline, arena, &answer, &err), &err))
		return 1;
	if (!is_refused(bolt_session_run(opened->session, &statement, deadline, &result, &err), &err))
		return 2;
	if (!is_refused(bolt_tx_run(opened->tx, &statement, deadline, &result, &err), &err))
		return 3;
	if (!is_refused(bolt_link_query(opened->link, &(struct bolt_query){.text = "in the child"}, deadline, arena, &table, &err), &err))
		return 4;
	bolt_link_close(opened->link);
	bolt_tx_free(opened->tx);
	bolt_session_free(opened->session);
	bolt_driver_free(opened->driver);
	return 0;
}

static void test_child(void **state)
{
	struct stage *stage = stage_start(5, 8);
	const struct bolt_target target = {.host = "127.0.0.1", .port = stage_port(stage), .user_agent = "test/1"};
	const struct bolt_auth auth = bolt_auth_basic("neo4j", "secret");
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_session *own = NULL;
	struct bolt_answer answer;
	struct bolt_table table;
	struct err err = ERR_INIT;
	struct opened opened;
	char uri[64];
	pid_t child;
	int status;

	(void)state;
	(void)snprintf(uri, sizeof(uri), "bolt://127.0.0.1:%u", stage_port(stage));
	assert_int_equal(bolt_driver_new(&(struct bolt_driver_options){.uri = uri, .retry_ms = -1}, &opened.driver, &err), 0);
	assert_int_equal(bolt_session_new(opened.driver, NULL, &opened.session, &err), 0);
	assert_int_equal(bolt_session_new(opened.driver, NULL, &own, &err), 0);
	assert_int_equal(bolt_session_begin(own, NULL, deadline_in_ms(LIMIT), &opened.tx, &err), 0);
	assert_int_equal(bolt_driver_query(opened.driver, &(struct bolt_call){.text = "Q"}, deadline_in_ms(LIMIT), arena, &answer, &err), 0);
	assert_int_equal(bolt_link_open(&target, &auth, deadline_in_ms(LIMIT), &opened.link, &err), 0);

	child = fork();
	if (child == 0)
		_exit(try_all(&opened));
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);

	// The parent goes on where it was.
	assert_int_equal(bolt_tx_commit(opened.tx, deadline_in_ms(LIMIT), &err), 0);
	bolt_tx_free(opened.tx);
	assert_int_equal(bolt_driver_query(opened.driver, &(struct bolt_call){.text = "Q"}, deadline_in_ms(LIMIT), arena, &answer, &err), 0);
	assert_int_equal(bolt_link_query(opened.link, &(struct bolt_query){.text = "Q"}, deadline_in_ms(LIMIT), arena, &table, &err), 0);
	assert_int_equal(stage_count(stage, "RUN \"in the child\""), 0);
	assert_int_equal(stage_count(stage, "GOODBYE"), 0);
	assert_int_equal(stage_count(stage, "ROLLBACK"), 0);
	assert_int_equal(stage_connections(stage), 3);
	bolt_link_close(opened.link);
	bolt_session_free(own);
	bolt_session_free(opened.session);
	bolt_driver_free(opened.driver);
	stage_stop(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_child)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
