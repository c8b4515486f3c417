// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "operator/object/admin_secret.h"

static bool is_usable_of(struct arena *arena, int least, const char *data, struct admin_secret *ret, const char **problem)
{
	const char *text = arena_printf(arena, "{\"data\":{%s}}", data);

	*problem = NULL;
	return admin_secret_read(json_parse(arena, text, strlen(text)), least, arena, ret, problem);
}

static bool is_usable(struct arena *arena, const char *data, struct admin_secret *ret, const char **problem)
{
	return is_usable_of(arena, ADMIN_SECRET_LEAST_CHARACTERS, data, ret, problem);
}

static void test_forms(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct admin_secret credentials;
	const char *problem;

	(void)state;
	// "password1", "neo4j", "neo4j/password1"
	assert_true(is_usable(arena, "\"password\":\"cGFzc3dvcmQx\"", &credentials, &problem));
	assert_string_equal(credentials.password, "password1");
	assert_true(is_usable(arena, "\"password\":\"cGFzc3dvcmQx\",\"username\":\"bmVvNGo=\"", &credentials, &problem));
	assert_true(is_usable(arena, "\"NEO4J_AUTH\":\"bmVvNGovcGFzc3dvcmQx\"", &credentials, &problem));
	assert_string_equal(credentials.password, "password1");
}

// B5: every password that the server takes is taken as it is.
static void test_any_password(void **state)
{
	static const struct {
		const char *data, *password;
	} cases[] = {
		{"\"password\":\"LXBhc3N3b3Jk\"", "-password"},
		{"\"password\":\"cGFzcy93b3Jk\"", "pass/word"},
		{"\"password\":\"QEBzM2NyZXQtcGFzcw==\"", "@@s3cret-pass"},
		{"\"password\":\"cGFzc3dvcmQxCg==\"", "password1\n"},
		{"\"password\":\"bmVvNGovbmVvNGo=\"", "neo4j/neo4j"},
		{"\"password\":\"w6nDqMOgw7zDtsOkw7HDpw==\"", "éèàüöäñç"},
		{"\"NEO4J_AUTH\":\"bmVvNGovcGFzcy93b3JkL3RydWU=\"", "pass/word/true"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct admin_secret credentials;
	const char *problem;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!is_usable(arena, cases[i].data, &credentials, &problem))
			fail_msg("%s: %s", cases[i].password, problem);
		assert_string_equal(credentials.password, cases[i].password);
	}
}

// B5: the length is one of characters, and the setting's where it is set.
static void test_length(void **state)
{
	static const char eight_bytes[] = "\"password\":\"w6nDqMOgw7w=\""; // éèàü
	static const char five[] = "\"password\":\"c2hvcnQ=\"";	     // short
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct admin_secret credentials;
	const char *problem;

	(void)state;
	assert_false(is_usable(arena, eight_bytes, &credentials, &problem));
	assert_non_null(strstr(problem, "shorter than 8 characters"));
	assert_true(is_usable_of(arena, 4, eight_bytes, &credentials, &problem));
	assert_true(is_usable_of(arena, 4, five, &credentials, &problem));
	assert_false(is_usable_of(arena, 14, "\"password\":\"cGFzc3dvcmQxMjM=\"", &credentials, &problem));
	assert_non_null(strstr(problem, "shorter than 14 characters"));
}

// B5: what the server does not take is refused, without quoting it.
static void test_refusals(void **state)
{
	static const struct {
		const char *data, *part;
	} cases[] = {
		{"", "the keys are: none"},
		{"\"pass\":\"cGFzc3dvcmQx\"", "the keys are: 'pass'"},
		{"\"password\":\"c2hvcnQ=\"", "shorter than 8"}, // short
		{"\"password\":\"cGFzcwB3b3JkMQ==\"", "NUL"},
		{"\"password\":\"cGFzc3dvcmQx/w==\"", "UTF-8"},     // password1 and ff
		{"\"password\":\"cGFzc3dvcmQxw6A=w6\"", "not found"}, // no base64
		{"\"password\":\"cGFzc3dvcmQx7aCA\"", "UTF-8"},     // a surrogate
		{"\"password\":\"cGFzc3dvcmQxwIA=\"", "UTF-8"},     // overlong
		{"\"password\":\"cGFzc3dvcmQx9JCAgA==\"", "UTF-8"}, // beyond the last
		{"\"password\":\"cGFzc3dvcmQx4oI=\"", "UTF-8"},     // cut short
		{"\"password\":\"cGFzc3dvcmQx\",\"username\":\"cm9vdA==\"", "'username' must be neo4j"},
		{"\"NEO4J_AUTH\":\"cm9vdC9wYXNzd29yZDE=\"", "must be neo4j/<password>"},
		{"\"NEO4J_AUTH\":\"bmVvNGovc2hvcnQ=\"", "shorter than 8"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct admin_secret credentials;
	const char *problem;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_false(is_usable(arena, cases[i].data, &credentials, &problem));
		if (!strstr(problem, cases[i].part))
			fail_msg("%s: %s", cases[i].data, problem);
		assert_null(strstr(problem, "password1"));
	}
	assert_false(is_usable_of(arena, 5, "\"password\":\"bmVvNGo=\"", &credentials, &problem)); // neo4j
	assert_non_null(strstr(problem, "'neo4j'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_any_password),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
