// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/field.h"
#include "base/json.h"

struct fixture {
	struct arena *arena;
	struct err err;
	struct field_reader reader;
	struct field root;
};

static struct fixture *begin(const char *json)
{
	static struct fixture fixture;

	fixture = (struct fixture){.arena = arena_new()};
	fixture.reader = (struct field_reader){.arena = fixture.arena, .err = &fixture.err};
	fixture.root = (struct field){.val = json_parse(fixture.arena, json, strlen(json)), .path = ""};
	assert_non_null(fixture.root.val);
	return &fixture;
}

static void end(struct fixture *f, const char *error)
{
	assert_string_equal(f->err.text, error);
	assert_int_equal(f->err.class, *error ? ERR_INVALID : ERR_NONE);
	arena_free(f->arena);
}

static void test_values(void **state)
{
	struct fixture *f = begin("{\"s\":\"text\",\"t\":true,\"n\":7,\"o\":{\"in\":\"side\"},\"none\":null,"
				  "\"map\":{\"b\":\"2\",\"a\":\"1\"},\"list\":[\"y\",\"x\"]}");
	struct field_pairs pairs;
	struct field_strings strings;

	(void)state;
	assert_string_equal(field_string(&f->reader, f->root, "s", "other"), "text");
	assert_string_equal(field_string(&f->reader, f->root, "none", "other"), "other");
	assert_string_equal(field_string_required(&f->reader, field_object(&f->reader, f->root, "o"), "in"), "side");
	assert_true(field_bool(&f->reader, f->root, "t", false));
	assert_true(field_bool(&f->reader, f->root, "absent", true));
	assert_int_equal(field_int(&f->reader, f->root, "n", (struct field_range){1, 9, 3}), 7);
	assert_int_equal(field_int(&f->reader, f->root, "absent", (struct field_range){1, 9, 3}), 3);
	pairs = field_pairs(&f->reader, f->root, "map");
	assert_int_equal(pairs.n, 2);
	assert_string_equal(pairs.items[0].name, "a"); // sorted
	assert_string_equal(pairs.items[1].value, "2");
	strings = field_strings(&f->reader, f->root, "list");
	assert_int_equal(strings.n, 2);
	assert_string_equal(strings.items[0], "y"); // as written
	assert_int_equal(field_strings(&f->reader, f->root, "absent").n, 0);
	end(f, "");
}

static void test_errors_name_the_path(void **state)
{
	static const char json[] = "{\"o\":{\"n\":12,\"b\":\"x\",\"big\":18446744073709551615,\"m\":{\"k\":1},\"l\":[\"a\",2]},\"s\":\"\"}";
	struct fixture *f;

	(void)state;
	f = begin(json);
	(void)field_int(&f->reader, field_object(&f->reader, f->root, "o"), "n", (struct field_range){1, 9, 3});
	end(f, "o.n: must be a whole number from 1 to 9");
	f = begin(json);
	(void)field_int(&f->reader, field_object(&f->reader, f->root, "o"), "big", (struct field_range){-5, 9, 3});
	end(f, "o.big: must be a whole number from -5 to 9");
	f = begin(json);
	(void)field_bool(&f->reader, field_object(&f->reader, f->root, "o"), "b", true);
	end(f, "o.b: must be true or false");
	f = begin(json);
	(void)field_string(&f->reader, f->root, "o", "");
	end(f, "o: must be a string");
	f = begin(json);
	(void)field_pairs(&f->reader, field_object(&f->reader, f->root, "o"), "m");
	end(f, "o.m.k: must be a string; put quotes around it");
	f = begin(json);
	(void)field_strings(&f->reader, field_object(&f->reader, f->root, "o"), "l");
	end(f, "o.l[1]: must be a string");
	f = begin(json);
	(void)field_string_required(&f->reader, f->root, "s");
	end(f, "s: is required and must not be empty");
	f = begin(json);
	assert_null(field_object(&f->reader, f->root, "s").val);
	end(f, "s: must be an object");
	f = begin(json);
	assert_null(field_list(&f->reader, f->root, "o").val);
	end(f, "o: must be a list");
}

static void test_first_error_stays(void **state)
{
	struct fixture *f = begin("{\"a\":1,\"b\":2}");

	(void)state;
	(void)field_string(&f->reader, f->root, "a", "");
	(void)field_string(&f->reader, f->root, "b", "");
	end(f, "a: must be a string");
}

static void test_nul(void **state)
{
	struct fixture *f = begin("{\"a\":\"x\\u0000y\"}");

	(void)state;
	assert_string_equal(field_string(&f->reader, f->root, "a", "-"), "-");
	end(f, "a: must not hold a NUL character");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_errors_name_the_path),
		cmocka_unit_test(test_first_error_stays),
		cmocka_unit_test(test_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
