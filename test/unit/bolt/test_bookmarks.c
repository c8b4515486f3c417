// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bolt/bookmarks.h"

static const struct bolt_bookmark_list ab = {(const char *const[]){"a", "b"}, 2}, bb = {(const char *const[]){"b", "b"}, 2};

static bool holds(const struct bolt_bookmark_list *list, const char *item)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += strcmp(list->items[i], item) == 0;
	return n == 1;
}

static void test_replace(void **state)
{
	_cleanup_(bolt_bookmarks_freep) struct bolt_bookmarks *bookmarks = bolt_bookmarks_new(&ab, NULL);
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_bookmark_list now;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(bolt_bookmarks_get(bookmarks, arena, &now, &err), 0);
	assert_int_equal(now.n, 2);
	assert_true(holds(&now, "a") && holds(&now, "b"));
	// Bookmarks that others left meanwhile stay.
	assert_int_equal(bolt_bookmarks_replace(bookmarks, &bb, "c", &err), 0);
	assert_int_equal(bolt_bookmarks_get(bookmarks, arena, &now, &err), 0);
	assert_int_equal(now.n, 2);
	assert_true(holds(&now, "a") && holds(&now, "c"));
	for (char name = 'd'; name < 'k'; name++)
		assert_int_equal(bolt_bookmarks_replace(bookmarks, &bb, (char[]){name, 0}, &err), 0);
	assert_int_equal(bolt_bookmarks_get(bookmarks, arena, &now, &err), 0);
	assert_int_equal(now.n, 9);
}

struct hooked {
	bool broken;
	size_t n;
	char last[8];
};

static int supply(void *user, struct arena *arena, struct bolt_bookmark_list *ret, struct err *err)
{
	const struct hooked *hooked = user;

	(void)arena;
	if (hooked->broken)
		return err_set(err, ERR_IO, "the other process is gone");
	*ret = ab;
	return 0;
}

static int consume(void *user, const struct bolt_bookmark_list *now, struct err *err)
{
	struct hooked *hooked = user;

	if (hooked->broken)
		return err_set(err, ERR_IO, "the other process is gone");
	hooked->n = now->n;
	(void)snprintf(hooked->last, sizeof(hooked->last), "%s", now->items[now->n - 1]);
	return 0;
}

static void test_hooks(void **state)
{
	struct hooked hooked = {0};
	const struct bolt_bookmark_hooks hooks = {supply, consume, &hooked};
	_cleanup_(bolt_bookmarks_freep) struct bolt_bookmarks *bookmarks = bolt_bookmarks_new(&bb, &hooks);
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_bookmark_list now;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(bolt_bookmarks_get(bookmarks, arena, &now, &err), 0);
	assert_int_equal(now.n, 2);
	assert_int_equal(bolt_bookmarks_replace(bookmarks, &now, "z", &err), 0);
	assert_int_equal(hooked.n, 1);
	assert_string_equal(hooked.last, "z");
	hooked.broken = true;
	assert_int_equal(bolt_bookmarks_get(bookmarks, arena, &now, &err), ERR_IO);
	err_clear(&err);
	assert_int_equal(bolt_bookmarks_replace(bookmarks, &now, "y", &err), ERR_IO);
	bolt_bookmarks_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_hooks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
