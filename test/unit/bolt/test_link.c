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
#include "bolt/pack.h"
#include "test/unit/peer.h"
#include "test/unit/pki.h"

#define SOON 200 // ms, for what must time out
#define LIMIT 10000

static const struct bolt_auth auth = {.user = "neo4j", .password = "secret"};

// A server with its script, and the link with it.
struct talk {
	struct peer_server *server;
	struct bolt_target target;
	struct bolt_link *link;
	struct arena *arena;
	struct bolt_table result;
	struct err err;
};

static void start(struct talk *talk, peer_script script, void *user)
{
	*talk = (struct talk){.arena = arena_new(), .err = ERR_INIT};
	talk->server = peer_server_start(script, user, NULL);
	talk->target = (struct bolt_target){
		.host = "127.0.0.1", .port = peer_server_port(talk->server), .user_agent = "test/1"};
}

static int open_link(struct talk *talk, int64_t ms)
{
	int r = bolt_link_open(&talk->target, &auth, deadline_in_ms(ms), &talk->link, &talk->err);

	assert_int_equal(r, talk->err.class);
	assert_int_equal(r == 0, talk->link != NULL);
	return r;
}

static int query(struct talk *talk, const char *text, uint32_t max_rows, int64_t ms)
{
	const struct bolt_query q = {.text = text, .database = "system", .max_rows = max_rows};
	int r;

	err_clear(&talk->err);
	r = bolt_link_query(talk->link, &q, deadline_in_ms(ms), talk->arena, &talk->result, &talk->err);
	assert_int_equal(r, talk->err.class);
	return r;
}

static void end(struct talk *talk, unsigned n_connections)
{
	bolt_link_close(talk->link);
	peer_server_stop(talk->server, n_connections);
	arena_free(talk->arena);
}

// Of the server: rows of one field x from 1 on.
static bool send_fields(struct peer *peer)
{
	const struct bolt_value field = bolt_string("x");
	const struct bolt_entry meta[] = {{"fields", bolt_list(&field, 1)}};

	return peer_expect(peer, PEER_RUN, NULL) && peer_success(peer, meta, 1) && peer_expect(peer, PEER_PULL, NULL);
}

static bool send_rows(struct peer *peer, int64_t n, bool has_more)
{
	const struct bolt_entry meta[] = {{"has_more", bolt_bool(has_more)}, {"db", bolt_string("system")}};

	if (!send_fields(peer))
		return false;
	for (int64_t i = 1; i <= n; i++) {
		struct bolt_value row = bolt_int(i);

		if (!peer_record(peer, &row, 1) || (i % 3 == 0 && !peer_noop(peer)))
			return false;
	}
	return peer_success(peer, meta, 2);
}

static bool fail_query(struct peer *peer, const char *code, const char *message)
{
	return peer_expect(peer, PEER_RUN, NULL) && peer_failure(peer, code, message) && peer_expect(peer, PEER_PULL, NULL) &&
	       peer_ignored(peer) && peer_expect(peer, PEER_RESET, NULL) && peer_success(peer, NULL, 0);
}

static void goodbye(struct peer *peer)
{
	if (peer_expect(peer, PEER_GOODBYE, NULL))
		peer_wait_end(peer);
}

static void two_queries(struct peer *peer, void *user)
{
	(void)user;
	if (peer_welcome(peer) && send_rows(peer, 20, false) && send_rows(peer, 0, false))
		goodbye(peer);
}

static void test_query(void **state)
{
	struct talk talk;

	(void)state;
	start(&talk, two_queries, NULL);
	assert_int_equal(open_link(&talk, LIMIT), 0);
	assert_string_equal(bolt_link_server(talk.link), "Neo4j/5.26.12");
	assert_int_equal(bolt_link_version(talk.link).major, 5);
	assert_int_equal(bolt_link_version(talk.link).minor, 8);
	assert_int_equal(query(&talk, "UNWIND range(1, 20) AS x RETURN x", 20, LIMIT), 0);
	assert_int_equal(talk.result.n_rows, 20);
	assert_int_equal(talk.result.n_fields, 1);
	assert_string_equal(talk.result.fields[0], "x");
	for (uint32_t row = 0; row < 20; row++)
		assert_int_equal(bolt_as_int(bolt_table_get(&talk.result, row, "x"), 0), row + 1);
	assert_null(bolt_table_get(&talk.result, 20, "x"));
	assert_null(bolt_table_get(&talk.result, 0, "y"));
	assert_string_equal(bolt_as_string(bolt_map_get(talk.result.summary, "db")), "system");
	assert_int_equal(query(&talk, "RETURN 1 AS x LIMIT 0", 0, LIMIT), 0);
	assert_int_equal(talk.result.n_rows, 0);
	end(&talk, 1);
}

