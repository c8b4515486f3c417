// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "bolt/link.h"
#include "test/unit/peer.h"

// A link driven by requests and events: what goes out in one flight, streaming with demand, RESET in the middle, cancellation from elsewhere.

#define LIMIT 10000

static const struct bolt_auth auth = {.user = "neo4j", .password = "secret"};

struct talk {
	struct peer_server *server;
	struct bolt_target target;
	struct bolt_link *link;
	struct arena *arena;
	struct err err;
};

static void start(struct talk *talk, peer_script script, void *user)
{
	*talk = (struct talk){.arena = arena_new(), .err = ERR_INIT};
	talk->server = peer_server_start(script, user, NULL);
	talk->target = (struct bolt_target){.host = "127.0.0.1", .port = peer_server_port(talk->server), .user_agent = "test/1"};
}

static int begin(struct talk *talk)
{
	return bolt_link_begin(&talk->target, &auth, deadline_in_ms(LIMIT), &talk->link, &talk->err);
}

static void end(struct talk *talk)
{
	bolt_link_close(talk->link);
	peer_server_stop(talk->server, 1);
	arena_free(talk->arena);
}

static int next(struct talk *talk, struct conn_event *ret)
{
	return bolt_link_next(talk->link, deadline_in_ms(LIMIT), talk->arena, ret, &talk->err);
}

static void ask(struct talk *talk, int64_t n)
{
	struct conn *conn = bolt_link_conn(talk->link);

	assert_int_equal(conn_run(conn, &(struct conn_run){.text = "RETURN 1"}, &talk->err), 0);
	assert_int_equal(conn_pull(conn, n, CONN_LAST, &talk->err), 0);
}

// Where the login is not known to be good, a statement is not said; the machine is as before.
static void assert_mute(struct talk *talk)
{
	struct conn *conn = bolt_link_conn(talk->link);
	size_t len = conn->output.len;

	assert_int_equal(conn_run(conn, &(struct conn_run){.text = "CREATE ()"}, &talk->err), ERR_INVALID);
	assert_string_equal(talk->err.text, "a statement has to wait for the answer to the login");
	assert_int_equal(conn->output.len, len);
	err_clear(&talk->err);
}

// A whole flight is heard before any of it is answered.
struct flight {
	unsigned major, minor;
	bool manifest;
	const char *refusal; // of the logon
	bool begins; // BEGIN is said with the login
};

static bool shake_hands(struct peer *peer, const struct flight *flight)
{
	const unsigned char manifest[] = {0x00, 0x00, 0x01, 0xFF, 0x01, 0x00, 0x00, (unsigned char)flight->minor, (unsigned char)flight->major, 0x00};
	unsigned char opening[20], chosen[5];

	if (!flight->manifest)
		return peer_handshake(peer, flight->major, flight->minor);
	return peer_receive(peer, opening, sizeof(opening)) && peer_send(peer, manifest, sizeof(manifest)) &&
	       peer_receive(peer, chosen, sizeof(chosen));
}

static bool hear_login(struct peer *peer, const struct flight *flight)
{
	return shake_hands(peer, flight) && peer_expect(peer, PEER_HELLO, NULL) && peer_expect(peer, PEER_LOGON, NULL) &&
	       (!flight->begins || peer_expect(peer, PEER_BEGIN, NULL));
}

// Nothing comes behind it.
static void refuse_login(struct peer *peer, const struct flight *flight)
{
	struct bolt_value message;

	(void)(peer_failure(peer, flight->refusal, "no") && (!flight->begins || peer_ignored(peer)));
	if (peer_read(peer, &message))
		peer_fault(peer, "something was said behind a login that was refused");
}

