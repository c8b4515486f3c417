// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/steps.h"

static void assert_steps(const struct steps *steps, const char *wanted)
{
	_cleanup_buf_ struct buf text = BUF_INIT(1024);

	steps_write(steps, &text);
	assert_string_equal(buf_str(&text), wanted);
}

static void deeper(const struct steps *steps, int levels)
{
	STEP("deeper");
	if (levels > 1)
		deeper(steps, levels - 1);
	else
		assert_steps(steps, "deeper > deeper > deeper > deeper > deeper > deeper > deeper > deeper");
}

static void test_scopes(void **state)
{
	static struct steps steps; // no initialiser of an atomic pointer pleases both compilers

	(void)state;
	steps_follow(&steps);
	assert_steps(&steps, "");
	{
		STEP("one");
		assert_steps(&steps, "one");
		{
			STEP("two");
			assert_steps(&steps, "one > two");
		}
		{
			STEP("three");
			assert_steps(&steps, "one > three");
		}
		assert_steps(&steps, "one");
	}
	assert_steps(&steps, "");
	// More than are kept.
	deeper(&steps, 2 * STEPS_MAX);
	assert_steps(&steps, "");
	steps_follow(NULL);
	STEP("nobody follows");
	assert_steps(&steps, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_scopes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
