// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "neo4j/token.h"

#define NOW INT64_C(1764583200000) // 2025-12-01T10:00:00Z

static const char *encode(struct arena *arena, const char *json)
{
	size_t len = strlen(json);
	unsigned char *out = arena_alloc(arena, len * 2 + 8);

	(void)EVP_EncodeBlock(out, (const unsigned char *)json, (int)len);
	return (const char *)out;
}

#define GOOD                                                                                       \
	"{\"project_id\":\"p-1\",\"private_key\":\"MIGHAgEAMBMGByqGSM49AgEG\",\"kid\":\"k-1\","           \
	"\"expiry_time\":\"2030-01-01T00:00:00Z\"}"

static enum token_verdict check(struct arena *arena, const char *text, struct token *token)
{
	return token_check(text, strlen(text), NOW, arena, token);
}

static void test_good(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct token token;

	(void)state;
	assert_int_equal(check(arena, encode(arena, GOOD), &token), TOKEN_GOOD);
	assert_string_equal(token.project, "p-1");
	assert_int_equal(token.expires_ms, INT64_C(1893456000000));
}

static void test_white_space_is_trimmed(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *text = encode(arena, GOOD);
	struct token token;

	(void)state;
	assert_int_equal(check(arena, arena_printf(arena, " \n%s\r\n\t", text), &token), TOKEN_GOOD);
	assert_string_equal(token.text, text);
	assert_int_equal(check(arena, " \n\t ", &token), TOKEN_EMPTY);
	assert_int_equal(check(arena, "", &token), TOKEN_EMPTY);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *json, *problem;
	} cases[] = {
		{"[1]", "its content is not a JSON object"},
		{"nonsense", "its content is not a JSON object"},
		{"{\"project_id\":\"p\",\"kid\":\"k\",\"expiry_time\":\"2030-01-01T00:00:00Z\"}", "it has no private_key"},
		{"{\"project_id\":\"p\",\"private_key\":\"x\",\"expiry_time\":\"2030-01-01T00:00:00Z\"}", "it has no kid"},
		{"{\"private_key\":\"x\",\"kid\":\"k\",\"expiry_time\":\"2030-01-01T00:00:00Z\"}", "it has no project_id"},
		{"{\"project_id\":\"\",\"private_key\":\"x\",\"kid\":\"k\",\"expiry_time\":\"2030-01-01T00:00:00Z\"}",
		 "it has no project_id"},
		{"{\"project_id\":\"p\",\"private_key\":\"x\",\"kid\":\"k\"}",
		 "its expiry_time is missing or not an ISO 8601 time"},
		{"{\"project_id\":\"p\",\"private_key\":\"x\",\"kid\":\"k\",\"expiry_time\":\"soon\"}",
		 "its expiry_time is missing or not an ISO 8601 time"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct token token;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(check(arena, encode(arena, cases[i].json), &token), TOKEN_MALFORMED);
		assert_string_equal(token.problem, cases[i].problem);
	}
	assert_int_equal(check(arena, "not base64 at all", &token), TOKEN_MALFORMED);
	assert_string_equal(token.problem, "it is not base64");
	assert_int_equal(check(arena, "abc", &token), TOKEN_MALFORMED); // unpadded base64 of no object
}

// M8: the server takes a token without its padding, and of doubled members the last.
static void test_as_the_server(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *twice = "{\"project_id\":\"first\",\"private_key\":\"x\",\"kid\":\"k\",\"expiry_time\":\"soon\","
			    "\"project_id\":\"last\",\"expiry_time\":\"2030-01-01t00:00:00z\"}";
	char *text = arena_strdup(arena, encode(arena, GOOD "  "));
	struct token token;

	(void)state;
	assert_non_null(strchr(text, '='));
	*strchr(text, '=') = '\0';
	assert_int_equal(check(arena, text, &token), TOKEN_GOOD);
	assert_string_equal(token.text, text);
	assert_int_equal(check(arena, encode(arena, twice), &token), TOKEN_GOOD);
	assert_string_equal(token.project, "last");
	assert_int_equal(token.expires_ms, INT64_C(1893456000000));
}

static void test_expired(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct token token;

	(void)state;
	assert_int_equal(check(arena,
			       encode(arena, "{\"project_id\":\"p\",\"private_key\":\"x\",\"kid\":\"k\",\"expiry_time\":"
					     "\"2025-12-01T11:00:00+01:00\"}"),
			       &token),
			 TOKEN_EXPIRED);
	assert_int_equal(token.expires_ms, NOW);
}

static void test_too_long(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	char *text = arena_alloc(arena, TOKEN_MAX_BYTES + 1);
	struct token token;

	(void)state;
	memset(text, 'A', TOKEN_MAX_BYTES);
	assert_int_equal(check(arena, text, &token), TOKEN_MALFORMED);
	assert_string_equal(token.problem, "it is longer than 16 KiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	cmocka_unit_test(test_white_space_is_trimmed),
		cmocka_unit_test(test_malformed), cmocka_unit_test(test_as_the_server), cmocka_unit_test(test_expired),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
