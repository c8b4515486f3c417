// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The n-th read or write of a driver's life fails, for every n: each call either succeeds or says why, nothing hangs, and (with the
// sanitizers) nothing leaks. The linker puts the functions here in place of recv() and send().

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "bolt/session.h"
#include "test/unit/bolt/stage.h"

#define LIMIT 20000
#define CALLS_MAX 500

static pthread_t client;  // the server's threads are not to fail
static unsigned calls, failing; // 0: none fails

ssize_t __real_recv(int fd, void *data, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t size, int flags);
ssize_t __real_send(int fd, const void *data, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags);

static bool fails(void)
{
	if (!pthread_equal(pthread_self(), client) || ++calls != failing)
		return false;
	errno = ECONNRESET;
	return true;
}

ssize_t __wrap_recv(int fd, void *data, size_t size, int flags)
{
	return fails() ? -1 : __real_recv(fd, data, size, flags);
}

ssize_t __wrap_send(int fd, const void *data, size_t size, int flags)
{
	return fails() ? -1 : __real_send(fd, data, size, flags);
}

// A broken connection may be told as such, or as a transaction tells an earlier failure.
static bool is_fine(int r, const struct err *err)
{
	return r >= 0 || err->class == ERR_IO || err->class == ERR_INVALID;
}

static int read_rows(struct bolt_result *result, struct err *err)
{
	const struct bolt_value *row;
	int r;

	while ((r = bolt_result_next(result, deadline_in_ms(LIMIT), &row, err)) > 0)
		assert_int_equal(bolt_as_int(&row->items[0], 0), 1);
	return r;
}

static int auto_commit(struct bolt_session *session, struct err *err)
{
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	const struct bolt_summary *summary;
	int r = bolt_session_run(session, &(struct bolt_statement){.text = "Q"}, deadline_in_ms(LIMIT), &result, err);

	if (r == 0)
		r = read_rows(result, err);
	if (r == 0)
		r = bolt_result_consume(result, deadline_in_ms(LIMIT), &summary, err);
	return r;
}

static int transaction(struct bolt_session *session, struct err *err)
{
	_cleanup_(bolt_tx_freep) struct bolt_tx *tx = NULL;
	_cleanup_(bolt_result_freep) struct bolt_result *a = NULL, *b = NULL;
	int r = bolt_session_begin(session, NULL, deadline_in_ms(LIMIT), &tx, err);

	if (r == 0)
		r = bolt_tx_run(tx, &(struct bolt_statement){.text = "A"}, deadline_in_ms(LIMIT), &a, err);
	if (r == 0)
		r = bolt_tx_run(tx, &(struct bolt_statement){.text = "B"}, deadline_in_ms(LIMIT), &b, err);
	if (r == 0)
		r = read_rows(b, err);
	if (r == 0)
		r = bolt_tx_commit(tx, deadline_in_ms(LIMIT), err);
	return r;
}

// A life of a driver. Returns how many of its calls failed.
static unsigned live(const char *uri)
{
	const struct bolt_driver_options options = {.uri = uri, .retry_ms = -1, .fetch_size = 1, .liveness_ms = -1};
	const struct bolt_session_options wanted = {.database = "movies"};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_session *session = NULL;
	struct bolt_driver *driver = NULL;
	struct bolt_answer answer;
	struct err err = ERR_INIT;
	unsigned failures = 0;
	int r;

	assert_int_equal(bolt_driver_new(&options, &driver, &err), 0);
	assert_int_equal(bolt_session_new(driver, &wanted, &session, &err), 0);
	for (int i = 0; i < 3; i++) {
		err_clear(&err);
		if (i == 0)
			r = auto_commit(session, &err);
		else if (i == 1)
			r = transaction(session, &err);
		else
			r = bolt_driver_query(driver, &(struct bolt_call){.text = "Q", .database = "movies"}, deadline_in_ms(LIMIT), arena, &answer,
					      &err);
		assert_int_equal(r < 0, err_is_set(&err));
		if (!is_fine(r, &err))
			fail_msg("call %u fails: %s %s", failing, err_class_name(err.class), err.text);
		failures += r < 0;
	}
	bolt_session_free(session);
	bolt_driver_free(driver);
	return failures;
}

static void test_torture(void **state)
{
	struct stage *stage = stage_start(5, 4);
	char uri[64], table[256];
	const struct stage_rule route = {"ROUTE", 0, table};
	unsigned most, failures = 0;

	(void)state;
	(void)snprintf(uri, sizeof(uri), "neo4j://127.0.0.1:%u", stage_port(stage));
	(void)snprintf(table, sizeof(table),
		       "SUCCESS {\"rt\":{\"ttl\":300,\"servers\":[{\"role\":\"ROUTE\",\"addresses\":[\"127.0.0.1:%u\"]},"
		       "{\"role\":\"READ\",\"addresses\":[\"127.0.0.1:%u\"]},{\"role\":\"WRITE\",\"addresses\":[\"127.0.0.1:%u\"]}]}}",
		       stage_port(stage), stage_port(stage), stage_port(stage));
	stage_play(stage, &route, 1, NULL);
	client = pthread_self();
	calls = failing = 0;
	assert_int_equal(live(uri), 0);
	most = calls;
	assert_in_range(most, 20, CALLS_MAX);
	for (failing = 1; failing <= most; failing++) {
		calls = 0;
		failures += live(uri) > 0;
	}
	failing = 0;
	// A reset that is read where an end or nothing was due harms nobody; most do.
	assert_true(failures > most / 2);
	stage_stop(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_torture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
