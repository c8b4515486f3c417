// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A WebSocket's beginning, over TCP and TLS, and what a server may answer to it; then messages either way.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <poll.h>

#include "actor.h"
#include "net/websocket.h"
#include "test/unit/pki.h"

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY "\r\nSec-WebSocket-Key: "
#define LIMIT_MS 20000

// What the server does.
struct part {
	const char *answer;   // instead of an agreement; NULL: it agrees
	const char *protocol; // that it names
	bool wrong_accept, silent;
	struct actor *actor;
	struct http_tls tls;
	char url[64];
};

static void make_accept(const struct actor_call *call, char accept[64])
{
	const char *key = strstr(call->head, KEY);
	unsigned char digest[EVP_MAX_MD_SIZE];
	char text[128];
	unsigned size;

	assert_non_null(key);
	key += strlen(KEY);
	(void)snprintf(text, sizeof(text), "%.*s%s", (int)strcspn(key, "\r"), key, GUID);
	assert_int_equal(EVP_Digest(text, strlen(text), digest, &size, EVP_sha1(), NULL), 1);
	(void)EVP_EncodeBlock((unsigned char *)accept, digest, (int)size);
}

// Sends the client's message back, unmasked, behind a ping; the pong comes before it says goodbye.
static void echo(struct actor_conn *conn)
{
	unsigned char frame[2 + 4 + 125];

	if (!actor_receive(conn, frame, 6) || !actor_receive(conn, frame + 6, frame[1] & 0x7f))
		return;
	frame[1] &= 0x7f;
	for (size_t i = 0; i < frame[1]; i++)
		frame[6 + i] ^= frame[2 + i % 4];
	actor_send(conn, "\x89\x02hi", 4);
	actor_send(conn, frame, 2);
	actor_send(conn, frame + 6, frame[1]);
	if (actor_receive(conn, frame, 6 + 2)) {
		assert_int_equal(frame[0], 0x8a);
		assert_int_equal(frame[6] ^ frame[2], 'h');
		actor_send(conn, "\x88\x02\x03\xe8", 4);
	}
	(void)actor_receive(conn, frame, sizeof(frame));
}

static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	const struct part *part = actor_user(actor);
	char accept[64], head[512];

	(void)number;
	assert_string_equal(call->target, "/path?ports=1");
	assert_non_null(strstr(call->head, "\r\nAuthorization: Bearer the-bearer\r\n"));
	assert_non_null(strstr(call->head, "\r\nHost: 127.0.0.1:"));
	assert_non_null(strstr(call->head, "\r\nSec-WebSocket-Version: 13\r\n"));
	if (part->silent) {
		actor_silence(actor);
		return;
	}
	make_accept(call, accept);
	(void)snprintf(head, sizeof(head),
		       "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: %s%s\r\nSec-WebSocket-Protocol:%s\r\n\r\n",
		       part->wrong_accept ? "x" : "", accept, part->protocol);
	actor_send(conn, part->answer ? part->answer : head, strlen(part->answer ? part->answer : head));
	if (!part->answer)
		echo(conn);
	actor_break(conn);
}

static void begin(struct part *part, const struct actor_tls *tls)
{
	part->actor = tls ? actor_start_tls(tls, play, part) : actor_start(play, part);
	(void)snprintf(part->url, sizeof(part->url), "%s://127.0.0.1:%u/path?ports=1", tls ? "https" : "http", actor_port(part->actor));
}

static int open_it(const struct part *part, int timeout_ms, struct websocket **ret, struct http_response *response, struct err *err)
{
	const struct http_request request = {.url = part->url, .bearer = "the-bearer", .tls = &part->tls, .user_agent = "test/1", .timeout_ms = timeout_ms};

	return websocket_open(&request, "one.test", ret, response, err);
}

// The next piece, however long it takes.
static void wait_piece(struct websocket *websocket, struct frame_piece *ret)
{
	struct err err = ERR_INIT;

	for (;;) {
		struct pollfd item = {.fd = websocket_fd(websocket), .events = POLLIN};

		assert_int_equal(websocket_receive(websocket, ret, &err), 0);
		if (ret->event != FRAME_WANTS_INPUT)
			return;
		assert_int_equal(poll(&item, 1, LIMIT_MS), 1);
	}
}

