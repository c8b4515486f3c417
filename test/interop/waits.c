// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Calls that last: timeouts, cancellation, interruption, and results that are larger than the client may keep.

#include <pthread.h>
#include <stdlib.h>

#include "bolt/link.h"
#include "test/interop/interop.h"

// How long after the cause an end may come, on a machine that has other things to do.
#define SOON_MS 10000

static int run_marked(struct test *test, const char *mark, int64_t timeout_ms, int64_t deadline)
{
	const struct bolt_value metadata = marked(test, mark);
	const struct bolt_statement statement = {.text = lasting(), .timeout_ms = timeout_ms, .metadata = &metadata};
	struct bolt_result *result;
	const struct bolt_value *row;
	int r = bolt_session_run(test->session, &statement, deadline, &result, &test->err);

	if (r < 0)
		return r;
	r = bolt_result_next(result, deadline, &row, &test->err);
	bolt_result_free(result);
	return r;
}

// The server's own limit, as it was asked for.
static void test_transaction_timeout(void **state)
{
	struct test *test = *state;

	if (!stops())
		return;
	assert_int_equal(run_marked(test, "timeout", 300, limit()), ERR_SERVER);
	assert_true(strncmp(test->err.code, "Neo.ClientError.Transaction.TransactionTimedOut", 47) == 0 ||
		    strcmp(test->err.code, "Neo.TransientError.Transaction.Terminated") == 0);
	err_clear(&test->err);
	(void)run(test, "RETURN 1", NULL);
}

// Ours: nothing is left running over there.
static void test_deadline(void **state)
{
	struct test *test = *state;
	int64_t start = clock_monotonic_ms(&clock_system);

	assert_int_equal(run_marked(test, "deadline", 0, deadline_in_ms(500)), ERR_TIMEOUT);
	assert_in_range(clock_monotonic_ms(&clock_system) - start, 500, 500 + SOON_MS);
	err_clear(&test->err);
	await_running(test, "deadline", 0);
	(void)run(test, "RETURN 1", NULL);
}

struct canceller {
	struct test *test;
	int r;
	int64_t ended;
};

static void *run_endless(void *user)
{
	struct canceller *canceller = user;

	canceller->r = run_marked(canceller->test, "cancel", 0, limit());
	canceller->ended = clock_monotonic_ms(&clock_system);
	return NULL;
}

static void test_cancel(void **state)
{
	struct test *test = *state;
	struct canceller canceller = {.test = test};
	struct test other = {.arena = arena_new()};
	pthread_t thread;
	int64_t fired;

	assert_int_equal(pthread_create(&thread, NULL, run_endless, &canceller), 0);
	await_running(&other, "cancel", 1);
	fired = clock_monotonic_ms(&clock_system);
	bolt_session_cancel(test->session);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(canceller.r, ERR_CANCELLED);
	assert_true(canceller.ended - fired < SOON_MS);
	await_running(&other, "cancel", 0);
	arena_free(other.arena);
}

// RESET ends what runs on the same connection, which goes on.
static void test_reset(void **state)
{
	struct test *test = *state;
	const struct bolt_target target = {.host = "127.0.0.1", .port = server.port, .user_agent = "interop/1"};
	const struct bolt_auth auth = bolt_auth_basic(USER, PASSWORD);
	const struct bolt_value metadata = marked(test, "reset");
	const struct conn_tx tx = {.database = "neo4j", .metadata = &metadata};
	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	struct bolt_table table;

	MUST(bolt_link_open(&target, &auth, limit(), &link, &test->err));
	MUST(conn_run(bolt_link_conn(link), &(struct conn_run){.text = lasting(), .tx = &tx}, &test->err));
	MUST(conn_pull(bolt_link_conn(link), CONN_ALL, CONN_LAST, &test->err));
	MUST(bolt_link_flush(link, limit(), &test->err));
	await_running(test, "reset", 1);
	MUST(bolt_link_reset(link, limit(), &test->err));
	MUST(bolt_link_query(link, &(struct bolt_query){.text = "RETURN 7 AS x"}, limit(), test->arena, &table, &test->err));
	assert_int_equal(bolt_as_int(bolt_table_get(&table, 0, "x"), -1), 7);
	await_running(test, "reset", 0);
}

