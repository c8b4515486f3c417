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

// A process's connections are not its child's: the child is told, and says nothing on the parent's connections, whatever it does.

#define LIMIT 10000

struct opened {
	struct bolt_driver *driver;
	struct bolt_session *session;
	struct bolt_tx *tx;
	struct bolt_result *result; // of an auto-commit query
	struct bolt_session *busy;  // whose it is
	struct bolt_driver *router;
	struct bolt_link *link;
};

// How often it was asked in this process.
static unsigned asked;

static int resolve(void *user, const struct bolt_address *address, struct arena *arena, struct bolt_addresses *ret, struct err *err)
{
	(void)user;
	(void)address;
	(void)arena;
	(void)ret;
	asked++;
	return err_set(err, ERR_IO, "nobody knows");
}

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
	const struct bolt_summary *summary;
	const struct bolt_value *row;
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
	if (!is_refused(bolt_tx_commit(opened->tx, deadline, &err), &err) || !bolt_tx_is_open(opened->tx))
		return 5;
	if (!is_refused(bolt_tx_rollback(opened->tx, deadline, &err), &err))
		return 6;
	if (!is_refused(bolt_result_next(opened->result, deadline, &row, &err), &err))
		return 7;
	if (!is_refused(bolt_result_consume(opened->result, deadline, &summary, &err), &err))
		return 8;
	if (!is_refused(bolt_session_close(opened->busy, deadline, &err), &err))
		return 9;
	// Before the lock of the routing tables, which another thread may have held, and before the caller's own code.
	if (!is_refused(bolt_driver_query(opened->router, &(struct bolt_call){.text = "in the child"}, deadline, arena, &answer, &err), &err))
		return 10;
	if (!is_refused(bolt_driver_verify(opened->router, NULL, deadline, arena, NULL, &err), &err))
		return 11;
	if (!is_refused(bolt_driver_reroute(opened->router, NULL, NULL, deadline, &err), &err))
		return 12;
	if (asked > 0)
		return 13;
	bolt_result_free(opened->result);
	bolt_session_free(opened->busy);
	bolt_driver_free(opened->router);
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
	const struct bolt_resolver resolver = {.resolve = resolve};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_session *own = NULL;
	const struct bolt_value *row;
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
	assert_int_equal(bolt_session_new(opened.driver, NULL, &opened.busy, &err), 0);
	assert_int_equal(bolt_session_begin(own, NULL, deadline_in_ms(LIMIT), &opened.tx, &err), 0);
	assert_int_equal(bolt_driver_query(opened.driver, &(struct bolt_call){.text = "Q"}, deadline_in_ms(LIMIT), arena, &answer, &err), 0);
	assert_int_equal(bolt_session_run(opened.busy, &(struct bolt_statement){.text = "CREATE ()"}, deadline_in_ms(LIMIT), &opened.result, &err), 0);
	assert_int_equal(bolt_driver_new(&(struct bolt_driver_options){.uri = "neo4j://h", .resolver = &resolver, .retry_ms = -1}, &opened.router, &err), 0);
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
	assert_int_equal(bolt_result_next(opened.result, deadline_in_ms(LIMIT), &row, &err), 1);
	bolt_result_free(opened.result);
	assert_int_equal(bolt_driver_query(opened.driver, &(struct bolt_call){.text = "Q"}, deadline_in_ms(LIMIT), arena, &answer, &err), 0);
	assert_int_equal(bolt_link_query(opened.link, &(struct bolt_query){.text = "Q"}, deadline_in_ms(LIMIT), arena, &table, &err), 0);
	assert_int_equal(stage_count(stage, "RUN \"in the child\""), 0);
	assert_int_equal(stage_count(stage, "GOODBYE"), 0);
	assert_int_equal(stage_count(stage, "ROLLBACK"), 0);
	assert_int_equal(stage_connections(stage), 3);
	bolt_link_close(opened.link);
	bolt_session_free(opened.busy);
	bolt_driver_free(opened.router);
	bolt_session_free(own);
	bolt_session_free(opened.session);
	bolt_driver_free(opened.driver);
	stage_stop(stage);
}

