// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

static const char *text_of(struct arena *arena, const char *value)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	(void)yyjson_mut_obj_add_str(doc, root, "k", value);
	return json_text(arena, doc);
}

static void test_reads_and_writes(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *val = json_parse(arena, "{ \"a\": [1, \"\xc3\xa4\"] }x", 18);

	(void)state;
	assert_non_null(val);
	assert_string_equal(json_val_text(arena, val), "{\"a\":[1,\"\xc3\xa4\"]}");
	assert_null(json_parse(arena, "{", 1));
	assert_null(json_parse(arena, "", 0));
	assert_string_equal(text_of(arena, "a\"\n\x01"), "{\"k\":\"a\\\"\\n\\u0001\"}");
}

// D4: a status quotes a server's words, whatever they are.
static void test_what_is_no_letter(void **state)
{
	static const char *const cases[][2] = {
		{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\x7f", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\x7f"},
		{"a\xc3", "a?"},
		{"\xff" "b\xfe", "?b?"},
		{"\xe2\x82", "??"},
		{"\xe2\x82z", "??z"},
		{"\xf0\x9f\x98\"", "???\\\""},
		{"\xc0\xaf", "??"},
		{"\xe0\x80\xaf", "???"},
		{"\xed\xa0\x80", "???"},
		{"\xf4\x90\x80\x80", "????"},
		{"\xef\xbf\xbf\xf4\x8f\xbf\xbf\xed\x9f\xbf", "\xef\xbf\xbf\xf4\x8f\xbf\xbf\xed\x9f\xbf"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const char *text = text_of(arena, cases[i][0]);
		yyjson_val *back = json_parse(arena, text, strlen(text));

		assert_non_null(back);
		assert_string_equal(text, arena_printf(arena, "{\"k\":\"%s\"}", cases[i][1]));
	}
}

// A loop over what is no object takes no step, and adds nothing to a null pointer on its way.
static void test_members_of_nothing(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *vals[] = {NULL, json_parse(arena, "null", 4), json_parse(arena, "[1,2]", 5), json_parse(arena, "{}", 2)};
	yyjson_val *key, *val;
	size_t index, max;

	(void)state;
	for (size_t i = 0; i < sizeof(vals) / sizeof(vals[0]); i++) {
		yyjson_obj_foreach(json_members(vals[i]), index, max, key, val) fail();
	}
	yyjson_obj_foreach(json_members(json_parse(arena, "{\"a\":1}", 7)), index, max, key, val) assert_true(yyjson_equals_str(key, "a"));
	assert_int_equal(index, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members_of_nothing),
		cmocka_unit_test(test_reads_and_writes),
		cmocka_unit_test(test_what_is_no_letter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
