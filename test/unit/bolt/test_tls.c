// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// B9: what a TLS wire takes for the server, against a real TLS server on loopback. A refused one is sent nothing but the
// beginning of a handshake.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "base/clock.h"
#include "bolt/wire.h"
#include "test/unit/pki.h"

#define TIMEOUT_MS 5000
#define NAME "n-client.space"

struct server {
	const struct pki *pki; // NULL: plain TCP
	int listening;
	uint16_t port;
	char heard[64]; // what the client said, through TLS where there is TLS
	pthread_t thread;
};

static void serve_tls(struct server *server, int fd)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	SSL *ssl;
	int n;

	assert_int_equal(SSL_CTX_use_certificate(context, server->pki->certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(context, server->pki->key), 1);
	ssl = SSL_new(context);
	(void)SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1) {
		n = SSL_read(ssl, server->heard, sizeof(server->heard) - 1);
		if (n > 0)
			(void)SSL_write(ssl, server->heard, n);
	}
	SSL_free(ssl);
	SSL_CTX_free(context);
}

static void *serve(void *user)
{
	struct server *server = user;
	int fd = accept(server->listening, NULL, NULL);

	if (server->pki)
		serve_tls(server, fd);
	else
		(void)recv(fd, server->heard, sizeof(server->heard) - 1, 0);
	(void)close(fd);
	return NULL;
}

static void server_start(struct server *server, const struct pki *pki)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	*server = (struct server){.pki = pki, .listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	assert_int_equal(bind(server->listening, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(server->listening, 1), 0);
	assert_int_equal(getsockname(server->listening, (struct sockaddr *)&address, &size), 0);
	server->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
{
	assert_int_equal(pthread_join(server->thread, NULL), 0);
	(void)close(server->listening);
}

static const char *pin_of(const struct pki *pki, struct arena *arena)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char *hex = arena_alloc(arena, 2 * EVP_MAX_MD_SIZE + 1);
	unsigned len = 0;

	assert_int_equal(X509_digest(pki->certificate, EVP_sha256(), digest, &len), 1);
	for (unsigned i = 0; i < len; i++)
		(void)snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
	return hex;
}

// Dials a server that has pki; true when the wire was opened, and then it carries words both ways.
static bool opens(const struct pki *pki, struct bolt_target target, struct err *err)
{
	_cleanup_(wire_closep) struct wire *wire = NULL;
	struct server server;
	char answer[8] = "";
	size_t n = 0;
	int r;

	server_start(&server, pki);
	target.host = "127.0.0.1";
	target.port = server.port;
	target.tls = BOLT_TLS_VERIFY;
	r = wire_open(&target, deadline_in_ms(TIMEOUT_MS), &wire, err);
	if (r == 0) {
		assert_int_equal(wire_write(wire, "hello", 5, deadline_in_ms(TIMEOUT_MS), err), 0);
		assert_int_equal(wire_read(wire, answer, sizeof(answer) - 1, deadline_in_ms(TIMEOUT_MS), &n, err), 0);
		assert_string_equal(answer, "hello");
	}
	wire_close(steal_ptr(wire));
	server_stop(&server);
	if (r < 0)
		assert_null(strstr(server.heard, "hello"));
	return r == 0;
}

static void test_who_is_taken(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pki authority = pki_make(NULL, NULL, -1, 30), other = pki_make(NULL, NULL, -1, 30);
	struct pki good = pki_make(&authority, "DNS:" NAME, -1, 30), alone = pki_make(NULL, "DNS:" NAME, -1, 30);
	struct pki stranger = pki_make(&authority, "DNS:elsewhere", -1, 30), old = pki_make(&authority, "DNS:" NAME, -9, -1);
	const char *ca = pki_certificate_pem(authority.certificate, arena);
	const struct {
		const char *what;
		const struct pki *server;
		const char *ca_pem, *pinned;
		bool taken;
	} cases[] = {
		{"issued by the authority", &good, ca, NULL, true},
		{"trusted itself", &alone, pki_certificate_pem(alone.certificate, arena), NULL, true},
		{"of an unknown authority", &good, pki_certificate_pem(other.certificate, arena), NULL, false},
		{"not of this authority", &alone, ca, NULL, false},
		{"of the system's store", &alone, NULL, NULL, false},
		{"another name", &stranger, ca, NULL, false},
		{"expired", &old, ca, NULL, false},
		{"pinned, unknown authority", &alone, ca, pin_of(&alone, arena), true},
		{"another one pinned, but trusted", &good, ca, pin_of(&alone, arena), true},
		{"another one pinned, not trusted", &alone, ca, pin_of(&good, arena), false},
		{"another one pinned, another name", &stranger, ca, pin_of(&good, arena), false},
		{"an empty pin", &alone, ca, "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bolt_target target = {
			.ca_pem = cases[i].ca_pem, .server_name = NAME, .pinned = cases[i].pinned, .user_agent = "test/1"};
		struct err err = ERR_INIT;

		if (opens(cases[i].server, target, &err) != cases[i].taken)
			fail_msg("%s: %s", cases[i].what, cases[i].taken ? err.text : "taken");
		if (!cases[i].taken)
			assert_int_equal(err.class, ERR_IO);
	}
	pki_free(&authority), pki_free(&other), pki_free(&good), pki_free(&alone), pki_free(&stranger), pki_free(&old);
}

// A server without TLS hears the beginning of a handshake and nothing else.
static void test_no_fall_back(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pki authority = pki_make(NULL, NULL, -1, 30);
	struct bolt_target target = {
		.ca_pem = pki_certificate_pem(authority.certificate, arena), .server_name = NAME, .user_agent = "test/1"};
	struct err err = ERR_INIT;

	(void)state;
	assert_false(opens(NULL, target, &err));
	assert_int_equal(err.class, ERR_IO);
	pki_free(&authority);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_taken),
		cmocka_unit_test(test_no_fall_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
