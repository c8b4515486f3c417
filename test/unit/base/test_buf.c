// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void test_grows_to_its_maximum(void **state)
{
	_cleanup_buf_ struct buf buf = BUF_INIT(1000);

	(void)state;
	assert_string_equal(buf_str(&buf), "");
	for (int i = 0; i < 1000; i++)
		buf_addc(&buf, 'x');
	assert_false(buf.overflow);
	assert_int_equal(buf.len, 1000);
	buf_addc(&buf, 'y');
	assert_true(buf.overflow);
	assert_int_equal(strlen(buf_str(&buf)), 1000);
	// Sticky: what would fit is not added behind a gap.
	buf_consume(&buf, 10);
	buf_add(&buf, "z");
	assert_int_equal(buf.len, 990);
	buf_clear(&buf);
	assert_false(buf.overflow);
	buf_add(&buf, "again");
	assert_string_equal(buf_str(&buf), "again");
}

static void test_huge_append(void **state)
{
	_cleanup_buf_ struct buf buf = BUF_INIT(16);

	(void)state;
	buf_append(&buf, "abc", 3);
	buf_append(&buf, NULL, SIZE_MAX);
	assert_true(buf.overflow);
	assert_string_equal(buf_str(&buf), "abc");
}

static void test_format_and_consume(void **state)
{
	_cleanup_buf_ struct buf buf = BUF_INIT_SECRET(100);

	(void)state;
	buf_addf(&buf, "%d,%s", 12, "ab");
	assert_string_equal(buf_str(&buf), "12,ab");
	buf_consume(&buf, 3);
	assert_string_equal(buf_str(&buf), "ab");
	buf_consume(&buf, 2);
	assert_int_equal(buf.len, 0);
	buf_consume(&buf, 0);
}

// buf_truncate() takes back what was begun, overflow and all, and a secret leaves nothing behind.
static void test_truncate(void **state)
{
	_cleanup_buf_ struct buf buf = BUF_INIT_SECRET(10);

	(void)state;
	buf_truncate(&buf, 0);
	assert_string_equal(buf_str(&buf), "");
	buf_add(&buf, "abcdef");
	buf_add(&buf, "too much");
	assert_true(buf.overflow);
	buf_truncate(&buf, 2);
	assert_false(buf.overflow);
	assert_string_equal(buf_str(&buf), "ab");
	assert_memory_equal(buf.data, "ab\0\0\0\0\0", 7);
	buf_clear(&buf);
	assert_memory_equal(buf.data, "\0\0\0", 3);
	buf_add(&buf, "0123456789");
	assert_false(buf.overflow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows_to_its_maximum),
		cmocka_unit_test(test_huge_append),
		cmocka_unit_test(test_format_and_consume),
		cmocka_unit_test(test_truncate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
