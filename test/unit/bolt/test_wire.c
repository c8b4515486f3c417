// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "bolt/wire.h"
#include "test/unit/peer.h"
#include "test/unit/pki.h"

#define SOON 200 // ms, for what must time out
#define LONG 1200 // the same, long enough for recv() to sleep
#define LIMIT 10000

static struct bolt_target target_of(const struct peer_server *server)
{
	return (struct bolt_target){.host = "127.0.0.1", .port = peer_server_port(server), .user_agent = "test/1"};
}

// Sends back what comes, until the client closes.
static void echo(struct peer *peer, void *user)
{
	char byte;

	(void)user;
	while (peer_receive(peer, &byte, 1))
		(void)peer_send(peer, &byte, 1);
}

static void wait_end(struct peer *peer, void *user)
{
	(void)user;
	peer_wait_end(peer);
}

// A wire to a socket of the test's own.
static struct wire *wire_to(int *ret_far)
{
	int fds[2];
	struct err err = ERR_INIT;
	struct wire *wire;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(wire_from_fd(fds[0], NULL, DEADLINE_NEVER, &wire, &err), 0);
	*ret_far = fds[1];
	return wire;
}

static void read_all(struct wire *wire, char *data, size_t size)
{
	struct err err = ERR_INIT;
	size_t n;

	while (size > 0) {
		assert_int_equal(wire_read(wire, data, size, deadline_in_ms(LIMIT), &n, &err), 0);
		assert_true(n > 0 && n <= size);
		data += n;
		size -= n;
	}
}

static void test_round_trip(void **state)
{
	struct peer_server *server = peer_server_start(echo, NULL, NULL);
	struct bolt_target target = target_of(server);
	struct err err = ERR_INIT;
	struct wire *wire;
	char data[6] = "";

	(void)state;
	assert_int_equal(wire_open(&target, deadline_in_ms(LIMIT), &wire, &err), 0);
	assert_int_equal(wire_write(wire, "hello", 5, deadline_in_ms(LIMIT), &err), 0);
	read_all(wire, data, 5);
	assert_string_equal(data, "hello");
	wire_close(wire);
	peer_server_stop(server, 1);
}

// A port that is taken but does not listen.
static void test_nobody_listens(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct bolt_target target = {.host = "127.0.0.1"};
	socklen_t size = sizeof(address);
	struct err err = ERR_INIT;
	struct wire *wire = NULL;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	target.port = ntohs(address.sin_port);
	assert_int_equal(wire_open(&target, deadline_in_ms(LIMIT), &wire, &err), ERR_IO);
	assert_non_null(strstr(err.text, "cannot connect: Connection refused"));
	assert_non_null(strstr(err.text, "127.0.0.1:"));
	assert_null(wire);
}

static void test_orderly_end(void **state)
{
	int far;
	struct err err = ERR_INIT;
	struct wire *wire;
	char data[8];
	size_t n;

	(void)state;
	wire = wire_to(&far);
	assert_int_equal(write(far, "ab", 2), 2);
	assert_int_equal(close(far), 0);
	assert_int_equal(wire_read(wire, data, sizeof(data), deadline_in_ms(LIMIT), &n, &err), 0);
	assert_int_equal(n, 2);
	assert_int_equal(wire_read(wire, data, sizeof(data), deadline_in_ms(LIMIT), &n, &err), 0);
	assert_int_equal(n, 0);
	// No signal, an error.
	assert_int_equal(wire_write(wire, "x", 1, deadline_in_ms(LIMIT), &err), ERR_IO);
	wire_close(wire);
}

static void test_from_a_bad_fd(void **state)
{
	struct err err = ERR_INIT;
	struct wire *wire;

	(void)state;
	assert_int_equal(wire_from_fd(-1, NULL, DEADLINE_NEVER, &wire, &err), ERR_INTERNAL);
}

static void reset(struct peer *peer, void *user)
{
	char byte;

	(void)user;
	(void)peer_receive(peer, &byte, 1);
	peer_reset_socket(peer);
}

