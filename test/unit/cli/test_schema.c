// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The schemas in the program are those of deploy/crds, and each rule in them is known.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/plugin.h"
#include "base/json.h"
#include "cli/schema.h"

static size_t check_rules(yyjson_val *node)
{
	size_t index, max, n = 0;
	yyjson_val *key, *val;

	yyjson_arr_foreach(yyjson_obj_get(node, "x-kubernetes-validations"), index, max, val) {
		const char *rule = yyjson_get_str(yyjson_obj_get(val, "rule"));

		if (!schema_knows_rule(rule))
			fail_msg("cli/schema.c does not know the rule %s", rule);
		n++;
	}
	yyjson_obj_foreach(node, index, max, key, val) {
		n += yyjson_is_obj(val) ? check_rules(val) : 0;
	}
	return n;
}

static void test_rules(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct schemas schemas;
	size_t n = 0;

	(void)state;
	schemas_load(arena, &schemas);
	for (size_t i = 0; i < SCHEMA_KINDS; i++)
		n += check_rules(schemas.roots[i]);
	assert_true(n >= 10);
	assert_false(schema_knows_rule("self.size() > 3"));
	assert_non_null(schemas_find(&schemas, API_KIND_PLUGIN));
	assert_null(schemas_find(&schemas, "Pod"));
}

struct found {
	char text[1024];
};

static void note(void *user, const char *path, const char *text)
{
	struct found *found = user;
	size_t len = strlen(found->text);

	(void)snprintf(found->text + len, sizeof(found->text) - len, "%s: %s\n", path, text);
}

static void test_words(void **state)
{
	static const struct {
		const char *schema, *val, *wanted;
	} cases[] = {
		{"{\"type\":\"integer\",\"minimum\":2,\"maximum\":20}", "2", ""},
		{"{\"type\":\"integer\",\"minimum\":2,\"maximum\":20}", "21", ": must be at most 20\n"},
		{"{\"type\":\"integer\",\"minimum\":2}", "2.0", ""},
		{"{\"type\":\"integer\"}", "2.5", ": must be a whole number, and is a number\n"},
		{"{\"type\":\"integer\"}", "\"2\"", ": must be a whole number, and is a string\n"},
		{"{\"type\":\"string\",\"maxLength\":3}", "\"äöü\"", ""},
		{"{\"type\":\"string\",\"maxLength\":3}", "\"äöüa\"", ": must have at most 3 characters, and has 4\n"},
		{"{\"type\":\"string\",\"pattern\":\"^[^\\\\x00-\\\\x1f]*$\"}", "\"a\\tb\"", ": 'a\tb' does not fit the pattern ^[^\\x00-\\x1f]*$\n"},
		{"{\"type\":\"string\",\"pattern\":\"^[^\\\\x00-\\\\x1f]*$\"}", "\"a\\u0000\"", ": 'a' does not fit the pattern ^[^\\x00-\\x1f]*$\n"},
		{"{\"type\":\"string\",\"pattern\":\"^a+$\"}", "\"\"", ": '' does not fit the pattern ^a+$\n"},
		{"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"a\":null}", ""},
		{"{\"type\":\"object\",\"required\":[\"a\"],\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"a\":null}", "a: is required\n"},
		{"{\"type\":\"object\",\"maxProperties\":1,\"additionalProperties\":{\"type\":\"string\"}}", "{\"a\":\"\",\"b\":\"\"}",
		 ": must have at most 1 entries\n"},
		{"{\"type\":\"array\",\"maxItems\":1,\"items\":{\"type\":\"string\"}}", "[\"a\",\"b\"]", ": must have at most 1 items\n"},
		{"{\"type\":\"array\",\"x-kubernetes-list-type\":\"atomic\",\"items\":{\"type\":\"string\"}}", "[\"a\",\"a\"]", ""},
		{"{\"x-kubernetes-int-or-string\":true}", "true", ": must be a string or a whole number, and is true or false\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		yyjson_val *schema = json_parse(arena, cases[i].schema, strlen(cases[i].schema)), *val = json_parse(arena, cases[i].val, strlen(cases[i].val));
		struct found found = {""};

		assert_non_null(schema);
		assert_non_null(val);
		schema_check(schema, val, arena, note, &found);
		assert_string_equal(found.text, cases[i].wanted);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_rules), cmocka_unit_test(test_words)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
