// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aura/pace.h"

#define TIMEOUT_MS 20000

static int take(struct pace *pace, int64_t now_ms, int *ret_wait_ms)
{
	struct err err = ERR_INIT;
	int r = pace_take(pace, now_ms, TIMEOUT_MS, &err);

	*ret_wait_ms = err.retry_after_ms;
	return r;
}

static void note_outage(struct pace *pace, int64_t now_ms)
{
	struct err err = ERR_INIT;

	(void)err_set(&err, ERR_IO, "nobody is there");
	pace_note_outage(pace, now_ms, &err);
}

// Rule F4: no minute has more than a hundred calls, wherever it begins, and however often the process ends; a caller that comes at exactly the
// time that it was told may go.
static void test_limit(void **state)
{
	int64_t sent[1000], now = 0;
	unsigned seed = 7;
	struct pace *pace = pace_new(now);
	size_t n = 0, ends = 0;

	(void)state;
	while (n < 1000) {
		int wait;

		seed = seed * 1103515245U + 12345U;
		if ((seed >> 16) % 40 == 0) {
			pace_free(pace);
			pace = pace_new(now);
			ends++;
		}
		if (take(pace, now, &wait) == 0) {
			sent[n++] = now;
			now += (seed >> 16) % 3 ? 0 : (seed >> 16) % 20000;
			continue;
		}
		assert_true(wait > 0 && wait <= PACE_EVERY_MS);
		now += wait;
		assert_int_equal(take(pace, now, &wait), 0);
		sent[n++] = now;
	}
	pace_free(pace);
	assert_true(ends > 10);
	for (size_t i = PACE_CALLS_A_MINUTE; i < n; i++)
		assert_true(sent[i] - sent[i - PACE_CALLS_A_MINUTE] >= PACE_MINUTE_MS);
}

// After a rest some go at once; then it is one by one, which is not so few that the limit of the service would be far.
static void test_at_once(void **state)
{
	_cleanup_(pace_freep) struct pace *pace = pace_new(0);
	int64_t now = PACE_MINUTE_MS;
	int wait, n = 0;

	(void)state;
	assert_int_equal(take(pace, 0, &wait), ERR_TOO_MANY);
	assert_int_equal(wait, PACE_EVERY_MS);
	while (take(pace, now, &wait) == 0)
		n++;
	assert_int_equal(n, PACE_AT_ONCE);
	for (; now < (int64_t)2 * PACE_MINUTE_MS; now += wait) {
		if (take(pace, now, &wait) == 0)
			n++;
	}
	assert_in_range(n, PACE_CALLS_A_MINUTE - 2, PACE_CALLS_A_MINUTE);
}

static void test_pause(void **state)
{
	_cleanup_(pace_freep) struct pace *pace = pace_new(-PACE_MINUTE_MS);
	int wait;

	(void)state;
	pace_note_pause(pace, 1000, 30000);
	pace_note_pause(pace, 1000, 10); // does not shorten it
	assert_int_equal(take(pace, 1000, &wait), ERR_TOO_MANY);
	assert_int_equal(wait, 30000);
	assert_int_equal(take(pace, 30999, &wait), ERR_TOO_MANY);
	assert_int_equal(take(pace, 31000, &wait), 0);
}

// One tries, the others are told why, and a try that fails doubles the pause up to a minute.
static void test_outage(void **state)
{
	static const int pauses[] = {5000, 10000, 20000, 40000, 60000, 60000};
	_cleanup_(pace_freep) struct pace *pace = pace_new(-PACE_MINUTE_MS);
	struct err err = ERR_INIT;
	int64_t now = 0;
	int wait;

	(void)state;
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		assert_int_equal(take(pace, now, &wait), 0);
		if (i > 0) {
			assert_int_equal(take(pace, now, &wait), ERR_IO);
			assert_int_equal(wait, TIMEOUT_MS);
		}
		note_outage(pace, now);
		note_outage(pace, now); // of a call that was under way with it
		assert_int_equal(take(pace, now, &wait), ERR_IO);
		assert_int_equal(wait, pauses[i]);
		now += pauses[i];
	}
	assert_int_equal(take(pace, now, &wait), 0);
	pace_note_answer(pace);
	assert_int_equal(take(pace, now, &wait), 0);
	note_outage(pace, now);
	assert_int_equal(pace_take(pace, now, TIMEOUT_MS, &err), ERR_IO);
	assert_int_equal(err.retry_after_ms, 5000);
	assert_string_equal(err.text, "nobody is there");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_outage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
