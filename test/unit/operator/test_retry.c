// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// D4, C6: when a server is asked again.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "operator/object/reason.h"
#include "operator/server/retry.h"

static void test_delay(void **state)
{
	static const int64_t floors[] = {1000, 1000, 2000, 4000, 8000};

	(void)state;
	for (unsigned i = 0; i < sizeof(floors) / sizeof(floors[0]); i++) {
		int64_t delay = retry_delay(i);

		assert_in_range(delay, floors[i], floors[i] + floors[i] / 10);
	}
	assert_in_range(retry_delay(1000), 300000, 330000);
}

static void test_steps(void **state)
{
	struct retry retry = {0};
	int64_t left;

	(void)state;
	assert_int_equal(retry_step(&retry, "a", &left), RETRY_ASK);
	assert_in_range(retry_fail(&retry, "a", REASON_UNREACHABLE, "no", 0), 1000, 1100);
	assert_int_equal(retry_step(&retry, "a", &left), RETRY_WAIT);
	assert_in_range(left, 1, 1100);
	assert_int_equal(retry.reason, REASON_UNREACHABLE);
	assert_int_equal(retry_step(&retry, "b", &left), RETRY_ASK); // what it depends on has changed
	assert_in_range(retry_fail(&retry, "a", REASON_UNREACHABLE, "no", 0), 2000, 2200);
	assert_int_equal(retry.failures, 2);
	assert_int_equal(retry_fail(&retry, "a", REASON_CREDENTIALS_REFUSED, "no", 60000), 60000);
	assert_in_range(retry_fail(&retry, "b", REASON_UNREACHABLE, "no", 0), 1000, 1100); // anew
	retry_succeed(&retry, "b");
	assert_int_equal(retry_step(&retry, "b", &left), RETRY_ANSWERED);
	assert_int_equal(retry_step(&retry, "a", &left), RETRY_ASK);
	assert_in_range(retry_fail(&retry, "b", REASON_UNREACHABLE, "no", 0), 1000, 1100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_delay), cmocka_unit_test(test_steps)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