static void hear_all_first(struct peer *peer, void *user)
{
	const struct bolt_value field = bolt_string("x"), row = bolt_int(7);
	const struct bolt_entry meta[] = {{"fields", bolt_list(&field, 1)}};
	const struct bolt_entry names[] = {{"server", bolt_string("Neo4j/5.26.12")}, {"connection_id", bolt_string("bolt-1")}};
	const struct flight *flight = user;

	if (!hear_login(peer, flight) || !peer_success(peer, names, 2))
		return;
	if (flight->refusal) {
		refuse_login(peer, flight);
		return;
	}
	(void)(peer_success(peer, NULL, 0) && (!flight->begins || peer_success(peer, NULL, 0)) && peer_expect(peer, PEER_RUN, NULL) &&
	       peer_expect(peer, PEER_PULL, NULL) && peer_success(peer, meta, 1) && peer_record(peer, &row, 1) && peer_success(peer, NULL, 0));
	peer_wait_end(peer);
}

// From 5.1 on HELLO, LOGON and what changes nothing are one flight, after the handshake; with a manifest the choice travels in it, too. The
// statement is the second.
static void test_two_flights(void **state)
{
	static struct flight flights[] = {{.major = 5, .minor = 1, .begins = true}, {.major = 5, .minor = 8, .begins = true},
					  {.major = 5, .minor = 8, .manifest = true, .begins = true},
					  {.major = 6, .minor = 0, .manifest = true, .begins = true}};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct conn_event event;
		struct talk talk;

		start(&talk, hear_all_first, &flights[i]);
		assert_int_equal(begin(&talk), 0);
		assert_string_equal(bolt_link_server(talk.link), "");
		assert_mute(&talk);
		assert_int_equal(conn_begin(bolt_link_conn(talk.link), &(struct conn_tx){0}, &talk.err), 0);
		assert_mute(&talk);
		assert_int_equal(next(&talk, &event), 0);
		assert_true(event.type == CONN_SUCCESS && event.request == CONN_BEGIN);
		ask(&talk, 10);
		assert_int_equal(next(&talk, &event), 0);
		assert_true(event.type == CONN_SUCCESS && event.request == CONN_RUN);
		assert_string_equal(bolt_link_server(talk.link), "Neo4j/5.26.12");
		assert_string_equal(bolt_link_connection_id(talk.link), "bolt-1");
		assert_int_equal(next(&talk, &event), 0);
		assert_true(event.type == CONN_RECORD && event.value.items[0].integer == 7);
		assert_int_equal(next(&talk, &event), 0);
		assert_true(event.type == CONN_SUCCESS && event.request == CONN_PULL);
		assert_int_equal(next(&talk, &event), ERR_INVALID);
		assert_string_equal(talk.err.text, "no answer is due");
		assert_false(bolt_link_is_dead(talk.link));
		end(&talk);
	}
}

// bolt_link_query() waits for the login by itself.
static void test_query_behind_the_login(void **state)
{
	struct flight flight = {.major = 5, .minor = 8};
	struct bolt_table table;
	struct talk talk;

	(void)state;
	start(&talk, hear_all_first, &flight);
	assert_int_equal(begin(&talk), 0);
	assert_int_equal(bolt_link_query(talk.link, &(struct bolt_query){.text = "RETURN 7 AS x"}, deadline_in_ms(LIMIT), talk.arena,
					 &table, &talk.err), 0);
	assert_int_equal(bolt_as_int(bolt_table_get(&table, 0, "x"), 0), 7);
	end(&talk);
}

// A logon that is refused is what the first call says, and no statement was sent.
static void test_refused(void **state)
{
	struct flight flight = {.major = 5, .minor = 8, .refusal = "Neo.ClientError.Security.Unauthorized"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bolt_table table;
		struct conn_event event;
		struct talk talk;
		int r;

		flight.begins = i == 0;
		start(&talk, hear_all_first, &flight);
		assert_int_equal(begin(&talk), 0);
		if (i == 0) {
			assert_int_equal(conn_begin(bolt_link_conn(talk.link), &(struct conn_tx){0}, &talk.err), 0);
			r = next(&talk, &event);
		} else {
			r = bolt_link_query(talk.link, &(struct bolt_query){.text = "RETURN 1"}, deadline_in_ms(LIMIT), talk.arena, &table,
					    &talk.err);
		}
		assert_int_equal(r, ERR_FORBIDDEN);
		assert_string_equal(talk.err.code, flight.refusal);
		assert_string_equal(bolt_link_failure(talk.link)->code, flight.refusal);
		assert_true(bolt_link_is_dead(talk.link));
		end(&talk);
	}
}

