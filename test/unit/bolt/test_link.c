// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bolt/link.h"
#include "test/unit/bolt/pair.h"

static void test_query(void **state)
{
	struct pair pair;

	(void)state;
	pair_start(&pair, pair_two_queries, NULL, NULL);
	assert_int_equal(pair_open(&pair, LIMIT), 0);
	assert_string_equal(bolt_link_server(pair.link), "Neo4j/5.26.12");
	assert_int_equal(bolt_link_version(pair.link).major, 5);
	assert_int_equal(bolt_link_version(pair.link).minor, 8);
	assert_int_equal(pair_query(&pair, "UNWIND range(1, 20) AS x RETURN x", 20, LIMIT), 0);
	assert_int_equal(pair.result.n_rows, 20);
	assert_int_equal(pair.result.n_fields, 1);
	assert_string_equal(pair.result.fields[0], "x");
	for (uint32_t row = 0; row < 20; row++)
		assert_int_equal(bolt_as_int(bolt_table_get(&pair.result, row, "x"), 0), row + 1);
	assert_null(bolt_table_get(&pair.result, 20, "x"));
	assert_null(bolt_table_get(&pair.result, 0, "y"));
	assert_string_equal(bolt_as_string(bolt_map_get(pair.result.summary, "db")), "system");
	assert_int_equal(pair_query(&pair, "RETURN 1 AS x LIMIT 0", 0, LIMIT), 0);
	assert_int_equal(pair.result.n_rows, 0);
	pair_end(&pair, 1);
}

static bool fail_query(struct peer *peer, const char *code, const char *message)
{
	return peer_expect(peer, PEER_RUN, NULL) && peer_failure(peer, code, message) && peer_expect(peer, PEER_PULL, NULL) &&
	       peer_ignored(peer) && peer_expect(peer, PEER_RESET, NULL) && peer_success(peer, NULL, 0);
}

static void failures(struct peer *peer, void *user)
{
	(void)user;
	if (peer_welcome(peer) && fail_query(peer, "Neo.ClientError.Statement.SyntaxError", "bad\nquery") &&
	    fail_query(peer, "Neo.ClientError.Security.Forbidden", "no") && pair_rows(peer, 1, false))
		pair_goodbye(peer);
}

// After a failure of the query the link was reset and goes on.
static void test_failure_then_usable(void **state)
{
	struct pair pair;

	(void)state;
	pair_start(&pair, failures, NULL, NULL);
	assert_int_equal(pair_open(&pair, LIMIT), 0);
	assert_int_equal(pair_query(&pair, "oops", 0, LIMIT), ERR_SERVER);
	assert_string_equal(pair.err.code, "Neo.ClientError.Statement.SyntaxError");
	assert_string_equal(pair.err.text, "bad query");
	assert_int_equal(pair_query(&pair, "SHOW USERS", 0, LIMIT), ERR_FORBIDDEN);
	assert_string_equal(pair.err.code, "Neo.ClientError.Security.Forbidden");
	assert_int_equal(pair_query(&pair, "RETURN 1", 0, LIMIT), 0);
	assert_int_equal(pair.result.n_rows, 1);
	pair_end(&pair, 1);
}

static void late_failure(struct peer *peer, void *user)
{
	struct bolt_value row = bolt_int(1);

	(void)user;
	if (peer_welcome(peer) && pair_fields(peer) && peer_record(peer, &row, 1) &&
	    peer_failure(peer, "Neo.TransientError.General.OutOfMemoryError", "full") && peer_expect(peer, PEER_RESET, NULL) &&
	    peer_success(peer, NULL, 0) && pair_rows(peer, 2, false))
		pair_goodbye(peer);
}

static void test_failure_behind_rows(void **state)
{
	struct pair pair;

	(void)state;
	pair_start(&pair, late_failure, NULL, NULL);
	assert_int_equal(pair_open(&pair, LIMIT), 0);
	assert_int_equal(pair_query(&pair, "RETURN 1", 0, LIMIT), ERR_SERVER);
	assert_int_equal(pair.result.n_rows, 0); // no half result
	assert_int_equal(pair_query(&pair, "RETURN 1", 0, LIMIT), 0);
	assert_int_equal(pair.result.n_rows, 2);
	pair_end(&pair, 1);
}