static void talk(const struct part *part)
{
	struct websocket *websocket;
	struct http_response response;
	struct frame_piece piece;
	struct err err = ERR_INIT;

	assert_int_equal(open_it(part, LIMIT_MS, &websocket, &response, &err), 0);
	assert_int_equal(response.status, 101);
	assert_non_null(websocket);
	assert_int_equal(websocket_add(websocket, "hello", 5, &err), 0);
	assert_int_equal(websocket_flush(websocket, &err), 0);
	assert_false(websocket_wants_output(websocket));
	wait_piece(websocket, &piece);
	assert_int_equal(piece.event, FRAME_DATA);
	assert_true(piece.first);
	assert_int_equal(piece.len, 5);
	assert_memory_equal(piece.data, "hello", 5);
	wait_piece(websocket, &piece);
	assert_int_equal(piece.event, FRAME_CLOSE);
	websocket_close(websocket);
}

static void test_talk(void **state)
{
	struct part part = {.protocol = " one.test"};

	(void)state;
	begin(&part, NULL);
	talk(&part);
	actor_stop(part.actor);
}

static void test_talk_over_tls(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pki authority = pki_make(NULL, NULL, -1, 1), server = pki_make(&authority, "IP:127.0.0.1", -1, 1), other = pki_make(NULL, NULL, -1, 1);
	const struct actor_tls tls = {.identity = &server, .alpn = "http/1.1"};
	struct part part = {.protocol = "one.test", .tls = {.ca_pem = pki_certificate_pem(authority.certificate, arena)}};
	struct websocket *websocket;
	struct http_response response;
	struct err err = ERR_INIT;

	(void)state;
	begin(&part, &tls);
	talk(&part);
	part.tls.ca_pem = pki_certificate_pem(other.certificate, arena);
	assert_int_equal(open_it(&part, LIMIT_MS, &websocket, &response, &err), ERR_IO);
	assert_null(websocket);
	actor_stop(part.actor);
	pki_free(&authority), pki_free(&server), pki_free(&other);
}

// The server's words come to the caller, whether it says how long they are or not.
static void test_refused(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nwords", "HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\nwords", NULL};

	(void)state;
	for (size_t i = 0; answers[i]; i++) {
		struct part part = {.answer = answers[i]};
		struct websocket *websocket;
		struct http_response response = {0};
		struct err err = ERR_INIT;

		begin(&part, NULL);
		assert_int_equal(open_it(&part, LIMIT_MS, &websocket, &response, &err), 0);
		assert_null(websocket);
		assert_int_equal(response.status, 403);
		assert_string_equal(buf_str(&response.body), "words");
		buf_release(&response.body);
		actor_stop(part.actor);
	}
}

static void test_wrong_answers(void **state)
{
	static const struct part parts[] = {
		{.protocol = "another"}, {.protocol = "one.test", .wrong_accept = true}, {.answer = "SSH-2.0-x\r\n\r\n"}, {.answer = "HTTP/1.1 101 x\r\n\r\n"}};

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct part part = parts[i];
		struct websocket *websocket;
		struct http_response response = {0};
		struct err err = ERR_INIT;

		begin(&part, NULL);
		assert_int_equal(open_it(&part, LIMIT_MS, &websocket, &response, &err), ERR_PROTOCOL);
		assert_null(websocket);
		actor_stop(part.actor);
	}
}

static void test_silence(void **state)
{
	struct part part = {.silent = true};
	struct websocket *websocket;
	struct http_response response = {0};
	struct err err = ERR_INIT;

	(void)state;
	begin(&part, NULL);
	assert_int_equal(open_it(&part, 300, &websocket, &response, &err), ERR_TIMEOUT);
	err_clear(&err);
	actor_stop(part.actor);
	// Nobody listens there any more.
	assert_int_equal(open_it(&part, LIMIT_MS, &websocket, &response, &err), ERR_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_talk), cmocka_unit_test(test_talk_over_tls), cmocka_unit_test(test_refused), cmocka_unit_test(test_wrong_answers), cmocka_unit_test(test_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
