// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Transactions, results, bookmarks, retries.

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "test/interop/interop.h"

static int64_t count(struct test *test, const char *label)
{
	const char *text = arena_printf(test->arena, "MATCH (n:%s) RETURN count(n)", label);
	struct bolt_value rows = run(test, text, NULL);

	return bolt_as_int(cell(&rows, 0, 0), -1);
}

static void tx_run(struct test *test, struct bolt_tx *tx, const char *text)
{
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	const struct bolt_summary *summary;

	MUST(bolt_tx_run(tx, &(struct bolt_statement){.text = text}, limit(), &result, &test->err));
	MUST(bolt_result_consume(result, limit(), &summary, &test->err));
}

static void test_commit_and_rollback(void **state)
{
	struct test *test = *state;
	struct bolt_tx *tx;

	(void)run(test, "MATCH (n:Kept) DELETE n", NULL);
	MUST(bolt_session_begin(test->session, NULL, limit(), &tx, &test->err));
	tx_run(test, tx, "CREATE (:Kept)");
	tx_run(test, tx, "CREATE (:Kept)");
	MUST(bolt_tx_commit(tx, limit(), &test->err));
	assert_false(bolt_tx_is_open(tx));
	bolt_tx_free(tx);
	assert_int_equal(count(test, "Kept"), 2);
	MUST(bolt_session_begin(test->session, NULL, limit(), &tx, &test->err));
	tx_run(test, tx, "CREATE (:Kept)");
	MUST(bolt_tx_rollback(tx, limit(), &test->err));
	bolt_tx_free(tx);
	assert_int_equal(count(test, "Kept"), 2);
	MUST(bolt_session_begin(test->session, NULL, limit(), &tx, &test->err));
	tx_run(test, tx, "CREATE (:Kept)");
	bolt_tx_free(tx);
	assert_int_equal(count(test, "Kept"), 2);
}

static void test_failure_in_transaction(void **state)
{
	struct test *test = *state;
	_cleanup_(bolt_tx_freep) struct bolt_tx *tx = NULL;
	struct bolt_result *result;

	(void)run(test, "MATCH (n:Lost) DELETE n", NULL);
	MUST(bolt_session_begin(test->session, NULL, limit(), &tx, &test->err));
	tx_run(test, tx, "CREATE (:Lost)");
	FAILS(ERR_SERVER, "Neo.ClientError.Statement.SyntaxError",
	      bolt_tx_run(tx, &(struct bolt_statement){.text = "NONSENSE"}, limit(), &result, &test->err));
	assert_non_null(bolt_session_failure(test->session));
	FAILS(ERR_INVALID, NULL, bolt_tx_run(tx, &(struct bolt_statement){.text = "RETURN 1"}, limit(), &result, &test->err));
	MUST(bolt_tx_rollback(tx, limit(), &test->err));
	assert_int_equal(count(test, "Lost"), 0);
}

// Rows of two results, taken by turns, in batches of 7.
static void test_several_results(void **state)
{
	struct test *test = *state;
	_cleanup_(bolt_session_freep) struct bolt_session *session = NULL;
	_cleanup_(bolt_tx_freep) struct bolt_tx *tx = NULL;
	_cleanup_(bolt_result_freep) struct bolt_result *one = NULL;
	_cleanup_(bolt_result_freep) struct bolt_result *two = NULL;
	_cleanup_(bolt_result_freep) struct bolt_result *three = NULL;
	const struct bolt_summary *summary;
	const struct bolt_value *row;

	MUST(bolt_session_new(test->driver, &(struct bolt_session_options){.fetch_size = 7}, &session, &test->err));
	MUST(bolt_session_begin(session, NULL, limit(), &tx, &test->err));
	MUST(bolt_tx_run(tx, &(struct bolt_statement){.text = "UNWIND range(1, 100) AS x RETURN x"}, limit(), &one, &test->err));
	MUST(bolt_tx_run(tx, &(struct bolt_statement){.text = "UNWIND range(1001, 1100) AS x RETURN x"}, limit(), &two, &test->err));
	MUST(bolt_tx_run(tx, &(struct bolt_statement){.text = "UNWIND range(1, 100000) AS x RETURN x"}, limit(), &three, &test->err));
	for (int64_t i = 1; i <= 100; i++) {
		assert_int_equal(bolt_result_next(one, limit(), &row, &test->err), 1);
		assert_int_equal(bolt_as_int(&row->items[0], -1), i);
		assert_int_equal(bolt_result_next(two, limit(), &row, &test->err), 1);
		assert_int_equal(bolt_as_int(&row->items[0], -1), 1000 + i);
	}
	assert_int_equal(bolt_result_next(three, limit(), &row, &test->err), 1);
	MUST(bolt_result_consume(three, limit(), &summary, &test->err));
	assert_int_equal(bolt_result_next(one, limit(), &row, &test->err), 0);
	MUST(bolt_tx_commit(tx, limit(), &test->err));
}