// Each of these comes instead of the answer to a query, and kills the link. Each ends with the client's close.
static void ignore_query(struct peer *peer)
{
	if (peer_expect(peer, PEER_RUN, NULL))
		(void)peer_ignored(peer);
}

static void fail_twice(struct peer *peer)
{
	if (peer_expect(peer, PEER_RUN, NULL) && peer_failure(peer, "Neo.ClientError.Statement.SyntaxError", "bad") &&
	    peer_expect(peer, PEER_PULL, NULL) && peer_ignored(peer) && peer_expect(peer, PEER_RESET, NULL))
		(void)peer_failure(peer, "Neo.DatabaseError.General.UnknownError", "worse");
}

static void record_for_reset(struct peer *peer)
{
	struct bolt_value row = bolt_int(1);

	if (peer_expect(peer, PEER_RUN, NULL) && peer_failure(peer, "Neo.ClientError.Statement.SyntaxError", "bad") &&
	    peer_expect(peer, PEER_PULL, NULL))
		(void)peer_record(peer, &row, 1);
}

static void no_fields(struct peer *peer)
{
	if (peer_expect(peer, PEER_RUN, NULL))
		(void)peer_success(peer, NULL, 0);
}

static void field_is_no_string(struct peer *peer)
{
	const struct bolt_value field = bolt_int(1);
	const struct bolt_entry meta[] = {{"fields", bolt_list(&field, 1)}};

	if (peer_expect(peer, PEER_RUN, NULL))
		(void)peer_success(peer, meta, 1);
}

static void wide_row(struct peer *peer)
{
	const struct bolt_value row[] = {bolt_int(1), bolt_int(2)};

	if (pair_fields(peer))
		(void)peer_record(peer, row, 2);
}

static void more_rows(struct peer *peer)
{
	(void)pair_rows(peer, 5, true);
}

static void rows_beyond_pull(struct peer *peer)
{
	(void)pair_rows(peer, 6, false);
}

static void garbage(struct peer *peer)
{
	if (peer_expect(peer, PEER_RUN, NULL))
		(void)peer_send(peer, "\x00\x01\xC7\x00\x00", 5);
}

// A message without an end: chunks for as long as the client takes them.
static void endless_message(struct peer *peer)
{
	static const char chunk[2 + 65535] = "\xFF\xFF";

	if (peer_expect(peer, PEER_RUN, NULL))
		while (peer_send(peer, chunk, sizeof(chunk)))
			continue;
}

// Few rows, but 8 MiB each.
static void heavy_rows(struct peer *peer)
{
	size_t size = (size_t)8 * 1024 * 1024;
	char *text = arena_alloc(peer_arena(peer), size + 1);
	struct bolt_value row;

	memset(text, 'x', size);
	row = bolt_string(text);
	if (pair_fields(peer))
		while (peer_record(peer, &row, 1))
			continue;
}

static void half_a_message(struct peer *peer)
{
	if (peer_expect(peer, PEER_RUN, NULL) && peer_expect(peer, PEER_PULL, NULL))
		(void)peer_send(peer, "\x00\x10\xB1", 3);
}

static void closed(struct peer *peer)
{
	(void)peer_expect(peer, PEER_RUN, NULL);
}

static void reset(struct peer *peer)
{
	if (peer_expect(peer, PEER_RUN, NULL) && peer_expect(peer, PEER_PULL, NULL))
		peer_reset_socket(peer);
}

static void silent(struct peer *peer)
{
	if (pair_fields(peer))
		peer_wait_end(peer);
}

// Keep-alives only, without a pause: never silent, and never an answer.
static void chatty(struct peer *peer)
{
	static const char noops[4096];

	if (pair_fields(peer))
		while (peer_send(peer, noops, sizeof(noops)))
			continue;
}

struct ending {
	void (*script)(struct peer *peer);
	bool waits; // until the client has closed
	enum err_class class;
	const char *text;
	int64_t ms;
};

static void play_ending(struct peer *peer, void *user)
{
	const struct ending *ending = user;

	if (!peer_welcome(peer))
		return;
	ending->script(peer);
	if (ending->waits)
		peer_wait_end(peer);
}

