// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kube/shelf.h"

#define PIECES 3000
#define STEPS 200000

struct held {
	unsigned char *p;
	size_t size;
	unsigned char mark;
};

static void check(const struct held *held)
{
	assert_int_equal((uintptr_t)held->p % _Alignof(max_align_t), 0);
	for (size_t i = 0; i < held->size; i++)
		assert_int_equal(held->p[i], held->mark);
}

static void take(struct shelf *shelf, struct held *held, size_t size, int step)
{
	*held = (struct held){.p = shelf_take(shelf, size), .size = size, .mark = (unsigned char)step};
	(void)memset(held->p, held->mark, size);
}

static void give(struct shelf *shelf, struct held *held)
{
	check(held);
	shelf_give(shelf, held->p, held->size);
	*held = (struct held){0};
}

// No piece touches another, whatever comes and goes; the end leaves no page.
static void test_pieces_keep_their_content(void **state)
{
	_cleanup_(shelf_freep) struct shelf *shelf = shelf_new();
	static struct held pieces[PIECES];
	uint32_t random = 1;

	(void)state;
	for (int step = 0; step < STEPS; step++) {
		struct held *held;

		random = random * UINT32_C(1664525) + UINT32_C(1013904223);
		held = &pieces[(random >> 8) % PIECES];
		if (held->p)
			give(shelf, held);
		else
			take(shelf, held, 1 + (random >> 4) % 1300, step);
	}
	for (int i = 0; i < PIECES; i++) {
		if (pieces[i].p)
			give(shelf, &pieces[i]);
	}
	assert_int_equal(shelf_held(shelf), 0);
}

// Pieces of one size lie close, and those that go leave no page behind but those that others need.
static void test_pages_are_full(void **state)
{
	_cleanup_(shelf_freep) struct shelf *shelf = shelf_new();
	static struct held pieces[PIECES];

	(void)state;
	for (int i = 0; i < PIECES; i++)
		take(shelf, &pieces[i], 100, i);
	assert_true(shelf_held(shelf) <= (size_t)PIECES * 128 * 107 / 100);
	for (int i = 0; i < PIECES; i++) {
		if (i >= 31)
			give(shelf, &pieces[i]);
	}
	assert_true(shelf_held(shelf) <= 4096);
	for (int i = 0; i < 31; i++)
		give(shelf, &pieces[i]);
	assert_int_equal(shelf_held(shelf), 0);
}

static void test_without_a_shelf(void **state)
{
	void *p = shelf_take(NULL, 10);

	(void)state;
	(void)memset(p, 1, 10);
	shelf_give(NULL, p, 10);
	shelf_give(NULL, NULL, 0);
	shelf_free(NULL);
	assert_int_equal(shelf_held(NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_keep_their_content),
		cmocka_unit_test(test_pages_are_full),
		cmocka_unit_test(test_without_a_shelf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