static void test_single_and_peek(void **state)
{
	struct test *test = *state;
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	_cleanup_(bolt_result_freep) struct bolt_result *many = NULL;
	const struct bolt_value *row;
	uint32_t n;

	MUST(bolt_session_run(test->session, &(struct bolt_statement){.text = "RETURN 5 AS x, 'y' AS y"}, limit(), &result, &test->err));
	assert_string_equal(bolt_result_keys(result, &n)[1], "y");
	assert_int_equal(n, 2);
	assert_int_equal(bolt_result_peek(result, limit(), &row, &test->err), 1);
	MUST(bolt_result_single(result, limit(), &row, &test->err));
	assert_int_equal(bolt_as_int(bolt_result_get(result, row, "x"), -1), 5);
	MUST(bolt_session_run(test->session, &(struct bolt_statement){.text = "UNWIND [1, 2] AS x RETURN x"}, limit(), &many, &test->err));
	FAILS(ERR_CONFLICT, NULL, bolt_result_single(many, limit(), &row, &test->err));
}

static void test_bookmarks(void **state)
{
	struct test *test = *state;
	_cleanup_(bolt_session_freep) struct bolt_session *second = NULL;
	_cleanup_(bolt_session_freep) struct bolt_session *third = NULL;
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	static const char *const nonsense[] = {"no bookmark"};
	struct bolt_bookmark_list left;
	const struct bolt_value *row;
	char *first;

	assert_int_equal(bolt_session_bookmarks(test->session).n, 0);
	(void)run(test, "CREATE (:Marked)", NULL);
	left = bolt_session_bookmarks(test->session);
	assert_int_equal(left.n, 1);
	first = arena_strdup(test->arena, left.items[0]);
	(void)run(test, "CREATE (:Marked)", NULL);
	left = bolt_session_bookmarks(test->session);
	assert_int_equal(left.n, 1);
	assert_string_not_equal(left.items[0], first);
	MUST(bolt_session_new(test->driver, &(struct bolt_session_options){.after = left}, &second, &test->err));
	MUST(bolt_session_run(second, &(struct bolt_statement){.text = "MATCH (m:Marked) RETURN count(m) > 1"}, limit(), &result, &test->err));
	MUST(bolt_result_single(result, limit(), &row, &test->err));
	assert_true(bolt_as_bool(&row->items[0], false));
	MUST(bolt_session_new(test->driver, &(struct bolt_session_options){.after = {nonsense, 1}}, &third, &test->err));
	bolt_result_free(steal_ptr(result));
	FAILS(ERR_SERVER, "Neo.ClientError.Transaction.InvalidBookmark",
	      bolt_session_run(third, &(struct bolt_statement){.text = "RETURN 1"}, limit(), &result, &test->err));
}

static void test_shared_bookmarks(void **state)
{
	struct test *test = *state;
	_cleanup_(bolt_bookmarks_freep) struct bolt_bookmarks *bookmarks = bolt_bookmarks_new(NULL, NULL);
	const struct bolt_call call = {.text = "CREATE (:Marked)", .bookmarks = bookmarks};
	struct bolt_bookmark_list now;
	struct bolt_answer answer;

	for (int i = 0; i < 3; i++)
		MUST(bolt_driver_query(test->driver, &call, limit(), test->arena, &answer, &test->err));
	MUST(bolt_bookmarks_get(bookmarks, test->arena, &now, &test->err));
	assert_int_equal(now.n, 1);
}

static void test_access_mode(void **state)
{
	struct test *test = *state;
	_cleanup_(bolt_session_freep) struct bolt_session *session = NULL;
	struct bolt_result *result;

	MUST(bolt_session_new(test->driver, &(struct bolt_session_options){.read = true}, &session, &test->err));
	FAILS(ERR_SERVER, "Neo.ClientError.Statement.AccessMode",
	      bolt_session_run(session, &(struct bolt_statement){.text = "CREATE (:Never)"}, limit(), &result, &test->err));
}

// Two that lock in opposite order: the server ends one, which is done again.
struct rival {
	struct test *test;
	atomic_uint *locked;
	bool backwards;
	unsigned tries;
	int r;
	struct err err;
};