static void test_endings(void **state)
{
	static const struct ending endings[] = {
		{ignore_query, true, ERR_PROTOCOL, "the server ignored RUN although nothing had failed before", LIMIT},
		{fail_twice, true, ERR_SERVER, "bad", LIMIT},
		{record_for_reset, true, ERR_SERVER, "bad", LIMIT},
		{no_fields, true, ERR_PROTOCOL, "the answer to RUN names no fields", LIMIT},
		{field_is_no_string, true, ERR_PROTOCOL, "a field in the answer to RUN is no string", LIMIT},
		{wide_row, true, ERR_PROTOCOL, "a row has 2 values where there are 1 fields", LIMIT},
		{more_rows, true, ERR_TOO_LARGE, "the result has more than 5 rows", LIMIT},
		{rows_beyond_pull, true, ERR_PROTOCOL, "the server sent more rows than the 5 that were asked for", LIMIT},
		{garbage, true, ERR_PROTOCOL, "a message of the server: PackStream at byte 0 of 1: an unknown marker", LIMIT},
		{endless_message, false, ERR_TOO_LARGE, "a Bolt message is larger than 16777216 bytes", LIMIT},
		{half_a_message, false, ERR_IO, "the server closed the connection", LIMIT},
		{silent, false, ERR_TIMEOUT, "no answer in time while reading", SOON},
		{chatty, false, ERR_PROTOCOL, "the server sends nothing but keep-alives, more than 1000 a second", LIMIT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		struct ending ending = endings[i];
		struct pair pair;

		pair_start(&pair, play_ending, &ending, NULL);
		assert_int_equal(pair_open(&pair, LIMIT), 0);
		assert_int_equal(pair_query(&pair, "RETURN 1", 5, ending.ms), ending.class);
		assert_string_equal(pair.err.text, ending.text);
		// Dead: not a byte goes out any more, not even GOODBYE.
		assert_int_equal(pair_query(&pair, "RETURN 1", 5, LIMIT), ERR_IO);
		assert_string_equal(pair.err.text, "the connection is closed after an earlier failure");
		pair_end(&pair, 1);
	}
}

// The rest of the world sees a closed connection in more than one way.
static void test_closed(void **state)
{
	struct ending cases[] = {{.script = closed}, {.script = reset}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair pair;

		pair_start(&pair, play_ending, &cases[i], NULL);
		assert_int_equal(pair_open(&pair, LIMIT), 0);
		assert_int_equal(pair_query(&pair, "RETURN 1", 5, LIMIT), ERR_IO);
		pair_end(&pair, 1);
	}
}

static void test_heavy_result(void **state)
{
	struct ending ending = {.script = heavy_rows};
	struct pair pair;

	(void)state;
	pair_start(&pair, play_ending, &ending, NULL);
	assert_int_equal(pair_open(&pair, LIMIT), 0);
	assert_int_equal(pair_query(&pair, "RETURN 1", 1000, 6 * LIMIT), ERR_TOO_LARGE);
	assert_non_null(strstr(pair.err.text, "the values need more memory than is allowed"));
	assert_true(arena_used(pair.arena) <= (size_t)64 * 1024 * 1024);
	pair_end(&pair, 1);
}

static void welcome_and_wait(struct peer *peer, void *user)
{
	(void)user;
	if (peer_welcome(peer))
		peer_wait_end(peer);
}

// A request over the limit is refused before anything of it is sent.
static void test_oversized_request(void **state)
{
	size_t size = (size_t)16 * 1024 * 1024;
	struct pair pair;
	char *text;

	(void)state;
	pair_start(&pair, welcome_and_wait, NULL, NULL);
	text = arena_alloc(pair.arena, size + 1);
	memset(text, 'x', size);
	assert_int_equal(pair_open(&pair, LIMIT), 0);
	assert_int_equal(pair_query(&pair, text, 0, LIMIT), ERR_TOO_LARGE);
	assert_string_equal(pair.err.text, "the request is larger than 16777216 bytes");
	pair_end(&pair, 1);
}

static void test_close_of_nothing(void **state)
{
	(void)state;
	bolt_link_close(NULL);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_failure_then_usable),
		cmocka_unit_test(test_failure_behind_rows),
		cmocka_unit_test(test_endings),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_heavy_result),
		cmocka_unit_test(test_oversized_request),
		cmocka_unit_test(test_close_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
