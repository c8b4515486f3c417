// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

// Catches what fn writes to standard error.
static void capture(void (*fn)(void), char *text, size_t size)
{
	int saved = dup(STDERR_FILENO), ends[2];
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	(void)close(ends[1]);
	fn();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	(void)close(saved);
	n = read(ends[0], text, size - 1);
	(void)close(ends[0]);
	text[n > 0 ? n : 0] = '\0';
}

static void write_quoted(void)
{
	log_info("two words", "plain", "a-b", "quoted", "a \"b\"\nc", "absent", NULL, "empty", "");
}

static void write_debug(void)
{
	log_debug("hidden");
}

static void test_quoting(void **state)
{
	char text[512];

	(void)state;
	capture(write_quoted, text, sizeof(text));
	assert_non_null(strstr(text, " level=info msg=\"two words\" plain=a-b quoted=\"a \\\"b\\\"\\nc\" empty=\"\"\n"));
	assert_null(strstr(text, "absent"));
}

static void test_json(void **state)
{
	char text[512];

	(void)state;
	log_set_json(true);
	capture(write_quoted, text, sizeof(text));
	log_set_json(false);
	assert_memory_equal(text, "{\"time\":\"", 9);
	assert_non_null(strstr(text, "\",\"level\":\"info\",\"msg\":\"two words\",\"plain\":\"a-b\",\"quoted\":\"a \\\"b\\\"\\u000ac\",\"empty\":\"\"}\n"));
}

static void test_levels(void **state)
{
	enum log_level level;
	char text[512];

	(void)state;
	capture(write_debug, text, sizeof(text));
	assert_string_equal(text, "");
	log_set_level(LOG_DEBUG);
	capture(write_debug, text, sizeof(text));
	assert_non_null(strstr(text, "hidden"));
	assert_int_equal(log_level_parse("warning", &level), 0);
	assert_int_equal(level, LOG_WARNING);
	assert_int_equal(log_level_parse("loud", &level), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_quoting), cmocka_unit_test(test_json), cmocka_unit_test(test_levels)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
