// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// F2: lengths of time as the spec has them.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/duration.h"

#define MINUTE INT64_C(60000)

static void test_lengths(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{"0", 0}, {"1m", MINUTE}, {"90m", 90 * MINUTE}, {"1h", 60 * MINUTE}, {"1h30m", 90 * MINUTE},
		{"14d", 14 * 1440 * MINUTE}, {"1d2h3m", (1440 + 120 + 3) * MINUTE}, {"9999d9999h9999m", (9999 * 1440 + 9999 * 60 + 9999) * MINUTE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ms;

		assert_true(duration_parse(cases[i].text, &ms));
		assert_int_equal(ms, cases[i].ms);
	}
}

static void test_no_lengths(void **state)
{
	static const char *const cases[] = {"",	  "1",	 "h",	"00",	 "0m",	"0h",  "01h",  "1s",  "10ms", "1h1h", "1m1h",
					    "1.5h", "-1h", " 1h", "1h ", "1 h", "1w", "10000d", "99999999999999999999m", "1hour", "never"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ms;

		assert_false(duration_parse(cases[i], &ms));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_no_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