// The most memory this process ever had, as the kernel tells it; begins anew.
static long peak_kib(bool anew)
{
	_cleanup_(fclosep) FILE *status = fopen("/proc/self/status", "re");
	_cleanup_(fclosep) FILE *refs = fopen("/proc/self/clear_refs", "we");
	char line[256];
	long peak = -1;

	assert_non_null(status);
	while (fgets(line, sizeof(line), status)) {
		if (strncmp(line, "VmHWM:", 6) == 0)
			peak = strtol(line + 6, NULL, 10);
	}
	if (anew && refs)
		(void)fputs("5", refs);
	return peak;
}

// A million rows in batches of 100: memory does not grow.
static void test_large_result(void **state)
{
	struct test *test = *state;
	_cleanup_(bolt_session_freep) struct bolt_session *session = NULL;
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	const struct bolt_statement statement = {.text = "UNWIND range(1, 1000000) AS i RETURN i, 'row ' + i AS s, i * 0.5 AS f"};
	const struct bolt_value *row;
	int64_t n = 0, sum = 0, size = 0;
	long before;
	int r;

	MUST(bolt_session_new(test->driver, &(struct bolt_session_options){.fetch_size = 100}, &session, &test->err));
	MUST(bolt_session_run(session, &statement, limit(), &result, &test->err));
	(void)peak_kib(true);
	before = peak_kib(false);
	while ((r = bolt_result_next(result, limit(), &row, &test->err)) > 0) {
		n++;
		sum += bolt_as_int(&row->items[0], 0);
		size += row->items[1].size;
	}
	MUST(r);
	assert_int_equal(n, 1000000);
	assert_int_equal(sum, INT64_C(500000500000));
	assert_int_equal(size, 4 * 1000000 + 5888896);
	assert_true(peak_kib(false) - before < 2048);
}

// The server sends only the rows that are asked for: the first of ten million.
static void test_discard(void **state)
{
	struct test *test = *state;
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	const struct bolt_statement statement = {.text = "UNWIND range(1, 10000000) AS i RETURN i"};
	const struct bolt_summary *summary;
	const struct bolt_value *row;

	MUST(bolt_session_run(test->session, &statement, limit(), &result, &test->err));
	for (int64_t i = 1; i <= 3; i++) {
		assert_int_equal(bolt_result_next(result, limit(), &row, &test->err), 1);
		assert_int_equal(bolt_as_int(&row->items[0], -1), i);
	}
	MUST(bolt_result_consume(result, limit(), &summary, &test->err));
	assert_string_equal(summary->query_type, "r");
	(void)run(test, "RETURN 1", NULL);
}

// A failure after rows: the rows come, then the failure.
static void test_failure_behind_rows(void **state)
{
	struct test *test = *state;
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	const struct bolt_statement statement = {.text = "UNWIND range(500, 0, -1) AS i RETURN 10 / i AS x"};
	const struct bolt_value *row;
	int64_t n = 0;
	int r = bolt_session_run(test->session, &statement, limit(), &result, &test->err);

	while (r >= 0 && (r = bolt_result_next(result, limit(), &row, &test->err)) > 0)
		n++;
	assert_int_equal(r, ERR_SERVER);
	assert_string_equal(test->err.code, "Neo.ClientError.Statement.ArithmeticError");
	assert_true(n <= 500);
	err_clear(&test->err);
	(void)run(test, "RETURN 1", NULL);
}

TESTS(tests_waits, TEST(test_transaction_timeout), TEST(test_deadline), TEST(test_cancel), TEST(test_reset), TEST(test_large_result),
      TEST(test_discard), TEST(test_failure_behind_rows));