static int lock(struct bolt_tx *tx, int64_t id, int64_t deadline, struct err *err)
{
	const struct bolt_entry entry = {"id", bolt_int(id)};
	const struct bolt_value params = bolt_map(&entry, 1);
	struct bolt_result *result;
	const struct bolt_summary *summary;
	int r = bolt_tx_run(tx, &(struct bolt_statement){.text = "MATCH (n:Lock {id: $id}) SET n.n = n.n + 1", .params = &params}, deadline,
			    &result, err);

	if (r == 0) {
		r = bolt_result_consume(result, deadline, &summary, err);
		bolt_result_free(result);
	}
	return r;
}

static int rival_work(struct bolt_tx *tx, void *user, int64_t deadline, struct err *err)
{
	struct rival *rival = user;
	int r = lock(tx, rival->backwards ? 2 : 1, deadline, err);

	if (r == 0 && rival->tries++ == 0) {
		atomic_fetch_add(rival->locked, 1);
		while (atomic_load(rival->locked) < 2 && deadline_left_ms(deadline) > 0)
			(void)sched_yield();
	}
	return r < 0 ? r : lock(tx, rival->backwards ? 1 : 2, deadline, err);
}

static void *rival_run(void *user)
{
	struct rival *rival = user;
	struct bolt_session *session;

	rival->r = bolt_session_new(rival->test->driver, NULL, &session, &rival->err);
	if (rival->r == 0)
		rival->r = bolt_session_execute(session, &(struct bolt_job){.work = rival_work, .user = rival}, limit(), &rival->err);
	bolt_session_free(session);
	return NULL;
}

static void test_deadlock_is_retried(void **state)
{
	struct test *test = *state;
	atomic_uint locked = 0;
	struct rival rivals[2] = {{.test = test, .locked = &locked}, {.test = test, .locked = &locked, .backwards = true}};
	pthread_t threads[2];
	struct bolt_value rows;

	(void)run(test, "MATCH (n:Lock) DELETE n", NULL);
	(void)run(test, "CREATE (:Lock {id: 1, n: 0}), (:Lock {id: 2, n: 0})", NULL);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, rival_run, &rivals[i]), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < 2; i++)
		must_(rivals[i].r, &rivals[i].err, HERE("the rival's work"));
	assert_true(rivals[0].tries + rivals[1].tries > 2);
	rows = run(test, "MATCH (n:Lock) RETURN n.n ORDER BY n.id", NULL);
	assert_int_equal(bolt_as_int(cell(&rows, 0, 0), -1), 2);
	assert_int_equal(bolt_as_int(cell(&rows, 1, 0), -1), 2);
}

// Eight threads on a pool of three.
struct crowd {
	struct bolt_driver *driver;
	int r;
	struct err err;
};

static void *crowd_run(void *user)
{
	struct crowd *one = user;
	struct arena *arena = arena_new();

	for (int64_t i = 0; i < 50 && one->r == 0; i++) {
		const struct bolt_entry entry = {"i", bolt_int(i)};
		const struct bolt_value params = bolt_map(&entry, 1);
		struct bolt_answer answer;

		arena_reset(arena);
		one->r = bolt_driver_query(one->driver, &(struct bolt_call){.text = "RETURN $i * 2 AS x", .params = &params, .read = true},
					   limit(), arena, &answer, &one->err);
		if (one->r == 0 && bolt_as_int(bolt_answer_get(&answer, 0, "x"), -1) != 2 * i)
			one->r = err_set(&one->err, ERR_INTERNAL, "another's answer");
	}
	arena_free(arena);
	return NULL;
}

static void test_pool(void **state)
{
	struct test *test = *state;
	struct bolt_driver_options options = plain();
	_cleanup_(bolt_driver_freep) struct bolt_driver *driver = NULL;
	struct crowd crowd[8];
	pthread_t threads[8];
	struct bolt_pool_figures figures;

	options.pool_size = 3;
	MUST(bolt_driver_new(&options, &driver, &test->err));
	for (int i = 0; i < 8; i++) {
		crowd[i] = (struct crowd){.driver = driver};
		assert_int_equal(pthread_create(&threads[i], NULL, crowd_run, &crowd[i]), 0);
	}
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < 8; i++)
		must_(crowd[i].r, &crowd[i].err, HERE("one of the crowd"));
	bolt_driver_figures(driver, &(struct bolt_address){.host = "127.0.0.1", .port = server.port}, &figures);
	assert_int_equal(figures.in_use, 0);
	assert_in_range(figures.idle, 1, 3);
}

TESTS(tests_work, TEST(test_commit_and_rollback), TEST(test_failure_in_transaction), TEST(test_several_results),
      TEST(test_single_and_peek), TEST(test_bookmarks), TEST(test_shared_bookmarks), TEST(test_access_mode),
      TEST(test_deadlock_is_retried), TEST(test_pool));
