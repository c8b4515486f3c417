// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "cmd/script.h"

static char *copy_of(const struct buf *buf)
{
	char *text = strdup(buf_str(buf));

	assert_non_null(text);
	return text;
}

// Each statement as NUMBER@LINE[TEXT].
static char *all_of(struct script *script)
{
	_cleanup_buf_ struct buf out = BUF_INIT(65536);
	struct script_statement statement;
	struct err err = ERR_INIT;
	int r;

	while ((r = script_next(script, &statement, &err)) > 0)
		buf_addf(&out, "%u@%u[%s]", statement.number, statement.line, statement.text);
	if (r < 0)
		buf_addf(&out, "!%s", err.text);
	err_clear(&err);
	assert_int_equal(script_next(script, &statement, &err), 0);
	script_free(script);
	return copy_of(&out);
}

// The same text through a pipe that has ended.
static char *piped(const char *text)
{
	_cleanup_buf_ struct buf out = BUF_INIT(65536);
	struct script_statement statement;
	struct err err = ERR_INIT;
	struct script *script;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	script = script_of_fd(ends[0], "the pipe");
	assert_int_equal(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
	(void)close(ends[1]);
	while (script_next(script, &statement, &err) > 0)
		buf_addf(&out, "%u@%u[%s]", statement.number, statement.line, statement.text);
	script_free(script);
	return copy_of(&out);
}

static void test_statements(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"", ""},
		{" ;;\n; // nothing;\n/* ; */;", ""},
		{"RETURN 1", "1@1[RETURN 1]"},
		{"RETURN 1;", "1@1[RETURN 1]"},
		{"\n  RETURN 1 ;\r\n\r\nRETURN 2\n", "1@2[RETURN 1]2@4[RETURN 2]"},
		{"RETURN ';' AS a; RETURN \"\\\";\" AS `b``;`;", "1@1[RETURN ';' AS a]2@1[RETURN \"\\\";\" AS `b``;`]"},
		{"RETURN '\\\\'; RETURN 2", "1@1[RETURN '\\\\']2@1[RETURN 2]"},
		{"RETURN `\\`; RETURN 2", "1@1[RETURN `\\`]2@1[RETURN 2]"},
		{"RETURN 1 // ; '\n + 2; RETURN 4 / 2 /* ; \" */; /", "1@1[RETURN 1 // ; '\n + 2]2@2[RETURN 4 / 2 /* ; \" */]3@2[/]"},
		{"// head\n// more\nRETURN 1;", "1@1[// head\n// more\nRETURN 1]"},
		{"RETURN 1 /*/ ; */ ;RETURN 2/**/;", "1@1[RETURN 1 /*/ ; */]2@1[RETURN 2/**/]"},
		{"RETURN 'never ends; RETURN 2", "1@1[RETURN 'never ends; RETURN 2]"},
		{"/* never ends; RETURN 2", "1@1[/* never ends; RETURN 2]"},
		{"RETURN 1;\n/;RETURN 2", "1@1[RETURN 1]2@2[/]3@2[RETURN 2]"},
		{"\xEF\xBB\xBFRETURN 1;\xEF\xBB\xBF", "1@1[RETURN 1]2@1[\xEF\xBB\xBF]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_free_ char *whole = all_of(script_of_text(cases[i].text)), *pieces = piped(cases[i].text);

		assert_string_equal(whole, cases[i].expected);
		assert_string_equal(pieces, cases[i].expected);
	}
}

// A statement is there as soon as its semicolon is, though more is to come; it may come in pieces, cut anywhere.
static void test_a_pipe_that_goes_on(void **state)
{
	struct script_statement statement;
	struct err err = ERR_INIT;
	struct script *script;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	script = script_of_fd(ends[0], "the pipe");
	assert_int_equal(write(ends[1], "RETURN 1;\nRET", 13), 13);
	assert_int_equal(script_next(script, &statement, &err), 1);
	assert_string_equal(statement.text, "RETURN 1");
	assert_int_equal(write(ends[1], "URN ';", 6), 6);
	assert_int_equal(write(ends[1], "';", 2), 2);
	assert_int_equal(script_next(script, &statement, &err), 1);
	assert_string_equal(statement.text, "RETURN ';'");
	assert_int_equal(statement.line, 2);
	(void)close(ends[1]);
	assert_int_equal(script_next(script, &statement, &err), 0);
	script_free(script);
}

static void test_what_is_no_script(void **state)
{
	char path[] = "/tmp/script-XXXXXX", *text;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "RETURN 1;\0RETURN 2", 18), 18);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	text = all_of(script_of_fd(fd, "some file"));
	assert_string_equal(text, "!some file is no text");
	free(text);
	(void)unlink(path);
	text = all_of(script_of_fd(open("/", O_RDONLY | O_CLOEXEC), "a folder"));
	assert_string_equal(text, "!a folder cannot be read: Is a directory");
	free(text);
	script_free(NULL);
}

// As large as a statement may be, and one byte more.
static void test_the_largest(void **state)
{
	char path[] = "/tmp/script-XXXXXX", *letters = malloc(SCRIPT_STATEMENT_MAX), *text;
	struct script_statement statement;
	struct err err = ERR_INIT;
	struct script *script;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_non_null(letters);
	(void)unlink(path);
	memset(letters, 'x', SCRIPT_STATEMENT_MAX);
	assert_int_equal(write(fd, letters, SCRIPT_STATEMENT_MAX - 1), (ssize_t)SCRIPT_STATEMENT_MAX - 1);
	assert_int_equal(write(fd, ";\n", 2), 2);
	assert_int_equal(write(fd, letters, SCRIPT_STATEMENT_MAX), (ssize_t)SCRIPT_STATEMENT_MAX);
	assert_int_equal(write(fd, ";", 1), 1);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	script = script_of_fd(fd, "a file");
	assert_int_equal(script_next(script, &statement, &err), 1);
	assert_int_equal(strlen(statement.text), SCRIPT_STATEMENT_MAX - 1);
	text = all_of(script);
	assert_string_equal(text, "!the statement at line 1 is larger than 16777216 bytes");
	free(text);
	free(letters);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_a_pipe_that_goes_on),
		cmocka_unit_test(test_what_is_no_script),
		cmocka_unit_test(test_the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
