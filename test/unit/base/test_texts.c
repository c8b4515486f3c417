// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/texts.h"

#define MANY 1000

static void test_each_is_kept_once(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_texts_ struct texts texts = TEXTS_INIT(arena);
	char text[] = "one";
	const char *one = texts_keep(&texts, text);

	(void)state;
	text[0] = 'O';
	assert_string_equal(one, "one");
	assert_ptr_not_equal(texts_keep(&texts, text), one);
	assert_ptr_equal(texts_keep(&texts, "one"), one);
	assert_null(texts_keep(&texts, NULL));
	assert_string_equal(texts_keep(&texts, ""), "");
	assert_int_equal(texts.n, 3);
}

// E4: however often many are named, they cost what they are.
static void test_numbers(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(), *own = arena_new();
	_cleanup_texts_ struct texts texts = TEXTS_INIT(own);
	size_t used = 0;

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < MANY; i++) {
			const char *text = arena_printf(arena, "text-%zu", i);

			assert_int_equal(texts_add(&texts, text), i);
			assert_string_equal(texts.list[i], text);
		}
		assert_true(used == 0 || arena_used(own) == used);
		used = arena_used(own);
	}
	assert_int_equal(texts.n, MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_is_kept_once),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