// Before 5.1 the answer to HELLO is waited for: what follows depends on it.
static void greet_first(struct peer *peer, void *user)
{
	const struct flight *flight = user;

	if (shake_hands(peer, flight) && peer_expect(peer, PEER_HELLO, NULL) && peer_success(peer, NULL, 0))
		(void)(peer_expect(peer, PEER_GOODBYE, NULL));
}

static void test_old_versions_settle_at_once(void **state)
{
	static struct flight flights[] = {{.major = 4, .minor = 4}, {.major = 5, .minor = 0}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct talk talk;

		start(&talk, greet_first, &flights[i]);
		assert_int_equal(begin(&talk), 0);
		assert_int_equal(bolt_link_version(talk.link).major, flights[i].major);
		assert_int_equal(conn_due(bolt_link_conn(talk.link)), CONN_REQUESTS);
		assert_int_equal(bolt_link_settle(talk.link, deadline_in_ms(LIMIT), &talk.err), 0);
		end(&talk);
	}
}

// Rows on demand: two at a time, then the rest is not wanted.
static void stream(struct peer *peer, void *user)
{
	const struct bolt_value field = bolt_string("x"), row = bolt_int(1);
	const struct bolt_entry fields[] = {{"fields", bolt_list(&field, 1)}}, more[] = {{"has_more", bolt_bool(true)}};
	struct bolt_value message;

	(void)user;
	if (!peer_welcome(peer) || !peer_expect(peer, PEER_RUN, NULL) || !peer_success(peer, fields, 1))
		return;
	for (int i = 0; i < 3; i++) {
		if (!peer_expect(peer, PEER_PULL, &message) || bolt_as_int(bolt_map_get(&message.items[0], "n"), 0) != 2 ||
		    !peer_record(peer, &row, 1) || !peer_record(peer, &row, 1) || !peer_success(peer, more, 1)) {
			peer_fault(peer, "not the demand that was expected");
			return;
		}
	}
	if (peer_expect(peer, 0x2F, &message) && peer_success(peer, NULL, 0) && peer_expect(peer, PEER_GOODBYE, NULL))
		peer_wait_end(peer);
}

static void test_demand(void **state)
{
	struct conn_event event = {.type = CONN_RECORD};
	struct talk talk;
	unsigned rows = 0;

	(void)state;
	start(&talk, stream, NULL);
	assert_int_equal(bolt_link_open(&talk.target, &auth, deadline_in_ms(LIMIT), &talk.link, &talk.err), 0);
	ask(&talk, 2);
	assert_int_equal(next(&talk, &event), 0); // RUN's
	for (unsigned i = 0; i < 3; i++) {
		do {
			arena_reset(talk.arena);
			assert_int_equal(next(&talk, &event), 0);
			rows += event.type == CONN_RECORD;
		} while (event.type == CONN_RECORD);
		assert_true(bolt_as_bool(bolt_map_get(&event.value, "has_more"), false));
		if (i < 2)
			assert_int_equal(conn_pull(bolt_link_conn(talk.link), 2, CONN_LAST, &talk.err), 0);
	}
	assert_int_equal(rows, 6);
	assert_int_equal(conn_discard(bolt_link_conn(talk.link), CONN_ALL, CONN_LAST, &talk.err), 0);
	assert_int_equal(next(&talk, &event), 0);
	assert_int_equal(event.request, CONN_DISCARD);
	end(&talk);
}

