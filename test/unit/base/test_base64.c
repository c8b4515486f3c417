// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"

static void test_good(void **state)
{
	// RFC 4648, section 10.
	static const char *const cases[][2] = {{"", ""},	     {"Zg==", "f"},	  {"Zm8=", "fo"},	   {"Zm9v", "foo"},
					       {"Zm9vYg==", "foob"}, {"Zm9vYmE=", "fooba"}, {"Zm9vYmFy", "foobar"}};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(base64_decode(arena, cases[i][0], strlen(cases[i][0]), &len), cases[i][1]);
		assert_int_equal(len, strlen(cases[i][1]));
	}
}

static void test_bad(void **state)
{
	static const char *const cases[] = {"Zg", "Zg=", "Z===", "====", "Zm9v\n", "Zm9 ", "Zg==Zg==", "Zm9-"};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_null(base64_decode(arena, cases[i], strlen(cases[i]), &len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