static void failures(struct peer *peer, void *user)
{
	(void)user;
	if (peer_welcome(peer) && fail_query(peer, "Neo.ClientError.Statement.SyntaxError", "bad\nquery") &&
	    fail_query(peer, "Neo.ClientError.Security.Forbidden", "no") && send_rows(peer, 1, false))
		goodbye(peer);
}

// After a failure of the query the link was reset and goes on.
static void test_failure_then_usable(void **state)
{
	struct talk talk;

	(void)state;
	start(&talk, failures, NULL);
	assert_int_equal(open_link(&talk, LIMIT), 0);
	assert_int_equal(query(&talk, "oops", 0, LIMIT), ERR_SERVER);
	assert_string_equal(talk.err.code, "Neo.ClientError.Statement.SyntaxError");
	assert_string_equal(talk.err.text, "bad query");
	assert_int_equal(query(&talk, "SHOW USERS", 0, LIMIT), ERR_FORBIDDEN);
	assert_string_equal(talk.err.code, "Neo.ClientError.Security.Forbidden");
	assert_int_equal(query(&talk, "RETURN 1", 0, LIMIT), 0);
	assert_int_equal(talk.result.n_rows, 1);
	end(&talk, 1);
}

static void late_failure(struct peer *peer, void *user)
{
	struct bolt_value row = bolt_int(1);

	(void)user;
	if (peer_welcome(peer) && send_fields(peer) && peer_record(peer, &row, 1) &&
	    peer_failure(peer, "Neo.TransientError.General.OutOfMemoryError", "full") && peer_expect(peer, PEER_RESET, NULL) &&
	    peer_success(peer, NULL, 0) && send_rows(peer, 2, false))
		goodbye(peer);
}

static void test_failure_behind_rows(void **state)
{
	struct talk talk;

	(void)state;
	start(&talk, late_failure, NULL);
	assert_int_equal(open_link(&talk, LIMIT), 0);
	assert_int_equal(query(&talk, "RETURN 1", 0, LIMIT), ERR_SERVER);
	assert_int_equal(talk.result.n_rows, 0); // no half result
	assert_int_equal(query(&talk, "RETURN 1", 0, LIMIT), 0);
	assert_int_equal(talk.result.n_rows, 2);
	end(&talk, 1);
}

// What comes instead of the answer to a query, after which the link is dead. Each ends with the client's close.
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

	if (send_fields(peer))
		(void)peer_record(peer, row, 2);
}

static void more_rows(struct peer *peer)
{
	(void)send_rows(peer, 5, true);
}

static void rows_beyond_pull(struct peer *peer)
{
	(void)send_rows(peer, 6, false);
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
	if (send_fields(peer))
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
	if (send_fields(peer))
		peer_wait_end(peer);
}

// Keep-alives only, without a pause: never silent, and never an answer.
static void chatty(struct peer *peer)
{
	static const char noops[4096];

	if (send_fields(peer))
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
		{chatty, false, ERR_TIMEOUT, "no answer in time while reading", SOON},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		struct ending ending = endings[i];
		struct talk talk;

		start(&talk, play_ending, &ending);
		assert_int_equal(open_link(&talk, LIMIT), 0);
		assert_int_equal(query(&talk, "RETURN 1", 5, ending.ms), ending.class);
		assert_string_equal(talk.err.text, ending.text);
		// Dead: not a byte goes out any more, not even GOODBYE.
		assert_int_equal(query(&talk, "RETURN 1", 5, LIMIT), ERR_IO);
		assert_string_equal(talk.err.text, "the connection is closed after an earlier failure");
		end(&talk, 1);
	}
}

// The rest of the world sees a closed connection in more than one way.
static void test_closed(void **state)
{
	struct ending cases[] = {{.script = closed}, {.script = reset}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct talk talk;

		start(&talk, play_ending, &cases[i]);
		assert_int_equal(open_link(&talk, LIMIT), 0);
		assert_int_equal(query(&talk, "RETURN 1", 5, LIMIT), ERR_IO);
		end(&talk, 1);
	}
}

