// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void test_zeroed_and_aligned(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (size_t size = 0; size < 5000; size += 7) {
		unsigned char *p = arena_alloc(arena, size);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
	assert_true(arena_used(arena) > 5000);
}

static void test_texts(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	char *copy = arena_strdup(arena, "abc");

	(void)state;
	assert_string_equal(copy, "abc");
	assert_null(arena_strdup(arena, NULL));
	assert_string_equal(arena_printf(arena, "%s-%d", "x", 7), "x-7");
	assert_string_equal(arena_memdup0(arena, "a\0b", 1), "a");
}

static void test_large(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	char *p = arena_alloc(arena, (size_t)8 * 1024 * 1024);

	(void)state;
	p[8 * 1024 * 1024 - 1] = 'x';
	arena_wipe_on_free(arena);
}

// An arena that is used again and again keeps its memory: the next round finds it zeroed, and where it was.
static void test_reset(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	unsigned char *first = NULL;

	(void)state;
	arena_reset(arena); // of nothing
	for (int secret = 0; secret < 2; secret++) {
		for (size_t round = 0; round < 100; round++) {
			unsigned char *p;

			arena_reset(arena);
			assert_int_equal(arena_used(arena), 0);
			p = arena_alloc(arena, 1000);
			if (round == 0)
				first = p;
			assert_ptr_equal(p, first);
			for (size_t i = 0; i < 1000; i++)
				assert_int_equal(p[i], 0);
			memset(p, 0xff, 1000);
		}
		arena_wipe_on_free(arena);
	}
}

// Many blocks become one; one that was made for a single large request is not kept.
static void test_reset_of_many_blocks(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	unsigned char *p;

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		(void)arena_alloc(arena, 1000);
	arena_reset(arena);
	p = arena_alloc(arena, 100);
	arena_reset(arena);
	assert_ptr_equal(arena_alloc(arena, 100), p);
	memset(arena_alloc(arena, (size_t)1024 * 1024), 0xff, (size_t)1024 * 1024);
	arena_reset(arena);
	p = arena_alloc(arena, 100);
	arena_reset(arena);
	assert_ptr_equal(arena_alloc(arena, 100), p);
}

static void test_grow(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	int *items = NULL, *before;
	size_t room = 0;

	(void)state;
	for (size_t n = 0; n < 1000; n++) {
		before = items;
		items = arena_grow(arena, items, n, &room);
		assert_true(n < room);
		assert_true(n == 0 || items == before || room == 2 * n);
		items[n] = (int)n;
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
}

// The newest piece grows and shrinks where it lies; any other moves to grow, and keeps its content.
static void test_resize(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	char *p = arena_alloc(arena, 100), *q, *next;

	(void)state;
	(void)memcpy(p, "content", 8);
	assert_ptr_equal(arena_resize(arena, p, 100, 400), p);
	assert_int_equal(arena_used(arena), 400);
	assert_ptr_equal(arena_resize(arena, p, 400, 8), p);
	assert_int_equal(arena_used(arena), 16);
	next = arena_alloc(arena, 16);
	assert_ptr_equal(next, p + 16);
	q = arena_resize(arena, p, 8, 200);
	assert_ptr_not_equal(q, p);
	assert_string_equal(q, "content");
	assert_ptr_equal(arena_resize(arena, next, 16, 3), next);
	q = arena_resize(arena, q, 200, (size_t)1024 * 1024);
	assert_string_equal(q, "content");
	(void)memset(q, 1, (size_t)1024 * 1024);
}

// What a wiped arena takes back of a piece holds nothing any more.
static void test_resize_wipes(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	char *p = arena_alloc(arena, 64);

	(void)state;
	arena_wipe_on_free(arena);
	(void)memset(p, 's', 64);
	assert_ptr_equal(arena_resize(arena, p, 64, 16), p);
	for (int i = 16; i < 64; i++)
		assert_int_equal(p[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_zeroed_and_aligned),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_reset_of_many_blocks),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_resize_wipes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
