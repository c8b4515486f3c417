// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "cli/line_diff.h"

#define TEXT_MAX ((size_t)1024 * 1024)

static const char *diff(struct arena *arena, const char *from, const char *to, bool *ret_differs)
{
	struct line_diff texts = {"a", from, "b", to};
	const char *copy;
	char *made;
	size_t len;
	FILE *out = open_memstream(&made, &len);

	assert_non_null(out);
	*ret_differs = line_diff_write(&texts, arena, out);
	assert_int_equal(fclose(out), 0);
	copy = arena_strdup(arena, made);
	free(made);
	return copy;
}

// The output of diff -u for the same texts.
static void test_as_diff_has_it(void **state)
{
	static const struct {
		const char *from, *to, *expected;
	} cases[] = {
		{"a\nb\n", "a\nb\n", ""},
		{NULL, NULL, ""},
		{NULL, "a\nb\n", "--- a\n+++ b\n@@ -0,0 +1,2 @@\n+a\n+b\n"},
		{"a\n", NULL, "--- a\n+++ b\n@@ -1 +0,0 @@\n-a\n"},
		{"1\n2\n3\n4\n5\n", "1\n2\nx\n4\n5\n", "--- a\n+++ b\n@@ -1,5 +1,5 @@\n 1\n 2\n-3\n+x\n 4\n 5\n"},
		{"a\n2\n3\n4\n5\n6\n7\nz\n", "b\n2\n3\n4\n5\n6\n7\ny\n", "--- a\n+++ b\n@@ -1,8 +1,8 @@\n-a\n+b\n 2\n 3\n 4\n 5\n 6\n 7\n-z\n+y\n"},
		{"a\n2\n3\n4\n5\n6\n7\n8\nz\n", "b\n2\n3\n4\n5\n6\n7\n8\ny\n",
		 "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-a\n+b\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-z\n+y\n"},
		{"1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n5\nx\n6\n", "--- a\n+++ b\n@@ -3,4 +3,5 @@\n 3\n 4\n 5\n+x\n 6\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		bool differs;

		assert_string_equal(diff(arena, cases[i].from, cases[i].to, &differs), cases[i].expected);
		assert_int_equal(differs, *cases[i].expected != '\0');
	}
}

static const char *random_text(struct arena *arena, size_t n, unsigned kinds)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	const char *copy;

	for (size_t i = 0; i < n; i++)
		buf_addf(&text, "%u\n", (unsigned)random() % kinds);
	copy = arena_strdup(arena, buf_str(&text));
	buf_release(&text);
	return copy;
}

// Takes the lines of a text up to a number; returns what is left.
static const char *take(struct buf *to, const char *from, long *at, long until)
{
	for (; *at < until; (*at)++) {
		size_t len = strcspn(from, "\n") + 1;

		buf_append(to, from, len);
		from += len;
	}
	return from;
}

// As patch does it, which finds each context where the numbers say.
static const char *patched(struct arena *arena, const char *from, const char *diff)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	const char *copy;
	long at = 1;

	for (const char *line = diff; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n");

		if (strncmp(line, "---", 3) == 0 || strncmp(line, "+++", 3) == 0)
			continue;
		if (strncmp(line, "@@ -", 4) == 0) {
			from = take(&text, from, &at, strtol(line + 4, NULL, 10));
			continue;
		}
		if (*line == '+') {
			buf_append(&text, line + 1, len);
			continue;
		}
		assert_int_equal(strcspn(from, "\n"), len - 1);
		assert_memory_equal(from, line + 1, len - 1);
		if (*line == ' ')
			buf_append(&text, from, len);
		from += len;
		at++;
	}
	buf_add(&text, from);
	copy = arena_strdup(arena, buf_str(&text));
	buf_release(&text);
	return copy;
}

// From any text to any other; the last ones are too large for a table.
static void test_leads_there(void **state)
{
	(void)state;
	srandom(1);
	for (int i = 0; i < 300; i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		size_t n = i < 298 ? (size_t)random() % 40 + 1 : 2500;
		const char *from = random_text(arena, n, i % 5 + 2), *to = random_text(arena, n + (size_t)random() % 5, i % 5 + 2);
		bool differs;
		const char *made = diff(arena, from, to, &differs);

		assert_string_equal(patched(arena, from, made), to);
		assert_int_equal(differs, strcmp(from, to) != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_diff_has_it),
		cmocka_unit_test(test_leads_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
