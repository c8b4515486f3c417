// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/timespan.h"

static void test_words(void **state)
{
	static const struct {
		int64_t s;
		const char *brief, *from_now, *ago;
	} cases[] = {
		{0, "0s", "now", "now"},
		{1, "1s", "now", "now"},
		{2, "2s", "in 2 seconds", "2 seconds ago"},
		{119, "119s", "in 119 seconds", "119 seconds ago"},
		{120, "2m", "in 2 minutes", "2 minutes ago"},
		{7199, "119m", "in 119 minutes", "119 minutes ago"},
		{7200, "2h", "in 2 hours", "2 hours ago"},
		{172800, "2d", "in 2 days", "2 days ago"},
		{63158400, "2y", "in 2 years", "2 years ago"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();

		assert_string_equal(timespan_short(cases[i].s * 1000, arena), cases[i].brief);
		assert_string_equal(timespan_from_now(cases[i].s * 1000, arena), cases[i].from_now);
		assert_string_equal(timespan_from_now(-cases[i].s * 1000, arena), cases[i].ago);
	}
}

// A clock that is behind the server's makes nothing negative.
static void test_not_yet(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(timespan_short(-5000, arena), "0s");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_words), cmocka_unit_test(test_not_yet)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
