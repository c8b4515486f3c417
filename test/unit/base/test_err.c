// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static void test_set_and_wrap(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_false(err_is_set(&err));
	assert_int_equal(err_set(&err, ERR_NOT_FOUND, "secret '%s' not found", "x"), ERR_NOT_FOUND);
	assert_string_equal(err.text, "secret 'x' not found");
	assert_int_equal(err_wrap(&err, "cannot register '%s'", "n"), ERR_NOT_FOUND);
	assert_string_equal(err.text, "cannot register 'n': secret 'x' not found");
	err_set_code(&err, "Neo.X");
	assert_string_equal(err.code, "Neo.X");
	err_clear(&err);
	assert_false(err_is_set(&err));
}

static void test_errno(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err_errno(&err, ENOENT, "cannot open 'f'"), ERR_INTERNAL);
	assert_string_equal(err.text, "cannot open 'f': No such file or directory");
	assert_int_equal(err.status, ENOENT);
}

static void test_long_texts_are_cut(void **state)
{
	struct err err = ERR_INIT;
	char text[2000];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)err_set(&err, ERR_IO, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	(void)err_wrap(&err, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void test_names(void **state)
{
	(void)state;
	for (int class = 0; class >= ERR_INTERNAL; class--)
		assert_string_not_equal(err_class_name((enum err_class)class), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_and_wrap),
		cmocka_unit_test(test_errno),
		cmocka_unit_test(test_long_texts_are_cut),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
