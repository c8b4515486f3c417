// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bolt/pack.h"

static void pack(struct buf *out, const struct bolt_value *v)
{
	pack_value(out, v);
	assert_false(out->overflow);
}

// One of each type, some within others.
static struct bolt_value one_of_each(struct arena *arena)
{
	const struct bolt_value items[] = {bolt_null(), bolt_bool(true), bolt_int(-5), bolt_float(0.25), bolt_string("text"),
					   bolt_bytes("\0\1\2", 3), bolt_list(NULL, 0)};
	struct bolt_value *list = arena_new_array(arena, struct bolt_value, 8);
	struct bolt_entry *entries = arena_new_array(arena, struct bolt_entry, 2);

	memcpy(list, items, sizeof(items));
	list[7] = (struct bolt_value){.type = BOLT_STRUCT, .tag = 0x58, .size = 7, .items = list};
	entries[0] = (struct bolt_entry){arena_strdup(arena, "all"), bolt_list(list, 8)};
	entries[1] = (struct bolt_entry){arena_strdup(arena, "none"), bolt_map(NULL, 0)};
	return bolt_map(entries, 2);
}

// A copy says the same once what it was made of is gone.
static void test_copy(void **state)
{
	_cleanup_(arena_freep) struct arena *first = arena_new(), *second = arena_new();
	_cleanup_buf_ struct buf before = BUF_INIT(1000), after = BUF_INIT(1000);
	struct bolt_value v, copy;

	(void)state;
	arena_wipe_on_free(first);
	v = one_of_each(first);
	pack(&before, &v);
	copy = bolt_copy(&v, second);
	arena_free(steal_ptr(first));
	pack(&after, &copy);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.data, after.data, before.len);
}

// For a value that is missing, or of another type, the caller gets its own default.
static void test_as(void **state)
{
	const struct bolt_value number = bolt_int(3), real = bolt_float(0.5), text = bolt_string("x"), none = bolt_string(NULL);

	(void)state;
	assert_true(bolt_as_float(&number, 9) == 3 && bolt_as_float(&real, 9) == 0.5);
	assert_true(bolt_as_float(&text, 9) == 9 && bolt_as_float(NULL, 9) == 9);
	assert_int_equal(bolt_as_int(&real, 9), 9);
	assert_int_equal(bolt_as_int(&number, 9), 3);
	assert_true(bolt_as_bool(&number, true) && bolt_as_bool(NULL, true));
	assert_null(bolt_as_string(&number));
	assert_int_equal(none.type, BOLT_NULL);
	assert_null(bolt_map_get(&number, "x"));
}

static void test_last_of_equal_keys(void **state)
{
	const struct bolt_entry entries[] = {{"k", bolt_int(1)}, {"other", bolt_int(3)}, {"k", bolt_int(2)}};
	const struct bolt_value map = bolt_map(entries, 3);

	(void)state;
	assert_int_equal(bolt_as_int(bolt_map_get(&map, "k"), 0), 2);
}

// Missing, null, and another type are told apart.
static void test_read(void **state)
{
	const struct bolt_value values[] = {bolt_null(), bolt_bool(true), bolt_int(-5), bolt_float(0.25), bolt_string_n("a\0b", 3), bolt_bytes("\0\1", 2)};
	const unsigned char *bytes;
	const char *text;
	struct err err = ERR_INIT;
	uint32_t size;
	int64_t integer;
	double number;
	bool yes;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		const struct bolt_value *v = &values[i];
		const int other = i == 0 ? ERR_NOT_FOUND : ERR_INVALID;

		assert_int_equal(bolt_read_bool(v, &yes, &err), i == 1 ? 0 : other);
		assert_int_equal(yes, i == 1);
		assert_int_equal(bolt_read_int(v, &integer, &err), i == 2 ? 0 : other);
		assert_int_equal(integer, i == 2 ? -5 : 0);
		assert_int_equal(bolt_read_float(v, &number, &err), i == 2 || i == 3 ? 0 : other);
		assert_true(number == (i == 2 ? -5 : i == 3 ? 0.25 : 0));
		assert_int_equal(bolt_read_string(v, &text, &size, &err), i == 4 ? 0 : other);
		assert_int_equal(size, i == 4 ? 3 : 0);
		assert_int_equal(text != NULL, i == 4);
		assert_int_equal(bolt_read_bytes(v, &bytes, &size, &err), i == 5 ? 0 : other);
		assert_int_equal(size, i == 5 ? 2 : 0);
		assert_int_equal(bytes != NULL, i == 5);
	}
	assert_int_equal(bolt_read_string(&values[4], &text, NULL, &err), 0);
	assert_memory_equal(text, "a\0b", 3);
	assert_int_equal(bolt_read_string(&values[2], &text, &size, &err), ERR_INVALID);
	assert_string_equal(err.text, "the value is of type integer, where one of type string was expected");
	assert_int_equal(bolt_read_int(NULL, &integer, &err), ERR_NOT_FOUND);
	assert_string_equal(err.text, "there is no value, where one of type integer was expected");
	assert_int_equal(bolt_read_float(NULL, &number, NULL), ERR_NOT_FOUND);
	assert_int_equal(bolt_read_bool(&values[0], &yes, &err), ERR_NOT_FOUND);
	assert_string_equal(err.text, "the value is null, where one of type boolean was expected");
	assert_int_equal(bolt_read_bytes(&values[5], &bytes, NULL, &err), ERR_INVALID);
	assert_int_equal(bolt_read_int(&values[2], NULL, &err), ERR_INVALID);
	assert_string_equal(bolt_type_name((enum bolt_type)77), "unknown");
	assert_int_equal(bolt_string_n(NULL, 3).type, BOLT_NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_as),
		cmocka_unit_test(test_last_of_equal_keys),
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
