// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "operator/credentials.h"

static bool is_usable(struct arena *arena, const char *data, struct credentials *ret, const char **problem)
{
	const char *text = arena_printf(arena, "{\"data\":{%s}}", data);

	*problem = NULL;
	return credentials_read(json_parse(arena, text, strlen(text)), arena, ret, problem);
}

static void test_forms(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct credentials credentials;
	const char *problem;

	(void)state;
	// "password1", "neo4j", "neo4j/password1"
	assert_true(is_usable(arena, "\"password\":\"cGFzc3dvcmQx\"", &credentials, &problem));
	assert_string_equal(credentials.password, "password1");
	assert_int_equal(credentials.form, CREDENTIALS_PASSWORD);
	assert_false(credentials.has_username);
	assert_true(is_usable(arena, "\"password\":\"cGFzc3dvcmQx\",\"username\":\"bmVvNGo=\"", &credentials, &problem));
	assert_true(credentials.has_username);
	assert_true(is_usable(arena, "\"NEO4J_AUTH\":\"bmVvNGovcGFzc3dvcmQx\"", &credentials, &problem));
	assert_int_equal(credentials.form, CREDENTIALS_NEO4J_AUTH);
	assert_string_equal(credentials.password, "password1");
}

// B5: what the image would choke on is refused, without quoting it.
static void test_refusals(void **state)
{
	static const struct {
		const char *data, *part;
	} cases[] = {
		{"", "the keys are: none"},
		{"\"pass\":\"cGFzc3dvcmQx\"", "the keys are: 'pass'"},
		{"\"password\":\"c2hvcnQ=\"", "shorter than 8"},		 // short
		{"\"password\":\"LXBhc3N3b3Jk\"", "begins with '-'"},	 // -password
		{"\"password\":\"cGFzcy93b3Jk\"", "holds '/'"},		 // pass/word
		{"\"password\":\"cGFzc3dvcmQxCg==\"", "control character"}, // password1 and a newline
		{"\"password\":\"cGFzcwB3b3JkMQ==\"", "NUL"},
		{"\"password\":\"bmVvNGo=\"", "shorter than 8"}, // neo4j
		{"\"password\":\"cGFzc3dvcmQx\",\"username\":\"cm9vdA==\"", "'username' must be neo4j"},
		{"\"NEO4J_AUTH\":\"cm9vdC9wYXNzd29yZDE=\"", "must be neo4j/<password>"},
		{"\"NEO4J_AUTH\":\"bmVvNGovc2hvcnQ=\"", "shorter than 8"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct credentials credentials;
	const char *problem;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_false(is_usable(arena, cases[i].data, &credentials, &problem));
		assert_non_null(strstr(problem, cases[i].part));
		assert_null(strstr(problem, "password1"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
