// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

static void test_format(void **state)
{
	char text[TIME_TEXT_SIZE];

	(void)state;
	time_format_rfc3339(INT64_C(1764583200999), text, sizeof(text));
	assert_string_equal(text, "2025-12-01T10:00:00Z");
}

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{"2025-12-01T10:00:00Z", INT64_C(1764583200000)},
		{"2025-12-01T10:00:00.25Z", INT64_C(1764583200250)},
		{"2025-12-01T10:00:00.123456789Z", INT64_C(1764583200123)},
		{"2025-12-01T11:00:00+01:00", INT64_C(1764583200000)},
		{"2025-12-01T08:30:00-0130", INT64_C(1764583200000)},
	};
	static const char *const bad[] = {"",
					  "2025-12-01",
					  "2025-12-01T10:00:00",
					  "2025-12-01T10:00:00.Z",
					  "2025-12-01T10:00:00Zx",
					  "2025-13-01T10:00:00Z",
					  "2025-12-01T10:00:00+25:00",
					  "2025-12-01T10:00:00+1"};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(time_parse_rfc3339(good[i].text, &ms), 0);
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(time_parse_rfc3339(bad[i], &ms), -1);
}

static void test_deadlines(void **state)
{
	(void)state;
	assert_int_equal(deadline_left_ms(deadline_in_ms(-1)), 0);
	assert_true(deadline_left_ms(deadline_in_ms(60000)) > 50000);
	assert_true(deadline_left_ms(DEADLINE_NEVER) > 0);
	assert_true(deadline_in_ms(INT64_MAX) == DEADLINE_NEVER);
	assert_int_equal(deadline_timespec(12999).tv_sec, 12);
	assert_int_equal(deadline_timespec(12999).tv_nsec, 999000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_deadlines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
