// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "bolt/uri.h"

static const struct {
	const char *text;
	bool routing, encrypted, unverified;
	const char *host;
	uint16_t port;
} good[] = {
	{"bolt://localhost", false, false, false, "localhost", 7687},
	{"BOLT://localhost:1", false, false, false, "localhost", 1},
	{"bolt+s://db.example.com:65535/", false, true, false, "db.example.com", 65535},
	{"bolt+ssc://10.0.0.1", false, true, true, "10.0.0.1", 7687},
	{"neo4j://[::1]", true, false, false, "::1", 7687},
	{"neo4j+s://[fe80::1]:7688", true, true, false, "fe80::1", 7688},
	{"neo4j+ssc://a", true, true, true, "a", 7687},
	{"neo4j://a?", true, false, false, "a", 7687},
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct err err = ERR_INIT;
		struct bolt_uri uri;

		assert_int_equal(bolt_uri_parse(good[i].text, arena, &uri, &err), 0);
		assert_int_equal(uri.routing, good[i].routing);
		assert_int_equal(uri.encrypted, good[i].encrypted);
		assert_int_equal(uri.unverified, good[i].unverified);
		assert_string_equal(uri.host, good[i].host);
		assert_int_equal(uri.port, good[i].port);
		assert_int_equal(uri.context.size, 0);
	}
}

static void test_context(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct bolt_uri uri;

	(void)state;
	assert_int_equal(bolt_uri_parse("neo4j://a:1/?region=eu%2Dwest&policy=a%3db", arena, &uri, &err), 0);
	assert_int_equal(uri.context.size, 2);
	assert_string_equal(bolt_as_string(bolt_map_get(&uri.context, "region")), "eu-west");
	assert_string_equal(bolt_as_string(bolt_map_get(&uri.context, "policy")), "a=b");
}

static const struct {
	const char *text, *complaint;
} bad[] = {
	{"localhost:7687", "is no SCHEME://HOST[:PORT]"},
	{"http://localhost", "scheme 'http' is none of"},
	{"bolt+x://localhost", "scheme 'bolt+x' is none of"},
	{"bolt://", "names no host"},
	{"bolt://:7687", "names no host"},
	{"bolt://a:0", "port '0' is no number from 1 to 65535"},
	{"bolt://a:65536", "port '65536' is no number"},
	{"bolt://a:", "port '' is no number"},
	{"bolt://a:12x", "port '12x' is no number"},
	{"bolt://a:000001", "port '000001' is no number"},
	{"bolt://::1", "more than one colon"},
	{"bolt://[::1", "no IPv6 address in brackets"},
	{"bolt://[::1]x", "no IPv6 address in brackets"},
	{"bolt://neo4j:secret@a", "credentials are given apart"},
	{"bolt://neo4j:secret?x@a", "credentials are given apart"},
	{"neo4j://neo4j:x?secret@a", "credentials are given apart"},
	{"neo4j:secret@bolt://a", "credentials are given apart"},
	{"bolt://[[a]", "has a bracket in it"},
	{"bolt://a]", "has a bracket in it"},
	{"bolt://a/neo4j", "has a path"},
	{"bolt://a#x", "has a fragment"},
	{"bolt://a?region=eu", "routing context ('?'), which only neo4j schemes take"},
	{"neo4j://a?x", "'x', which is no KEY=VALUE"},
	{"neo4j://a?x=", "'x=', which is no KEY=VALUE"},
	{"neo4j://a?=x", "'=x', which is no KEY=VALUE"},
	{"neo4j://a?x=1&", "'', which is no KEY=VALUE"},
	{"neo4j://a?x=1&x=2", "has 'x' twice"},
	{"neo4j://a?address=b", "has 'address'"},
	{"neo4j://a?x=%4", "wrong %-encoding in 'x'"},
	{"neo4j://a?x=%zz", "wrong %-encoding"},
	{"neo4j://a?%00=1", "wrong %-encoding"},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct err err = ERR_INIT;
		struct bolt_uri uri;

		assert_int_equal(bolt_uri_parse(bad[i].text, arena, &uri, &err), ERR_INVALID);
		if (!strstr(err.text, bad[i].complaint))
			fail_msg("%s: %s", bad[i].text, err.text);
		assert_null(strstr(err.text, "secret"));
	}
}

// A user's choice has a limit.
static void test_limits(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_buf_ struct buf text = BUF_INIT(8192);
	struct err err = ERR_INIT;
	struct bolt_uri uri;

	(void)state;
	buf_add(&text, "neo4j://a?");
	for (int i = 0; i < 65; i++)
		buf_addf(&text, "%sk%d=1", i ? "&" : "", i);
	assert_int_equal(bolt_uri_parse(text.data, arena, &uri, &err), ERR_INVALID);
	assert_non_null(strstr(err.text, "more than 64 entries"));
	while (text.len < 5000)
		buf_addc(&text, 'x');
	err_clear(&err);
	assert_int_equal(bolt_uri_parse(text.data, arena, &uri, &err), ERR_INVALID);
	assert_non_null(strstr(err.text, "longer than 4096 bytes"));
	err_clear(&err);
	assert_int_equal(bolt_uri_parse(NULL, arena, &uri, &err), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_context),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
