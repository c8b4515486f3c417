// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

static int64_t asleep_s;

// The system's call, on a machine that has slept: only the clock that counts sleep has gone on. Found before the C library's.
int clock_gettime(clockid_t id, struct timespec *ret)
{
	int r = (int)syscall(SYS_clock_gettime, id, ret);

	if (r == 0 && id == CLOCK_BOOTTIME)
		ret->tv_sec += asleep_s;
	return r;
}

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
					  "0000-01-01T00:00:00+01:00",
					  "9999-12-31T23:59:59-01:00",
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
}

static int64_t monotonic_ms(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// D7: a deadline passes while the machine sleeps; a wait that begins after it is for what is left by the clock that waits go by.
static void test_a_sleep_counts(void **state)
{
	int64_t before = clock_monotonic_ms(&clock_system), deadline = deadline_in_ms(60000), left;
	struct timespec until;

	(void)state;
	asleep_s = 50;
	assert_true(clock_monotonic_ms(&clock_system) - before >= 50000);
	assert_in_range(deadline_left_ms(deadline), 1, 10000);
	until = deadline_timespec(deadline);
	left = (int64_t)until.tv_sec * 1000 + until.tv_nsec / 1000000 - monotonic_ms();
	assert_in_range(left, 1, 10000);
	asleep_s = 61;
	assert_int_equal(deadline_left_ms(deadline), 0);
	asleep_s = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_a_sleep_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
