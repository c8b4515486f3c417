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
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/clock.h"
#include "bolt/dial.h"
#include "bolt/driver.h"
#include "bolt/wire.h"
#include "test/unit/bolt/stage.h"
#include "test/unit/pki.h"

#define TIMEOUT_MS 5000
#define NAME "n-client.space"

struct server {
	const struct pki *pki; // NULL: plain TCP
	const struct pki *clients; // the authority of the clients; NULL: they show nothing
	struct stage *behind;	   // answers, without TLS, what comes through TLS; NULL: an echo does
	int listening;
	uint16_t port;
	char heard[64]; // what the client said, through TLS where there is TLS
	pthread_t thread;
};

// Until one of the two ends.
static void forward(SSL *ssl, const struct stage *stage)
{
	char record[SSL3_RT_MAX_PLAIN_LENGTH];
	const struct wait wait = {.deadline = deadline_in_ms(TIMEOUT_MS)};
	struct pollfd both[] = {{.fd = SSL_get_fd(ssl), .events = POLLIN}, {.fd = -1, .events = POLLIN}};
	struct err err = ERR_INIT;
	int n = 1, fd;

	assert_int_equal(dial("127.0.0.1", stage_port(stage), &wait, &fd, &err), 0);
	both[1].fd = fd;
	while (n > 0 && poll(both, 2, -1) > 0) {
		if (both[0].revents) {
			n = SSL_read(ssl, record, sizeof(record));
			if (n > 0)
				(void)send(fd, record, (size_t)n, MSG_NOSIGNAL);
		} else {
			n = (int)recv(fd, record, sizeof(record), 0);
			if (n > 0)
				(void)SSL_write(ssl, record, n);
		}
	}
	(void)close(fd);
}

static void echo(SSL *ssl, struct server *server)
{
	int n = SSL_read(ssl, server->heard, sizeof(server->heard) - 1);

	if (n > 0)
		(void)SSL_write(ssl, server->heard, n);
}

static void serve_tls(struct server *server, int fd)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	SSL *ssl;

	assert_int_equal(SSL_CTX_use_certificate(context, server->pki->certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(context, server->pki->key), 1);
	if (server->clients) {
		assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), server->clients->certificate), 1);
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	ssl = SSL_new(context);
	(void)SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1 && server->behind)
		forward(ssl, server->behind);
	else if (SSL_is_init_finished(ssl))
		echo(ssl, server);
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

	server->pki = pki;
	server->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
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
	struct server server = {0};
	char answer[8] = "";
	size_t n = 0;
	int r;

	server_start(&server, pki);
	target.host = "127.0.0.1";
	target.port = server.port;
	target.tls = target.tls == BOLT_TLS_ANY ? BOLT_TLS_ANY : BOLT_TLS_VERIFY;
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
		if (!cases[i].taken) {
			assert_int_equal(err.class, ERR_PROTOCOL);
			assert_string_equal(err.code, BOLT_CERTIFICATE_REFUSED);
		}
		if (cases[i].server == &old)
			assert_non_null(strstr(err.text, "certificate has expired; renew it, unless the clock here is wrong"));
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

// bolt+ssc: encrypted, whoever it is; but a pin, where there is one, holds.
static void test_whoever_it_is(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct err plain = ERR_INIT;
	struct pki alone = pki_make(NULL, "DNS:elsewhere", -9, -1), other = pki_make(NULL, "DNS:" NAME, -1, 30);
	const struct {
		const char *pinned;
		bool taken;
	} cases[] = {{NULL, true}, {pin_of(&alone, arena), true}, {pin_of(&other, arena), false}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct bolt_target target = {.tls = BOLT_TLS_ANY, .pinned = cases[i].pinned, .server_name = NAME, .user_agent = "test/1"};
		struct err err = ERR_INIT;

		assert_int_equal(opens(&alone, target, &err), cases[i].taken);
		if (!cases[i].taken)
			assert_non_null(strstr(err.text, "certificate is not accepted"));
	}
	// Any peer will do, but no plain text.
	assert_false(opens(NULL, (struct bolt_target){.tls = BOLT_TLS_ANY, .user_agent = "test/1"}, &plain));
	assert_int_equal(plain.class, ERR_IO);
	pki_free(&alone), pki_free(&other);
}