static void test_reset(void **state)
{
	struct peer_server *server = peer_server_start(reset, NULL, NULL);
	struct bolt_target target = target_of(server);
	struct err err = ERR_INIT;
	struct wire *wire;
	char byte;
	size_t n;

	(void)state;
	assert_int_equal(wire_open(&target, deadline_in_ms(LIMIT), &wire, &err), 0);
	assert_int_equal(wire_write(wire, "x", 1, deadline_in_ms(LIMIT), &err), 0);
	assert_int_equal(wire_read(wire, &byte, 1, deadline_in_ms(LIMIT), &n, &err), ERR_IO);
	assert_string_equal(err.text, "the connection broke: Connection reset by peer");
	wire_close(wire);
	peer_server_stop(server, 1);
}

static void test_read_in_vain(void **state)
{
	struct peer_server *server = peer_server_start(wait_end, NULL, NULL);
	struct bolt_target target = target_of(server);
	int64_t deadline = deadline_in_ms(SOON);
	struct err err = ERR_INIT;
	struct wire *wire;
	char byte;
	size_t n;

	(void)state;
	assert_int_equal(wire_open(&target, deadline_in_ms(LIMIT), &wire, &err), 0);
	assert_int_equal(wire_read(wire, &byte, 1, deadline, &n, &err), ERR_TIMEOUT);
	assert_int_equal(deadline_left_ms(deadline), 0);
	wire_close(wire);
	peer_server_stop(server, 1);
}

// A peer that always has more to say does not outlast a deadline.
static void test_read_past_the_deadline(void **state)
{
	int far;
	struct err err = ERR_INIT;
	struct wire *wire;
	char byte;
	size_t n;

	(void)state;
	wire = wire_to(&far);
	assert_int_equal(write(far, "a", 1), 1);
	assert_int_equal(wire_read(wire, &byte, 1, deadline_in_ms(-1), &n, &err), ERR_TIMEOUT);
	wire_close(wire);
	(void)close(far);
}

// Nor does it outlast a cancellation.
static void test_cancelled_read(void **state)
{
	int far;
	struct bolt_cancel *cancel = NULL;
	struct err err = ERR_INIT;
	struct wire *wire;
	char byte;
	size_t n;

	(void)state;
	wire = wire_to(&far);
	assert_int_equal(bolt_cancel_new(&cancel, &err), 0);
	wire_set_cancel(wire, cancel);
	assert_int_equal(write(far, "ab", 2), 2);
	assert_int_equal(wire_read(wire, &byte, 1, DEADLINE_NEVER, &n, &err), 0);
	bolt_cancel_fire(cancel);
	assert_int_equal(wire_read(wire, &byte, 1, DEADLINE_NEVER, &n, &err), ERR_CANCELLED);
	assert_string_equal(err.text, "cancelled while reading");
	wire_close(wire);
	bolt_cancel_free(cancel);
	(void)close(far);
}

// A thread that sleeps in recv() wakes up often enough to keep a deadline.
static void test_long_read_in_vain(void **state)
{
	int far;
	int64_t deadline = deadline_in_ms(LONG);
	struct err err = ERR_INIT;
	struct wire *wire;
	char byte;
	size_t n;

	(void)state;
	wire = wire_to(&far);
	assert_int_equal(wire_read(wire, &byte, 1, deadline, &n, &err), ERR_TIMEOUT);
	assert_int_equal(deadline_left_ms(deadline), 0);
	assert_true(deadline_left_ms(deadline + LONG) > 0);
	wire_close(wire);
	(void)close(far);
}

