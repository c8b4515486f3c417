// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// D6, E1, F2: when the connection is looked at, and that a restart of the operator costs one look.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "operator/fleet/connection_watch.h"

#define NOW INT64_C(1000000)
#define HOUR INT64_C(3600000)

static const struct connection_pace never = {0};

static void test_after_a_registration(void **state)
{
	struct connection_watch looks;
	unsigned taken;

	(void)state;
	connection_watch_begin(&looks, NOW, 0);
	assert_false(connection_watch_due(&looks, &never, NOW + 4999, &taken));
	assert_int_equal(connection_watch_left_ms(&looks, &never, NOW + 4999), 1);
	for (unsigned i = 0; i < 3; i++) {
		static const int64_t after_ms[] = {5000, 30000, 90000};

		assert_true(connection_watch_due(&looks, &never, NOW + after_ms[i], &taken));
		assert_int_equal(connection_watch_left_ms(&looks, &never, NOW + after_ms[i]), 1000); // it could not be taken
		connection_watch_take(&looks, taken, NOW);
		assert_int_equal(taken, i + 1);
		assert_false(connection_watch_due(&looks, &never, NOW + after_ms[i], &taken));
	}
	assert_int_equal(connection_watch_left_ms(&looks, &never, NOW + 90000), 0);
}

// An operator that was away takes one look for all that it missed, and then those that are still to come.
static void test_missed(void **state)
{
	struct connection_watch looks;
	unsigned taken;

	(void)state;
	connection_watch_begin(&looks, NOW, 40000);
	assert_true(connection_watch_due(&looks, &never, NOW, &taken));
	assert_int_equal(taken, 2);
	connection_watch_take(&looks, taken, NOW);
	assert_int_equal(connection_watch_left_ms(&looks, &never, NOW), 50000);
	connection_watch_begin(&looks, NOW, 86400000);
	assert_true(connection_watch_due(&looks, &never, NOW, &taken));
	connection_watch_take(&looks, taken, NOW);
	assert_int_equal(connection_watch_left_ms(&looks, &never, NOW), 0);
}

// F2: after the first looks, one an interval, on the grid of the deployment.
static void test_interval(void **state)
{
	const struct connection_pace pace = {.interval_ms = HOUR, .offset_ms = NOW + 100000};
	struct connection_watch looks;
	unsigned taken;

	(void)state;
	connection_watch_begin(&looks, NOW, 86400000);
	assert_true(connection_watch_due(&looks, &pace, NOW, &taken));
	connection_watch_take(&looks, taken, NOW);
	assert_int_equal(connection_watch_left_ms(&looks, &pace, NOW), 100000);
	assert_false(connection_watch_due(&looks, &pace, NOW + 99999, &taken));
	assert_true(connection_watch_due(&looks, &pace, NOW + 100000, &taken));
	assert_int_equal(connection_watch_left_ms(&looks, &pace, NOW + 100000), 1000); // it could not be taken
	// Late, it is one, and the next is on time.
	assert_true(connection_watch_due(&looks, &pace, NOW + 100000 + 2 * HOUR + 5, &taken));
	connection_watch_take(&looks, taken, NOW + 100000 + 2 * HOUR + 5);
	assert_int_equal(taken, 3);
	assert_false(connection_watch_due(&looks, &pace, NOW + 100000 + 3 * HOUR - 1, &taken));
	assert_int_equal(connection_watch_left_ms(&looks, &pace, NOW + 100000 + 2 * HOUR + 5), HOUR - 5);
	assert_true(connection_watch_due(&looks, &pace, NOW + 100000 + 3 * HOUR, &taken));
}

// F2: a thousand deployments that are found at one moment: no minute has more than three times its share.
static void test_spread(void **state)
{
	unsigned counts[60] = {0};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct connection_watch looks;
		struct connection_pace pace;
		char uid[40];

		(void)snprintf(uid, sizeof(uid), "0b6f1e0c-0000-4000-8000-%012d", i);
		pace = connection_watch_pace(HOUR, uid);
		assert_true(pace.offset_ms >= 0 && pace.offset_ms < HOUR);
		connection_watch_begin(&looks, NOW, 0);
		connection_watch_take(&looks, 3, NOW);
		counts[(connection_watch_left_ms(&looks, &pace, NOW) - 1) / 60000]++;
	}
	for (size_t i = 0; i < 60; i++)
		assert_true(counts[i] > 0 && counts[i] <= 3 * 1000 / 60);
	assert_int_equal(connection_watch_pace(0, "uid").offset_ms, 0);
}

// F2: a look that something else contradicts is taken again at once, once, and the times of the others stay; also where there are none left.
static void test_doubted(void **state)
{
	struct connection_watch looks;
	unsigned taken;

	(void)state;
	connection_watch_begin(&looks, NOW, 0);
	connection_watch_take(&looks, 3, NOW + 90000);
	assert_int_equal(connection_watch_left_ms(&looks, &never, NOW + 90001), 0);
	assert_int_equal(connection_watch_doubt(&looks), 1000);
	assert_int_equal(connection_watch_left_ms(&looks, &never, NOW + 90001), 1000);
	assert_true(connection_watch_due(&looks, &never, NOW + 90001, &taken));
	assert_int_equal(taken, 3);
	connection_watch_take(&looks, taken, NOW + 90001);
	assert_false(connection_watch_due(&looks, &never, NOW + 90002, &taken));
	assert_int_equal(connection_watch_left_ms(&looks, &never, NOW + 90002), 0);
}

static void test_age(void **state)
{
	const struct pod pods[] = {{.started_at = "2026-01-02T03:04:10Z"}, {.started_at = NULL}, {.started_at = "2026-01-02T03:04:00Z"}};
	int64_t at;

	(void)state;
	assert_int_equal(time_parse_rfc3339("2026-01-02T03:05:00Z", &at), 0);
	assert_int_equal(connection_watch_age("2026-01-02T03:04:20Z", pods, 3, at), 40000);
	assert_int_equal(connection_watch_age("2025-12-31T00:00:00Z", pods, 3, at), 50000); // a pod's restart is later
	assert_int_equal(connection_watch_age(NULL, pods, 3, at), 50000);
	assert_int_equal(connection_watch_age("2026-01-02T03:04:56Z", pods, 3, at), 0); // within the first look
	assert_int_equal(connection_watch_age("2026-01-02T03:06:00Z", pods, 3, at), 0); // another clock
	assert_int_equal(connection_watch_age(NULL, NULL, 0, at), 0);
	assert_int_equal(connection_watch_age("yesterday", NULL, 0, at), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_a_registration),
		cmocka_unit_test(test_missed),
		cmocka_unit_test(test_interval),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_doubted),
		cmocka_unit_test(test_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