// A driver does not take it for the network's fault: it asks once, and says why.
static void test_driver_asks_once(void **state)
{
	static const char *const schemes[] = {"bolt+s", "neo4j+s"};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pki authority = pki_make(NULL, NULL, -1, 30), alone = pki_make(NULL, "DNS:" NAME, -1, 30);

	(void)state;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		_cleanup_(bolt_driver_freep) struct bolt_driver *driver = NULL;
		struct bolt_driver_options options = {.server_name = NAME, .ca_pem = pki_certificate_pem(authority.certificate, arena)};
		struct server server = {0};
		struct err err = ERR_INIT;
		struct bolt_answer answer;

		server_start(&server, &alone);
		options.uri = arena_printf(arena, "%s://127.0.0.1:%u", schemes[i], server.port);
		assert_int_equal(bolt_driver_new(&options, &driver, &err), 0);
		assert_int_equal(bolt_driver_query(driver, &(struct bolt_call){.text = "RETURN 1"}, deadline_in_ms(TIMEOUT_MS), arena, &answer, &err),
				 ERR_PROTOCOL);
		assert_string_equal(err.code, BOLT_CERTIFICATE_REFUSED);
		assert_false(bolt_is_retryable(&err));
		assert_non_null(strstr(err.text, "the server's certificate is not accepted"));
		server_stop(&server);
	}
	pki_free(&authority), pki_free(&alone);
}

// The router is taken, and none of the servers that it names.
static void test_none_of_the_table_is_taken(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pki authority = pki_make(NULL, NULL, -1, 30), good = pki_make(&authority, "DNS:" NAME, -1, 30),
		   alone = pki_make(NULL, "DNS:" NAME, -1, 30);
	struct server router = {.behind = stage_start(5, 4)}, named = {0};
	struct stage_rule rule = {"ROUTE", 0, NULL};
	struct bolt_driver_options options = {.server_name = NAME, .ca_pem = pki_certificate_pem(authority.certificate, arena)};
	struct bolt_driver *driver = NULL;
	struct err err = ERR_INIT;
	struct bolt_answer answer;

	(void)state;
	server_start(&router, &good);
	server_start(&named, &alone);
	rule.replies = arena_printf(arena,
				    "SUCCESS {\"rt\": {\"ttl\": 300, \"db\": \"neo4j\", \"servers\": [{\"role\": \"ROUTE\", "
				    "\"addresses\": [\"127.0.0.1:%u\"]}, {\"role\": \"READ\", \"addresses\": [\"127.0.0.1:%u\"]}, "
				    "{\"role\": \"WRITE\", \"addresses\": [\"127.0.0.1:%u\"]}]}}",
				    router.port, router.port, named.port);
	stage_play(router.behind, &rule, 1, NULL);
	options.uri = arena_printf(arena, "neo4j+s://127.0.0.1:%u", router.port);
	assert_int_equal(bolt_driver_new(&options, &driver, &err), 0);
	assert_int_equal(bolt_driver_query(driver, &(struct bolt_call){.text = "RETURN 1"}, deadline_in_ms(TIMEOUT_MS), arena, &answer, &err),
			 ERR_PROTOCOL);
	assert_string_equal(err.code, BOLT_CERTIFICATE_REFUSED);
	assert_false(bolt_is_retryable(&err));
	bolt_driver_free(driver);
	server_stop(&named);
	server_stop(&router);
	stage_stop(router.behind);
	pki_free(&authority), pki_free(&good), pki_free(&alone);
}