static void test_heavy_result(void **state)
{
	struct ending ending = {.script = heavy_rows};
	struct talk talk;

	(void)state;
	start(&talk, play_ending, &ending);
	assert_int_equal(open_link(&talk, LIMIT), 0);
	assert_int_equal(query(&talk, "RETURN 1", 1000, 6 * LIMIT), ERR_TOO_LARGE);
	assert_string_equal(talk.err.text, "the result needs more than 67108864 bytes of memory");
	assert_true(arena_used(talk.arena) < (size_t)90 * 1024 * 1024);
	end(&talk, 1);
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
	struct talk talk;
	char *text;

	(void)state;
	start(&talk, welcome_and_wait, NULL);
	text = arena_alloc(talk.arena, size + 1);
	memset(text, 'x', size);
	assert_int_equal(open_link(&talk, LIMIT), 0);
	assert_int_equal(query(&talk, text, 0, LIMIT), ERR_TOO_LARGE);
	assert_string_equal(talk.err.text, "the request is larger than 16777216 bytes");
	end(&talk, 1);
}

// The opening of a link: what a server may do instead of welcoming.
static void open_refused(struct peer *peer, void *user)
{
	(void)user;
	if (peer_handshake(peer, 5, 8) && peer_expect(peer, PEER_HELLO, NULL) && peer_success(peer, NULL, 0) &&
	    peer_expect(peer, PEER_LOGON, NULL) &&
	    peer_failure(peer, "Neo.ClientError.Security.Unauthorized", "The client is unauthorized"))
		peer_wait_end(peer);
}

static void open_refused_early(struct peer *peer, void *user)
{
	(void)user;
	if (peer_handshake(peer, 5, 8) && peer_expect(peer, PEER_HELLO, NULL) &&
	    peer_failure(peer, "Neo.ClientError.Request.Invalid", "no such agent") && peer_expect(peer, PEER_LOGON, NULL) &&
	    peer_ignored(peer))
		peer_wait_end(peer);
}

static void open_ignored(struct peer *peer, void *user)
{
	(void)user;
	if (peer_handshake(peer, 5, 8) && peer_expect(peer, PEER_HELLO, NULL) && peer_ignored(peer))
		peer_wait_end(peer);
}

static void open_silent(struct peer *peer, void *user)
{
	(void)user;
	peer_wait_end(peer);
}

static void open_closed(struct peer *peer, void *user)
{
	char opening[20];

	(void)user;
	(void)peer_receive(peer, opening, sizeof(opening));
}

static void open_other(struct peer *peer, void *user)
{
	char opening[20];

	(void)user;
	if (peer_receive(peer, opening, sizeof(opening)) && peer_send(peer, "HTTP/1.1 400 Bad Request\r\n\r\n", 28))
		peer_wait_end(peer);
}

// What a server with TLS makes of Bolt's magic.
static void open_tls(struct peer *peer, void *user)
{
	char opening[20];

	(void)user;
	if (peer_receive(peer, opening, sizeof(opening)) && peer_send(peer, "\x15\x03\x03\x00\x02\x02\x46", 7))
		peer_wait_end(peer);
}

static void open_old(struct peer *peer, void *user)
{
	(void)user;
	if (peer_handshake(peer, 0, 0))
		peer_wait_end(peer);
}

static void open_closed_in_hello(struct peer *peer, void *user)
{
	(void)user;
	if (peer_handshake(peer, 5, 8))
		(void)peer_expect(peer, PEER_HELLO, NULL);
}

