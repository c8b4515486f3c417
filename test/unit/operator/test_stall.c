// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// B7: a wait that only a person can end becomes Stalled after five minutes.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "operator/cluster/stall.h"

#define MINUTE INT64_C(60000)

static void expect(struct stall *stall, enum reason reason, int64_t now_ms, int64_t left_ms)
{
	int64_t left;

	assert_int_equal(stall_lasts(stall, reason, false, now_ms, &left), left_ms == 0);
	assert_int_equal(left, left_ms);
}

static void test_lasts(void **state)
{
	struct stall stall = {0};
	int64_t left;

	(void)state;
	assert_false(stall_lasts(&stall, REASON_NONE, false, MINUTE, &left));
	assert_int_equal(left, 0);
	expect(&stall, REASON_ROLL_STOPPED, 2 * MINUTE, 5 * MINUTE);
	expect(&stall, REASON_ROLL_STOPPED, 6 * MINUTE, MINUTE);
	expect(&stall, REASON_ROLL_STOPPED, 7 * MINUTE, 0);
	expect(&stall, REASON_ROLL_STOPPED, 70 * MINUTE, 0);
	// Another reason, or the same after a pause, is another wait.
	expect(&stall, REASON_EVICTION_REFUSED, 71 * MINUTE, 5 * MINUTE);
	assert_false(stall_lasts(&stall, REASON_NONE, false, 72 * MINUTE, &left));
	expect(&stall, REASON_EVICTION_REFUSED, 73 * MINUTE, 5 * MINUTE);
}

// An operator that has just started goes on where the one before was.
static void test_told(void **state)
{
	struct stall stall = {0};
	int64_t left;

	(void)state;
	assert_true(stall_lasts(&stall, REASON_ROLL_STOPPED, true, 0, &left));
	assert_true(stall_lasts(&stall, REASON_ROLL_STOPPED, true, MINUTE, &left));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lasts),
		cmocka_unit_test(test_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
