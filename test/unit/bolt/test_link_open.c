// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The opening of a link: what a server may do instead of welcoming, and the versions and the TLS with which it welcomes.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "bolt/link.h"
#include "test/unit/bolt/pair.h"
#include "test/unit/pki.h"

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

// The answer of a server with TLS to Bolt's magic.
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
		{open_old, LIMIT, ERR_PROTOCOL, "", "none of the Bolt versions 6.0 and 6.1, 5.0 to 5.8, 4.4 and 4.3"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair pair;

		pair_start(&pair, cases[i].script, NULL, NULL);
		assert_int_equal(pair_open(&pair, cases[i].ms), cases[i].class);
		assert_string_equal(pair.err.code, cases[i].code);
		assert_non_null(strstr(pair.err.text, cases[i].part));
		assert_null(strstr(pair.err.text, pair_auth.password));
		pair_end(&pair, 1);
	}
}

static void test_open_closed_in_hello(void **state)
{
	struct pair pair;

	(void)state;
	pair_start(&pair, open_closed_in_hello, NULL, NULL);
	assert_int_equal(pair_open(&pair, LIMIT), ERR_IO);
	pair_end(&pair, 1);
}

// The server announces after how much silence it may be taken for gone; that ends a query before its deadline does.
static void announce_silence(struct peer *peer, void *user)
{
	const struct bolt_entry hint[] = {{"connection.recv_timeout_seconds", bolt_int(1)}};
	const struct bolt_entry meta[] = {{"hints", bolt_map(hint, 1)}};

	(void)user;
	if (peer_handshake(peer, 5, 8) && peer_expect(peer, PEER_HELLO, NULL) && peer_success(peer, meta, 1) &&
	    peer_expect(peer, PEER_LOGON, NULL) && peer_success(peer, NULL, 0) && pair_fields(peer))
		peer_wait_end(peer);
}

static void test_announced_silence(void **state)
{
	struct pair pair;
	int64_t half;

	(void)state;
	pair_start(&pair, announce_silence, NULL, NULL);
	assert_int_equal(pair_open(&pair, LIMIT), 0);
	assert_string_equal(bolt_link_server(pair.link), "");
	half = deadline_in_ms(LIMIT / 2);
	assert_int_equal(pair_query(&pair, "RETURN 1", 0, LIMIT), ERR_IO);
	assert_true(deadline_left_ms(half) > 0);
	pair_end(&pair, 1);
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
	if (peer_success(peer, NULL, 0) && pair_rows(peer, 1, false))
		pair_goodbye(peer);
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
	    peer_success(peer, NULL, 0) && pair_rows(peer, 1, false))
		pair_goodbye(peer);
}

static void test_versions(void **state)
{
	static const peer_script scripts[] = {speak_4_4, speak_6_0};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pair pair;

		pair_start(&pair, scripts[i], NULL, NULL);
		assert_int_equal(pair_open(&pair, LIMIT), 0);
		assert_int_equal(pair_query(&pair, "RETURN 1 AS x", 0, LIMIT), 0);
		assert_int_equal(bolt_as_int(bolt_table_get(&pair.result, 0, "x"), 0), 1);
		pair_end(&pair, 1);
	}
}

static void test_over_tls(void **state)
{
	struct pki pki = pki_make(NULL, "DNS:n-client", -1, 30);
	const struct peer_tls tls = {.identity = &pki};
	struct pair pair;

	(void)state;
	pair_start(&pair, pair_two_queries, NULL, &tls);
	pair.target.tls = BOLT_TLS_VERIFY;
	pair.target.ca_pem = pki_certificate_pem(pki.certificate, pair.arena);
	pair.target.server_name = "n-client";
	assert_int_equal(pair_open(&pair, LIMIT), 0);
	assert_int_equal(pair_query(&pair, "UNWIND range(1, 20) AS x RETURN x", 0, LIMIT), 0);
	assert_int_equal(pair.result.n_rows, 20);
	assert_int_equal(pair_query(&pair, "RETURN 1 AS x LIMIT 0", 0, LIMIT), 0);
	pair_end(&pair, 1);
	pki_free(&pki);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_failures),
		cmocka_unit_test(test_open_closed_in_hello),
		cmocka_unit_test(test_announced_silence),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_over_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