// A fire ends a call that sleeps on the guarded socket, which only one can be, and none afterwards.
static void test_guard(void **state)
{
	int fds[2];
	struct bolt_cancel *cancel = NULL;
	struct err err = ERR_INIT;
	char byte;

	(void)state;
	assert_true(bolt_cancel_guard(NULL, 0));
	bolt_cancel_unguard(NULL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(bolt_cancel_new(&cancel, &err), 0);
	assert_true(bolt_cancel_guard(cancel, fds[0]));
	assert_false(bolt_cancel_guard(cancel, fds[1]));
	bolt_cancel_fire(cancel);
	assert_int_equal(recv(fds[0], &byte, 1, 0), 0);
	bolt_cancel_unguard(cancel);
	assert_false(bolt_cancel_guard(cancel, fds[1]));
	bolt_cancel_free(cancel);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

// Two wires with one cancel: what the second cannot guard it polls.
static void test_guarded_elsewhere(void **state)
{
	int far;
	struct bolt_cancel *cancel = NULL;
	struct err err = ERR_INIT;
	struct wire *wire;
	char byte;
	size_t n;

	(void)state;
	wire = wire_to(&far);
	assert_int_equal(bolt_cancel_new(&cancel, &err), 0);
	assert_true(bolt_cancel_guard(cancel, far));
	wire_set_cancel(wire, cancel);
	assert_int_equal(write(far, "a", 1), 1);
	assert_int_equal(wire_read(wire, &byte, 1, DEADLINE_NEVER, &n, &err), 0);
	assert_int_equal(n, 1);
	bolt_cancel_unguard(cancel);
	wire_close(wire);
	bolt_cancel_free(cancel);
	(void)close(far);
}

// Three bytes, and two when it is told to, and the end.
static void in_two_pieces(struct peer *peer, void *user)
{
	char byte;

	(void)user;
	(void)peer_send(peer, "abc", 3);
	(void)peer_receive(peer, &byte, 1);
	(void)peer_send(peer, "de", 2);
}

// Too few bytes do not end a wait for more; the end of all does.
static void test_expected(void **state)
{
	struct peer_server *server = peer_server_start(in_two_pieces, NULL, NULL);
	struct bolt_target target = target_of(server);
	struct err err = ERR_INIT;
	struct wire *wire;
	char data[8];
	size_t n;

	(void)state;
	assert_int_equal(wire_open(&target, deadline_in_ms(LIMIT), &wire, &err), 0);
	wire_expect(wire, 5);
	assert_int_equal(wire_read(wire, data, sizeof(data), deadline_in_ms(SOON), &n, &err), ERR_TIMEOUT);
	err_clear(&err);
	assert_int_equal(wire_write(wire, "x", 1, deadline_in_ms(LIMIT), &err), 0);
	wire_expect(wire, 5);
	assert_int_equal(wire_read(wire, data, sizeof(data), deadline_in_ms(LIMIT), &n, &err), 0);
	assert_int_equal(n, 5);
	wire_expect(wire, 5);
	assert_int_equal(wire_read(wire, data, sizeof(data), deadline_in_ms(LIMIT), &n, &err), 0);
	assert_int_equal(n, 0);
	wire_close(wire);
	peer_server_stop(server, 1);
}

// Nobody reads: what the sockets' buffers do not hold stays with us until the deadline.
static void test_write_in_vain(void **state)
{
	static char data[8 * 1024 * 1024];
	int far;
	struct err err = ERR_INIT;
	struct wire *wire;

	(void)state;
	wire = wire_to(&far);
	assert_int_equal(wire_write(wire, data, sizeof(data), deadline_in_ms(SOON), &err), ERR_TIMEOUT);
	assert_string_equal(err.text, "no answer in time while writing");
	wire_close(wire);
	(void)close(far);
}

// TLS. Whom a wire takes for the server is in test_tls.c; here are addresses, long texts and servers that break off. One
// authority signs all.
struct authority {
	struct arena *arena;
	struct pki ca, named, addressed;
	const char *ca_pem;
};

static int make_authority(void **state)
{
	struct authority *a = calloc(1, sizeof(*a));

	assert_non_null(a);
	a->arena = arena_new();
	a->ca = pki_make(NULL, NULL, -1, 30);
	a->named = pki_make(&a->ca, "DNS:n-client", -1, 30);
	a->addressed = pki_make(&a->ca, "IP:127.0.0.1", -1, 30);
	a->ca_pem = pki_certificate_pem(a->ca.certificate, a->arena);
	*state = a;
	return 0;
}

static int drop_authority(void **state)
{
	struct authority *a = *state;

	pki_free(&a->ca);
	pki_free(&a->named);
	pki_free(&a->addressed);
	arena_free(a->arena);
	free(a);
	return 0;
}

struct tls_case {
	const struct pki *server;
	const char *ca_pem;
	const char *name;
};

// Connects and, when that succeeds, sends more than a record there and back.
static int try_tls(const struct tls_case *c, struct err *err)
{
	const struct peer_tls tls = {.identity = c->server};
	struct peer_server *server = peer_server_start(echo, NULL, &tls);
	struct bolt_target target = target_of(server);
	char sent[20000], received[sizeof(sent)];
	struct wire *wire = NULL;
	int r;

	memset(sent, 'x', sizeof(sent));
	target.tls = BOLT_TLS_VERIFY;
	target.ca_pem = c->ca_pem;
	target.server_name = c->name;
	r = wire_open(&target, deadline_in_ms(LIMIT), &wire, err);
	assert_int_equal(r, err->class);
	if (r == 0) {
		assert_int_equal(wire_write(wire, sent, sizeof(sent), deadline_in_ms(LIMIT), err), 0);
		read_all(wire, received, sizeof(received));
		assert_memory_equal(sent, received, sizeof(sent));
	} else {
		assert_null(wire);
	}
	wire_close(wire);
	// Refused or not: one connection, so nothing was tried again without TLS or without verification (B9); none for a text
	// that is no certificate.
	peer_server_stop(server, r == ERR_INVALID ? 0 : 1);
	return r;
}

static void test_tls_accepted(void **state)
{
	const struct authority *a = *state;
	const struct tls_case cases[] = {
		{&a->named, a->ca_pem, "n-client"},
		{&a->addressed, a->ca_pem, NULL}, // the host's address
		{&a->addressed, a->ca_pem, "127.0.0.1"},
		{&a->named, arena_printf(a->arena, "%s%s", pki_certificate_pem(a->addressed.certificate, a->arena), a->ca_pem), "n-client"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(try_tls(&cases[i], &err), 0);
	}
}

static void test_tls_refused(void **state)
{
	const struct authority *a = *state;
	const struct {
		struct tls_case tls;
		const char *part;
	} cases[] = {
		{{&a->named, a->ca_pem, "m-client"}, "hostname mismatch, it is not for 'm-client'; name the server as its certificate does"},
		{{&a->named, a->ca_pem, "n-client.evil"}, "hostname mismatch"},
		{{&a->named, a->ca_pem, NULL}, "IP address mismatch"},
		{{&a->addressed, a->ca_pem, "127.0.0.2"}, "IP address mismatch"},
		{{&a->named, NULL, "n-client"}, "unable to get local issuer certificate; trust the authority that signed it, or pin it"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(try_tls(&cases[i].tls, &err), ERR_PROTOCOL);
		assert_string_equal(err.code, BOLT_CERTIFICATE_REFUSED);
		assert_non_null(strstr(err.text, "TLS handshake: the server's certificate is not accepted"));
		assert_non_null(strstr(err.text, cases[i].part));
	}
}

static void test_tls_without_ca(void **state)
{
	const struct authority *a = *state;
	struct err err = ERR_INIT;

	assert_int_equal(try_tls(&(struct tls_case){&a->named, "no PEM", "n-client"}, &err), ERR_INVALID);
	assert_string_equal(err.text, "the CA text holds no PEM certificate");
}

// A plain server's answer to a ClientHello, and what it must not see behind it.
struct plain {
	const char *answer;
	size_t len;
	unsigned char first;
};

static void plain_server(struct peer *peer, void *user)
{
	struct plain *plain = user;

	if (!peer_receive(peer, &plain->first, 1))
		return;
	if (plain->answer && peer_send(peer, plain->answer, plain->len))
		peer_wait_end(peer);
}

static void test_tls_to_a_plain_server(void **state)
{
	struct plain cases[] = {{.answer = "\x00\x00\x08\x05\x00\x00", .len = 6}, {.answer = "HTTP/1.1 400", .len = 12}, {.answer = NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct peer_server *server = peer_server_start(plain_server, &cases[i], NULL);
		struct bolt_target target = target_of(server);
		struct err err = ERR_INIT;
		struct wire *wire = NULL;

		target.tls = BOLT_TLS_VERIFY;
		assert_int_equal(wire_open(&target, deadline_in_ms(LIMIT), &wire, &err), ERR_IO);
		assert_non_null(strstr(err.text, "TLS handshake: "));
		assert_null(wire);
		peer_server_stop(server, 1);
		assert_int_equal(cases[i].first, 0x16); // a TLS record
	}
}

static void test_tls_silence(void **state)
{
	struct peer_server *server = peer_server_start(wait_end, NULL, NULL);
	struct bolt_target target = target_of(server);
	struct err err = ERR_INIT;
	struct wire *wire = NULL;

	(void)state;
	target.tls = BOLT_TLS_VERIFY;
	assert_int_equal(wire_open(&target, deadline_in_ms(SOON), &wire, &err), ERR_TIMEOUT);
	// Connecting may have a limit of its own.
	err_clear(&err);
	target.connect_ms = SOON;
	assert_int_equal(wire_open(&target, DEADLINE_NEVER, &wire, &err), ERR_TIMEOUT);
	peer_server_stop(server, 2);
}

static void drop_at_once(struct peer *peer, void *user)
{
	(void)peer;
	(void)user;
}

static void test_tls_end(void **state)
{
	const struct authority *a = *state;
	const struct peer_tls tls = {.identity = &a->named};
	struct peer_server *server = peer_server_start(drop_at_once, NULL, &tls);
	struct bolt_target target = target_of(server);
	struct err err = ERR_INIT;
	struct wire *wire;
	char byte;
	size_t n = 7;

	target.tls = BOLT_TLS_VERIFY;
	target.ca_pem = a->ca_pem;
	target.server_name = "n-client";
	assert_int_equal(wire_open(&target, deadline_in_ms(LIMIT), &wire, &err), 0);
	assert_int_equal(wire_read(wire, &byte, 1, deadline_in_ms(LIMIT), &n, &err), 0);
	assert_int_equal(n, 0);
	wire_close(wire);
	peer_server_stop(server, 1);
}

static void send_tickets(struct peer *peer, void *user)
{
	(void)user;
	while (peer_ticket(peer))
		;
}

// E4: what TLS swallows by itself is an error at once when there is too much of it, and not at the deadline.
static void test_tls_without_content(void **state)
{
	const struct authority *a = *state;
	const struct peer_tls tls = {.identity = &a->addressed};
	struct peer_server *server = peer_server_start(send_tickets, NULL, &tls);
	struct bolt_target target = target_of(server);
	struct err err = ERR_INIT;
	struct wire *wire;
	size_t n, data;

	target.tls = BOLT_TLS_VERIFY;
	target.ca_pem = a->ca_pem;
	assert_int_equal(wire_open(&target, deadline_in_ms(LIMIT), &wire, &err), 0);
	assert_int_equal(wire_read(wire, &data, 1, deadline_in_ms(LIMIT), &n, &err), ERR_PROTOCOL);
	assert_non_null(strstr(err.text, "bytes of TLS without any content"));
	wire_close(wire);
	peer_server_stop(server, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_orderly_end),
		cmocka_unit_test(test_from_a_bad_fd),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_read_in_vain),
		cmocka_unit_test(test_read_past_the_deadline),
		cmocka_unit_test(test_cancelled_read),
		cmocka_unit_test(test_long_read_in_vain),
		cmocka_unit_test(test_guard),
		cmocka_unit_test(test_guarded_elsewhere),
		cmocka_unit_test(test_expected),
		cmocka_unit_test(test_write_in_vain),
		cmocka_unit_test(test_tls_accepted),
		cmocka_unit_test(test_tls_refused),
		cmocka_unit_test(test_tls_without_ca),
		cmocka_unit_test(test_tls_to_a_plain_server),
		cmocka_unit_test(test_tls_silence),
		cmocka_unit_test(test_tls_end),
		cmocka_unit_test(test_tls_without_content),
	};

	return cmocka_run_group_tests(tests, make_authority, drop_authority);
}