// The table's only router, which is the URI's too, comes back with a certificate that is not taken.
static void test_a_router_is_taken_no_more(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pki authority = pki_make(NULL, NULL, -1, 30), good = pki_make(&authority, "DNS:" NAME, -1, 30),
		   alone = pki_make(NULL, "DNS:" NAME, -1, 30);
	struct server router = {.behind = stage_start(5, 4)};
	struct stage_rule rule = {"ROUTE", 0, NULL};
	struct bolt_driver_options options = {
		.server_name = NAME, .ca_pem = pki_certificate_pem(authority.certificate, arena), .liveness_ms = -1};
	const struct bolt_probe probe = {.database = "neo4j"};
	struct bolt_driver *driver = NULL;
	struct err err = ERR_INIT;

	(void)state;
	server_start(&router, &good);
	rule.replies = arena_printf(arena,
				    "SUCCESS {\"rt\": {\"ttl\": 300, \"db\": \"neo4j\", \"servers\": [{\"role\": \"ROUTE\", "
				    "\"addresses\": [\"127.0.0.1:%u\"]}, {\"role\": \"READ\", \"addresses\": [\"127.0.0.1:%u\"]}, "
				    "{\"role\": \"WRITE\", \"addresses\": [\"127.0.0.1:%u\"]}]}}",
				    router.port, router.port, router.port);
	stage_play(router.behind, &rule, 1, NULL);
	options.uri = arena_printf(arena, "neo4j+s://127.0.0.1:%u", router.port);
	assert_int_equal(bolt_driver_new(&options, &driver, &err), 0);
	assert_int_equal(bolt_driver_reroute(driver, &probe, NULL, deadline_in_ms(TIMEOUT_MS), &err), 0);
	stage_cut(router.behind);
	assert_int_equal(pthread_join(router.thread, NULL), 0);
	router.pki = &alone;
	assert_int_equal(pthread_create(&router.thread, NULL, serve, &router), 0);
	assert_int_equal(bolt_driver_reroute(driver, &probe, NULL, deadline_in_ms(TIMEOUT_MS), &err), ERR_PROTOCOL);
	assert_string_equal(err.code, BOLT_CERTIFICATE_REFUSED);
	bolt_driver_free(driver);
	server_stop(&router);
	stage_stop(router.behind);
	pki_free(&authority), pki_free(&good), pki_free(&alone);
}

static const char *locked_key_pem(const EVP_PKEY *key, struct arena *arena)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, EVP_aes_128_cbc(), (const unsigned char *)"sesame", 6, NULL, NULL), 1);
	return pki_take(bio, arena);
}

// Opens with a certificate of the client's own, and hears the server, which it does only when that was taken.
static int show(const struct pki *authority, const struct pki *identity, struct bolt_target target, struct err *err)
{
	_cleanup_(wire_closep) struct wire *wire = NULL;
	struct server server = {.clients = authority};
	char answer[8] = "";
	size_t n = 0;
	int r;

	server_start(&server, identity);
	target.host = "127.0.0.1";
	target.port = server.port;
	target.tls = BOLT_TLS_ANY;
	r = wire_open(&target, deadline_in_ms(TIMEOUT_MS), &wire, err);
	if (r == 0)
		r = wire_write(wire, "hello", 5, deadline_in_ms(TIMEOUT_MS), err);
	if (r == 0)
		r = wire_read(wire, answer, sizeof(answer) - 1, deadline_in_ms(TIMEOUT_MS), &n, err);
	if (r == 0)
		assert_string_equal(answer, "hello");
	wire_close(steal_ptr(wire));
	(void)shutdown(server.listening, SHUT_RDWR); // nobody may have come
	server_stop(&server);
	return r;
}

