// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "bolt/link.h"
#include "test/unit/peer.h"

// bolt_link_query() takes no answer for success that is none of its own, or that says that nothing was done.

#define LIMIT 10000

static const struct bolt_auth auth = {.user = "neo4j", .password = "secret"};

struct talk {
	struct peer_server *server;
	struct bolt_link *link;
	struct arena *arena;
	struct err err;
};

static void start(struct talk *talk, peer_script script)
{
	struct bolt_target target = {.host = "127.0.0.1", .user_agent = "test/1"};

	*talk = (struct talk){.server = peer_server_start(script, NULL, NULL), .arena = arena_new()};
	target.port = peer_server_port(talk->server);
	assert_int_equal(bolt_link_open(&target, &auth, deadline_in_ms(LIMIT), &talk->link, &talk->err), 0);
}

static void end(struct talk *talk)
{
	bolt_link_close(talk->link);
	peer_server_stop(talk->server, 1);
	arena_free(talk->arena);
}

static int query_rows(struct talk *talk, bolt_row_fn on_row, void *user)
{
	const struct bolt_query query = {.text = "CREATE (n) RETURN n", .on_row = on_row, .user = user};
	struct bolt_table table;
	int r;

	err_clear(&talk->err);
	r = bolt_link_query(talk->link, &query, deadline_in_ms(LIMIT), talk->arena, &table, &talk->err);
	assert_int_equal(r, talk->err.class);
	return r;
}

static int query(struct talk *talk)
{
	return query_rows(talk, NULL, NULL);
}

static bool answer_query(struct peer *peer)
{
	const struct bolt_value field = bolt_string("n"), row = bolt_int(7);
	const struct bolt_entry meta[] = {{"fields", bolt_list(&field, 1)}};

	return peer_expect(peer, PEER_RUN, NULL) && peer_expect(peer, PEER_PULL, NULL) && peer_success(peer, meta, 1) &&
	       peer_record(peer, &row, 1) && peer_success(peer, NULL, 0);
}

// BEGIN fails, and whoever asked forgets to RESET: the server would ignore the query. It is not said; after the RESET it is.
static void fail_begin(struct peer *peer, void *user)
{
	(void)user;
	if (peer_welcome(peer) && peer_expect(peer, PEER_BEGIN, NULL) &&
	    peer_failure(peer, "Neo.ClientError.Database.DatabaseNotFound", "no such database") && peer_expect(peer, PEER_RESET, NULL) &&
	    peer_success(peer, NULL, 0) && answer_query(peer))
		peer_wait_end(peer);
}

static void test_after_a_failure(void **state)
{
	struct conn_event event;
	struct talk talk;

	(void)state;
	start(&talk, fail_begin);
	assert_int_equal(conn_begin(bolt_link_conn(talk.link), &(struct conn_tx){0}, &talk.err), 0);
	assert_int_equal(bolt_link_next(talk.link, deadline_in_ms(LIMIT), talk.arena, &event, &talk.err), 0);
	assert_int_equal(event.type, CONN_FAILURE);
	assert_int_equal(query(&talk), ERR_INVALID);
	assert_string_equal(talk.err.text, "an earlier request failed; bolt_link_reset() comes first");
	assert_false(bolt_link_is_dead(talk.link));
	err_clear(&talk.err);
	assert_int_equal(bolt_link_reset(talk.link, deadline_in_ms(LIMIT), &talk.err), 0);
	assert_int_equal(query(&talk), 0);
	end(&talk);
}

// The answer to BEGIN was not taken: it would be read as the query's.
static void answer_begin(struct peer *peer, void *user)
{
	(void)user;
	if (peer_welcome(peer) && peer_expect(peer, PEER_BEGIN, NULL) && peer_success(peer, NULL, 0) && answer_query(peer))
		peer_wait_end(peer);
}

static void test_before_an_answer(void **state)
{
	struct conn_event event;
	struct talk talk;

	(void)state;
	start(&talk, answer_begin);
	assert_int_equal(conn_begin(bolt_link_conn(talk.link), &(struct conn_tx){0}, &talk.err), 0);
	assert_int_equal(query(&talk), ERR_INVALID);
	assert_non_null(strstr(talk.err.text, "answers are due that were not taken"));
	err_clear(&talk.err);
	assert_int_equal(bolt_link_next(talk.link, deadline_in_ms(LIMIT), talk.arena, &event, &talk.err), 0);
	assert_int_equal(query(&talk), 0);
	end(&talk);
}

// The server skips what it has no reason to skip.
static void ignore_query(struct peer *peer, void *user)
{
	(void)user;
	if (peer_welcome(peer) && peer_expect(peer, PEER_RUN, NULL) && peer_expect(peer, PEER_PULL, NULL) && peer_ignored(peer))
		peer_wait_end(peer);
}

static void test_ignored(void **state)
{
	struct talk talk;

	(void)state;
	start(&talk, ignore_query);
	assert_int_equal(query(&talk), ERR_PROTOCOL);
	assert_non_null(strstr(talk.err.text, "ignored"));
	assert_true(bolt_link_is_dead(talk.link));
	end(&talk);
}

// Whatever the row's function returns but 0 is an error.
static int say(void *user, const struct bolt_table *table, const struct bolt_value *row, struct err *err)
{
	const int *returned = user;

	(void)table;
	(void)row;
	(void)err;
	return *returned;
}

static void answer_once(struct peer *peer, void *user)
{
	(void)user;
	if (peer_welcome(peer) && answer_query(peer))
		peer_wait_end(peer);
}

static void test_row_function(void **state)
{
	static int returned[] = {-1, 1, ERR_SERVER, 0};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct talk talk;
		int r;

		start(&talk, answer_once);
		r = query_rows(&talk, say, &returned[i]);
		assert_int_equal(r, returned[i] == 0 ? 0 : ERR_INTERNAL);
		assert_int_equal(bolt_link_is_dead(talk.link), returned[i] != 0);
		end(&talk);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_a_failure),
		cmocka_unit_test(test_before_an_answer),
		cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_row_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
