// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Each reason has a word of its own, and is found again by it: users and metrics compare the words.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "operator/object/reason.h"

static void test_words(void **state)
{
	(void)state;
	assert_null(reason_name(REASON_NONE));
	for (int i = REASON_NONE + 1; i < REASONS; i++) {
		enum reason reason = (enum reason)i;

		assert_non_null(reason_name(reason));
		assert_int_equal(reason_of(reason_name(reason)), reason); // the first of two with one word would be found
	}
}

static void test_foreign_words(void **state)
{
	(void)state;
	assert_int_equal(reason_of(NULL), REASON_NONE);
	assert_int_equal(reason_of(""), REASON_OTHER);
	assert_int_equal(reason_of("registered"), REASON_OTHER);
	assert_int_equal(reason_of("Registered"), REASON_REGISTERED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_foreign_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