static void test_open_failures(void **state)
{
	static const struct {
		peer_script script;
		int64_t ms;
		enum err_class class;
		const char *code, *part;
	} cases[] = {
		{open_refused, LIMIT, ERR_FORBIDDEN, "Neo.ClientError.Security.Unauthorized", "The client is unauthorized"},
		{open_refused_early, LIMIT, ERR_SERVER, "Neo.ClientError.Request.Invalid", "no such agent"},
		{open_ignored, LIMIT, ERR_PROTOCOL, "", "the server ignored HELLO although"},
		{open_silent, SOON, ERR_TIMEOUT, "", "no answer in time"},
		{open_closed, LIMIT, ERR_IO, "", "it may require TLS there"},
		{open_other, LIMIT, ERR_PROTOCOL, "", "the port speaks HTTP"},
		{open_tls, LIMIT, ERR_PROTOCOL, "", "the port speaks TLS"},
		{open_old, LIMIT, ERR_PROTOCOL, "", "none of the Bolt versions 6.0, 5.0 to 5.8, 4.4 and 4.3"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct talk talk;

		start(&talk, cases[i].script, NULL);
		assert_int_equal(open_link(&talk, cases[i].ms), cases[i].class);
		assert_string_equal(talk.err.code, cases[i].code);
		assert_non_null(strstr(talk.err.text, cases[i].part));
		assert_null(strstr(talk.err.text, auth.password));
		end(&talk, 1);
	}
}

static void test_open_closed_in_hello(void **state)
{
	struct talk talk;

	(void)state;
	start(&talk, open_closed_in_hello, NULL);
	assert_int_equal(open_link(&talk, LIMIT), ERR_IO);
	end(&talk, 1);
}

// The server announces after how much silence it may be taken for gone; that ends a query before its deadline does.
static void announce_silence(struct peer *peer, void *user)
{
	const struct bolt_entry hint[] = {{"connection.recv_timeout_seconds", bolt_int(1)}};
	const struct bolt_entry meta[] = {{"hints", bolt_map(hint, 1)}};

	(void)user;
	if (peer_handshake(peer, 5, 8) && peer_expect(peer, PEER_HELLO, NULL) && peer_success(peer, meta, 1) &&
	    peer_expect(peer, PEER_LOGON, NULL) && peer_success(peer, NULL, 0) && send_fields(peer))
		peer_wait_end(peer);
}

static void test_announced_silence(void **state)
{
	struct talk talk;
	int64_t half;

	(void)state;
	start(&talk, announce_silence, NULL);
	assert_int_equal(open_link(&talk, LIMIT), 0);
	assert_string_equal(bolt_link_server(talk.link), "");
	half = deadline_in_ms(LIMIT / 2);
	assert_int_equal(query(&talk, "RETURN 1", 0, LIMIT), ERR_IO);
	assert_true(deadline_left_ms(half) > 0);
	end(&talk, 1);
}

// 4.4 has no LOGON; the manifest has a fifth byte to send back.
static void speak_4_4(struct peer *peer, void *user)
{
	struct bolt_value hello;

	(void)user;
	if (!peer_handshake(peer, 4, 4) || !peer_expect(peer, PEER_HELLO, &hello))
		return;
	if (strcmp(bolt_as_string(bolt_map_get(&hello.items[0], "credentials")), "secret") != 0)
		peer_fault(peer, "HELLO does not carry the password");
	if (peer_success(peer, NULL, 0) && send_rows(peer, 1, false))
		goodbye(peer);
}

static void speak_6_0(struct peer *peer, void *user)
{
	unsigned char opening[20], choice[5];

	(void)user;
	if (!peer_receive(peer, opening, sizeof(opening)) ||
	    !peer_send(peer, "\x00\x00\x01\xFF\x02\x00\x08\x08\x05\x00\x00\x00\x06\x00", 14) ||
	    !peer_receive(peer, choice, sizeof(choice)))
		return;
	if (memcmp(choice, "\x00\x00\x00\x06\x00", 5) != 0)
		peer_fault(peer, "the client did not choose 6.0");
	if (peer_expect(peer, PEER_HELLO, NULL) && peer_success(peer, NULL, 0) && peer_expect(peer, PEER_LOGON, NULL) &&
	    peer_success(peer, NULL, 0) && send_rows(peer, 1, false))
		goodbye(peer);
}

static void test_versions(void **state)
{
	static const peer_script scripts[] = {speak_4_4, speak_6_0};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct talk talk;

		start(&talk, scripts[i], NULL);
		assert_int_equal(open_link(&talk, LIMIT), 0);
		assert_int_equal(query(&talk, "RETURN 1 AS x", 0, LIMIT), 0);
		assert_int_equal(bolt_as_int(bolt_table_get(&talk.result, 0, "x"), 0), 1);
		end(&talk, 1);
	}
}

static void test_over_tls(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pki pki = pki_make(NULL, "DNS:n-client", -1, 30);
	const struct peer_tls tls = {.identity = &pki};
	struct talk talk = {.arena = arena_new(), .err = ERR_INIT};

	(void)state;
	talk.server = peer_server_start(two_queries, NULL, &tls);
	talk.target = (struct bolt_target){
		.host = "127.0.0.1", .port = peer_server_port(talk.server), .user_agent = "test/1", .tls = BOLT_TLS_VERIFY,
		.ca_pem = pki_certificate_pem(pki.certificate, arena), .server_name = "n-client"};
	assert_int_equal(open_link(&talk, LIMIT), 0);
	assert_int_equal(query(&talk, "UNWIND range(1, 20) AS x RETURN x", 0, LIMIT), 0);
	assert_int_equal(talk.result.n_rows, 20);
	assert_int_equal(query(&talk, "RETURN 1 AS x LIMIT 0", 0, LIMIT), 0);
	end(&talk, 1);
	pki_free(&pki);
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
		cmocka_unit_test(test_open_failures),
		cmocka_unit_test(test_open_closed_in_hello),
		cmocka_unit_test(test_announced_silence),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_over_tls),
		cmocka_unit_test(test_close_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
