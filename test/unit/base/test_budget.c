// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// E4: memory that several share, and what an arena owes.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

#define KIB ((size_t)1024)

static void test_take_and_give(void **state)
{
	struct budget budget = BUDGET_INIT(100);

	(void)state;
	assert_true(budget_take(&budget, 60));
	assert_false(budget_take(&budget, 41));
	assert_false(budget_take(&budget, SIZE_MAX));
	assert_true(budget_take(&budget, 40));
	budget_charge(&budget, 10);
	assert_int_equal(budget_taken(&budget), 110);
	assert_false(budget_take(&budget, 0));
	budget_give(&budget, 110);
	assert_true(budget_take(&budget, 100));
}

static void test_an_arena_gives_all_back(void **state)
{
	struct budget budget = BUDGET_INIT(1024 * KIB);
	struct arena *arena = arena_new();

	(void)state;
	(void)arena_alloc(arena, 100 * KIB);
	arena_bind(arena, &budget, 64 * KIB);
	arena_bind(arena, &budget, 0); // changes nothing
	assert_int_equal(arena_held(arena), 100 * KIB);
	assert_int_equal(budget_taken(&budget), 36 * KIB);
	(void)arena_alloc(arena, 300 * KIB);
	assert_int_equal(budget_taken(&budget), 336 * KIB);
	arena_reset(arena);
	assert_int_equal(budget_taken(&budget), 0);
	for (int i = 0; i < 2000; i++)
		(void)arena_alloc(arena, 100);
	assert_true(arena_held(arena) >= 200 * KIB - KIB && arena_held(arena) < 300 * KIB);
	assert_int_equal(budget_taken(&budget), arena_held(arena) - 64 * KIB);
	arena_free(arena);
	assert_int_equal(budget_taken(&budget), 0);
}

static void test_reserved_is_taken_once(void **state)
{
	struct budget budget = BUDGET_INIT(200 * KIB);
	struct arena *one = arena_new(), *two = arena_new(), *free_one = arena_new();

	(void)state;
	arena_bind(one, &budget, 16 * KIB);
	arena_bind(two, &budget, 16 * KIB);
	assert_true(arena_reserve(one, 16 * KIB)); // its own
	assert_int_equal(budget_taken(&budget), 0);
	assert_true(arena_reserve(one, 144 * KIB));
	assert_true(arena_reserve(one, 100 * KIB));
	assert_int_equal(budget_taken(&budget), 128 * KIB);
	arena_settle(one);
	assert_int_equal(budget_taken(&budget), 0);
	assert_true(arena_reserve(one, 144 * KIB));
	(void)arena_alloc(one, 144 * KIB);
	arena_settle(one);
	assert_int_equal(budget_taken(&budget), 128 * KIB);
	assert_false(arena_reserve(two, 96 * KIB));
	assert_true(arena_reserve(two, 16 * KIB)); // whatever the others took
	assert_true(arena_reserve(free_one, SIZE_MAX));
	arena_free(one);
	assert_true(arena_reserve(two, 96 * KIB));
	arena_free(two);
	arena_free(free_one);
	assert_int_equal(budget_taken(&budget), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take_and_give),
		cmocka_unit_test(test_an_arena_gives_all_back),
		cmocka_unit_test(test_reserved_is_taken_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