// RESET overtakes a stream: what was under way is dropped and the link goes on, unless the server refuses.
static void interrupted(struct peer *peer, void *user)
{
	const struct bolt_value field = bolt_string("x"), row = bolt_int(1);
	const struct bolt_entry fields[] = {{"fields", bolt_list(&field, 1)}};
	bool *refuse = user;

	if (!peer_welcome(peer) || !peer_expect(peer, PEER_RUN, NULL) || !peer_success(peer, fields, 1) ||
	    !peer_expect(peer, PEER_PULL, NULL))
		return;
	for (int i = 0; i < 100; i++) {
		if (!peer_record(peer, &row, 1))
			return;
	}
	if (!peer_expect(peer, PEER_RESET, NULL) || !peer_record(peer, &row, 1) || !peer_ignored(peer))
		return;
	if (*refuse ? peer_failure(peer, "Neo.DatabaseError.General.UnknownError", "no") : peer_success(peer, NULL, 0))
		peer_wait_end(peer);
}

static void test_reset_in_a_stream(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		bool refuse = i == 1;
		struct conn_event event;
		struct talk talk;

		start(&talk, interrupted, &refuse);
		assert_int_equal(bolt_link_open(&talk.target, &auth, deadline_in_ms(LIMIT), &talk.link, &talk.err), 0);
		ask(&talk, CONN_ALL);
		for (int n = 0; n < 5; n++)
			assert_int_equal(next(&talk, &event), 0);
		assert_int_equal(bolt_link_reset(talk.link, deadline_in_ms(LIMIT), &talk.err), refuse ? ERR_SERVER : 0);
		assert_int_equal(bolt_link_is_dead(talk.link), refuse);
		assert_int_equal(bolt_link_failure(talk.link) != NULL, refuse);
		end(&talk);
	}
}

// A value that the version cannot carry is refused before anything is sent, and the link is as before.
static void test_refused_parameter(void **state)
{
	const struct bolt_value none[4] = {{.type = BOLT_NULL}};
	const struct bolt_value node = {.type = BOLT_STRUCT, .tag = 0x4E, .size = 4, .items = none};
	const struct bolt_entry entry = {"n", node};
	const struct bolt_value params = bolt_map(&entry, 1);
	const struct bolt_query query = {.text = "RETURN $n", .params = &params};
	struct bolt_table table;
	struct talk talk;
	struct flight flight = {.major = 4, .minor = 4};

	(void)state;
	start(&talk, greet_first, &flight);
	assert_int_equal(begin(&talk), 0);
	assert_int_equal(bolt_link_query(talk.link, &query, deadline_in_ms(LIMIT), talk.arena, &table, &talk.err), ERR_INVALID);
	assert_false(bolt_link_is_dead(talk.link));
	end(&talk); // GOODBYE is the next thing that the server hears
}

// Another thread ends a call that waits.
struct silence {
	sem_t heard; // the server has the request and will not answer
	struct bolt_cancel *cancel;
};

static void say_nothing(struct peer *peer, void *user)
{
	struct silence *silence = user;

	if (peer_welcome(peer) && peer_expect(peer, PEER_RUN, NULL) && peer_expect(peer, PEER_PULL, NULL))
		(void)sem_post(&silence->heard);
	peer_wait_end(peer);
}

static void *fire_when_heard(void *user)
{
	struct silence *silence = user;

	(void)sem_wait(&silence->heard);
	bolt_cancel_fire(silence->cancel);
	return NULL;
}

static void test_cancel_from_another_thread(void **state)
{
	struct silence silence;
	struct conn_event event;
	struct talk talk;
	pthread_t thread;

	(void)state;
	(void)sem_init(&silence.heard, 0, 0);
	start(&talk, say_nothing, &silence);
	assert_int_equal(bolt_cancel_new(&silence.cancel, &talk.err), 0);
	assert_int_equal(bolt_link_open(&talk.target, &auth, deadline_in_ms(LIMIT), &talk.link, &talk.err), 0);
	bolt_link_set_cancel(talk.link, silence.cancel);
	ask(&talk, 1);
	assert_int_equal(pthread_create(&thread, NULL, fire_when_heard, &silence), 0);
	assert_int_equal(bolt_link_next(talk.link, DEADLINE_NEVER, talk.arena, &event, &talk.err), ERR_CANCELLED);
	assert_string_equal(talk.err.text, "cancelled while reading");
	assert_true(bolt_link_is_dead(talk.link));
	(void)pthread_join(thread, NULL);
	end(&talk);
	bolt_cancel_free(silence.cancel);
	(void)sem_destroy(&silence.heard);
}

