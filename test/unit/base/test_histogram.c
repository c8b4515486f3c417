// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/histogram.h"

static void assert_has(const struct buf *text, const char *line)
{
	if (!strstr(buf_str(text), line))
		fail_msg("'%s' is not in:\n%s", line, buf_str(text));
}

static void test_counts_by_bounds(void **state)
{
	_cleanup_buf_ struct buf text = BUF_INIT(4096);
	struct histogram histogram = {0};

	(void)state;
	histogram_add(&histogram, 0);
	histogram_add(&histogram, 5);
	histogram_add(&histogram, 6);
	histogram_add(&histogram, 60000);
	histogram_add(&histogram, 61000);
	histogram_add(&histogram, -1);
	assert_int_equal(histogram_count(&histogram), 6);
	histogram_write(&histogram, "took", "a=\"b\"", &text);
	assert_has(&text, "took_bucket{a=\"b\",le=\"0.005\"} 3\n");
	assert_has(&text, "took_bucket{a=\"b\",le=\"0.01\"} 4\n");
	assert_has(&text, "took_bucket{a=\"b\",le=\"60\"} 5\n");
	assert_has(&text, "took_bucket{a=\"b\",le=\"+Inf\"} 6\n");
	assert_has(&text, "took_sum{a=\"b\"} 121.011\n");
	assert_has(&text, "took_count{a=\"b\"} 6\n");
	buf_clear(&text);
	histogram_write(&histogram, "took", "", &text);
	assert_has(&text, "took_bucket{le=\"0.005\"} 3\n");
	assert_has(&text, "took_count{} 6\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts_by_bounds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