static void test_certificate_of_the_client(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pki authority = pki_make(NULL, NULL, -1, 30), server = pki_make(NULL, "DNS:" NAME, -1, 30);
	struct pki own = pki_make(&authority, "DNS:client", -1, 30), alone = pki_make(NULL, "DNS:client", -1, 30);
	const char *own_pem = pki_certificate_pem(own.certificate, arena), *key = pki_key_pem(own.key, arena),
		   *locked = locked_key_pem(own.key, arena), *ca = pki_certificate_pem(authority.certificate, arena);
	const struct {
		const char *cert, *key, *password;
		enum err_class class;
		const char *text;
	} cases[] = {
		{own_pem, key, NULL, ERR_NONE, ""},
		{own_pem, locked, "sesame", ERR_NONE, ""},
		{arena_printf(arena, "%s%s", own_pem, ca), key, NULL, ERR_NONE, ""}, // with what signed it
		{NULL, NULL, NULL, ERR_IO, NULL},
		{pki_certificate_pem(alone.certificate, arena), pki_key_pem(alone.key, arena), NULL, ERR_IO, NULL},
		{own_pem, NULL, NULL, ERR_INVALID, "the client's certificate comes without its private key"},
		{own_pem, locked, NULL, ERR_INVALID, "the client's private key cannot be read; is it PEM, and its password right?"},
		{own_pem, locked, "simsalabim", ERR_INVALID, "the client's private key cannot be read; is it PEM, and its password right?"},
		{own_pem, pki_key_pem(alone.key, arena), NULL, ERR_INVALID, "the client's private key does not belong to its certificate"},
		{"no PEM", key, NULL, ERR_INVALID, "the text of the client's certificate holds no PEM certificate that can be used"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bolt_target target = {
			.cert_pem = cases[i].cert, .key_pem = cases[i].key, .key_password = cases[i].password, .user_agent = "test/1"};
		struct err err = ERR_INIT;

		assert_int_equal(show(&authority, &server, target, &err), cases[i].class);
		if (cases[i].text)
			assert_string_equal(err.text, cases[i].text);
	}
	pki_free(&authority), pki_free(&server), pki_free(&own), pki_free(&alone);
}

// Read once, used for many; what the target itself says (name, pin, whoever) still holds for each, and freeing it ends no connection.
static void test_shared_trust(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pki authority = pki_make(NULL, NULL, -1, 30), good = pki_make(&authority, "DNS:" NAME, -1, 30),
		   alone = pki_make(NULL, "DNS:" NAME, -1, 30);
	const struct bolt_target material = {.tls = BOLT_TLS_VERIFY, .ca_pem = pki_certificate_pem(authority.certificate, arena)},
				 wrong = {.tls = BOLT_TLS_VERIFY, .ca_pem = "no PEM"};
	struct bolt_trust *trust = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(bolt_trust_new(&wrong, &trust, &err), ERR_INVALID);
	err_clear(&err);
	assert_int_equal(bolt_trust_new(&material, &trust, &err), 0);
	for (int i = 0; i < 5; i++) {
		struct bolt_target target = {.trust = trust, .server_name = i == 1 ? "elsewhere" : NAME, .user_agent = "test/1"};

		err_clear(&err);
		target.pinned = i == 3 ? pin_of(&alone, arena) : NULL;
		target.tls = i == 4 ? BOLT_TLS_ANY : BOLT_TLS_VERIFY;
		assert_int_equal(opens(i < 2 ? &good : &alone, target, &err), i != 1 && i != 2);
	}
	bolt_trust_free(trust);
	pki_free(&authority), pki_free(&good), pki_free(&alone);
}

// A socket that somebody else has connected, as a tunnel's end is.
static void test_adopted(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pki own = pki_make(NULL, "DNS:" NAME, -1, 30), other = pki_make(NULL, "DNS:" NAME, -1, 30);
	const struct wait wait = {.deadline = deadline_in_ms(TIMEOUT_MS)};

	(void)state;
	for (int i = 0; i < 2; i++) {
		const struct bolt_target target = {.tls = BOLT_TLS_ANY, .server_name = NAME, .pinned = pin_of(i ? &other : &own, arena), .user_agent = "test/1"};
		struct server server = {0};
		struct wire *wire = NULL;
		struct err err = ERR_INIT;
		char answer[8];
		size_t n;
		int fd;

		server_start(&server, &own);
		assert_int_equal(dial("127.0.0.1", server.port, &wait, &fd, &err), 0);
		assert_int_equal(wire_from_fd(fd, &target, wait.deadline, &wire, &err), i ? ERR_PROTOCOL : 0);
		if (i == 0) {
			assert_int_equal(wire_write(wire, "hello", 5, wait.deadline, &err), 0);
			assert_int_equal(wire_read(wire, answer, sizeof(answer), wait.deadline, &n, &err), 0);
			assert_memory_equal(answer, "hello", 5);
			wire_close(wire);
		} else {
			assert_string_equal(err.code, BOLT_CERTIFICATE_REFUSED);
			(void)close(fd);
		}
		server_stop(&server);
	}
	pki_free(&own), pki_free(&other);
}

static void test_name_that_is_none(void **state)
{
	char name[300];
	const struct bolt_target target = {.host = name, .tls = BOLT_TLS_ANY, .user_agent = "test/1"};
	struct err err = ERR_INIT;
	struct wire *wire;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(wire_open(&target, deadline_in_ms(TIMEOUT_MS), &wire, &err), ERR_INVALID);
	assert_non_null(strstr(err.text, "nnn' cannot be the name of a server"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_taken),
		cmocka_unit_test(test_no_fall_back),
		cmocka_unit_test(test_whoever_it_is),
		cmocka_unit_test(test_driver_asks_once),
		cmocka_unit_test(test_none_of_the_table_is_taken),
		cmocka_unit_test(test_a_router_is_taken_no_more),
		cmocka_unit_test(test_certificate_of_the_client),
		cmocka_unit_test(test_shared_trust),
		cmocka_unit_test(test_adopted),
		cmocka_unit_test(test_name_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