// Already fired: nothing is waited for, at no stage.
static void test_cancelled_before(void **state)
{
	struct bolt_cancel *cancel = NULL;
	struct talk talk;

	(void)state;
	start(&talk, say_nothing, NULL);
	assert_int_equal(bolt_cancel_new(&cancel, &talk.err), 0);
	bolt_cancel_fire(cancel);
	bolt_cancel_fire(cancel);
	assert_true(bolt_cancel_fired(cancel));
	talk.target.cancel = cancel;
	assert_int_equal(bolt_link_open(&talk.target, &auth, DEADLINE_NEVER, &talk.link, &talk.err), ERR_CANCELLED);
	end(&talk);
	bolt_cancel_free(cancel);
}

// A socket that somebody else has connected.
static void test_adopt(void **state)
{
	struct err err = ERR_INIT;
	const struct bolt_target target = {.user_agent = "test/1"};
	struct bolt_link *link = NULL;
	char opening[20];
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(write(fds[1], "\0\0\x08\x05", 4), 4);
	assert_int_equal(bolt_link_adopt(fds[0], &target, &auth, deadline_in_ms(LIMIT), &link, &err), 0);
	assert_int_equal(read(fds[1], opening, sizeof(opening)), sizeof(opening));
	assert_int_equal(bolt_link_flush(link, deadline_in_ms(LIMIT), &err), 0);
	bolt_link_close(link);
	(void)close(fds[1]);
	// A socket that is none is closed all the same.
	assert_int_equal(bolt_link_adopt(-1, &target, &auth, deadline_in_ms(LIMIT), &link, &err), ERR_INTERNAL);
}

static void test_adopted_garbage(void **state)
{
	struct err err = ERR_INIT;
	const struct bolt_target target = {.user_agent = "test/1"};
	struct bolt_link *link = NULL;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(write(fds[1], "HTTP", 4), 4);
	assert_int_equal(bolt_link_adopt(fds[0], &target, &auth, deadline_in_ms(LIMIT), &link, &err), ERR_PROTOCOL);
	assert_int_equal(fcntl(fds[0], F_GETFD), -1);
	(void)close(fds[1]);
}

// A password that must be changed: refused, unless the caller is there to change it.
static void expired(struct peer *peer, void *user)
{
	const struct bolt_entry meta[] = {{"credentials_expired", bolt_bool(true)}};

	(void)user;
	if (peer_handshake(peer, 5, 8) && peer_expect(peer, PEER_HELLO, NULL) && peer_success(peer, NULL, 0) &&
	    peer_expect(peer, PEER_LOGON, NULL) && peer_success(peer, meta, 1))
		peer_wait_end(peer);
}

static void test_expired_password(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct talk talk;
		int r;

		start(&talk, expired, NULL);
		talk.target.expired_ok = i == 1;
		r = bolt_link_open(&talk.target, &auth, deadline_in_ms(LIMIT), &talk.link, &talk.err);
		assert_int_equal(r, i == 1 ? 0 : ERR_FORBIDDEN);
		assert_string_equal(talk.err.code, i == 1 ? "" : BOLT_CREDENTIALS_EXPIRED);
		end(&talk);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_flights),
		cmocka_unit_test(test_query_behind_the_login),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_old_versions_settle_at_once),
		cmocka_unit_test(test_demand),
		cmocka_unit_test(test_reset_in_a_stream),
		cmocka_unit_test(test_refused_parameter),
		cmocka_unit_test(test_cancel_from_another_thread),
		cmocka_unit_test(test_cancelled_before),
		cmocka_unit_test(test_adopt),
		cmocka_unit_test(test_adopted_garbage),
		cmocka_unit_test(test_expired_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