// Work that forks and returns in both: the child has committed nothing, and is told so.
static int work_that_forks(struct bolt_tx *tx, void *user, int64_t deadline, struct err *err)
{
	pid_t *child = user;

	(void)tx;
	(void)deadline;
	(void)err;
	*child = fork();
	return 0;
}

static void test_fork_in_work(void **state)
{
	struct stage *stage = stage_start(5, 8);
	struct bolt_driver *driver;
	struct bolt_session *session;
	struct err err = ERR_INIT;
	pid_t child = -1;
	char uri[64];
	int status, r;

	(void)state;
	(void)snprintf(uri, sizeof(uri), "bolt://127.0.0.1:%u", stage_port(stage));
	assert_int_equal(bolt_driver_new(&(struct bolt_driver_options){.uri = uri, .retry_ms = -1}, &driver, &err), 0);
	assert_int_equal(bolt_session_new(driver, NULL, &session, &err), 0);
	r = bolt_session_execute(session, &(struct bolt_job){.work = work_that_forks, .user = &child}, deadline_in_ms(LIMIT), &err);
	if (child == 0)
		_exit(is_refused(r, &err) ? 0 : 1);
	assert_int_equal(r, 0);
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(stage_count(stage, "COMMIT"), 1);
	bolt_session_free(session);
	bolt_driver_free(driver);
	stage_stop(stage);
}

struct forking {
	bool now;
	pid_t child;
};

static int supply(void *user, struct arena *arena, struct bolt_bookmark_list *ret, struct err *err)
{
	struct forking *forking = user;

	(void)arena;
	(void)ret;
	(void)err;
	if (forking->now)
		forking->child = fork();
	return 0;
}

// A hook that does so, before the query goes out: nothing went out in the child, so that there is no doubt what was done.
static void test_fork_in_a_hook(void **state)
{
	struct forking forking = {.child = -1};
	const struct bolt_bookmark_hooks hooks = {.supply = supply, .user = &forking};
	struct bolt_bookmarks *bookmarks = bolt_bookmarks_new(NULL, &hooks);
	const struct bolt_session_options options = {.bookmarks = bookmarks};
	const struct bolt_statement statement = {.text = "CREATE ()"};
	struct stage *stage = stage_start(5, 8);
	const struct bolt_summary *summary;
	struct bolt_result *result;
	struct bolt_driver *driver;
	struct bolt_session *session;
	struct err err = ERR_INIT;
	char uri[64];
	int status, r;

	(void)state;
	(void)snprintf(uri, sizeof(uri), "bolt://127.0.0.1:%u", stage_port(stage));
	assert_int_equal(bolt_driver_new(&(struct bolt_driver_options){.uri = uri, .retry_ms = -1}, &driver, &err), 0);
	assert_int_equal(bolt_session_new(driver, &options, &session, &err), 0);
	assert_int_equal(bolt_session_run(session, &statement, deadline_in_ms(LIMIT), &result, &err), 0);
	assert_int_equal(bolt_result_consume(result, deadline_in_ms(LIMIT), &summary, &err), 0);
	bolt_result_free(result);
	forking.now = true;
	r = bolt_session_run(session, &statement, deadline_in_ms(LIMIT), &result, &err);
	if (forking.child == 0)
		_exit(is_refused(r, &err) ? 0 : 1);
	assert_int_equal(r, 0);
	assert_true(forking.child > 0);
	assert_int_equal(waitpid(forking.child, &status, 0), forking.child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	bolt_result_free(result);
	assert_int_equal(stage_count(stage, "RUN"), 2);
	bolt_session_free(session);
	bolt_driver_free(driver);
	bolt_bookmarks_free(bookmarks);
	stage_stop(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_child),
		cmocka_unit_test(test_fork_in_work),
		cmocka_unit_test(test_fork_in_a_hook),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
