// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// M4: why a container ended, from the ends of what real servers said (test/neo4j/last-words.json).

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <regex.h>
#include <stdio.h>

#include "base/json.h"
#include "operator/object/last_words.h"

#define FILE_MAX (512 * 1024)

static yyjson_val *read_kept(struct arena *arena)
{
	char *text = arena_alloc(arena, FILE_MAX);
	FILE *file = fopen(NEOFLEET_SOURCE_DIR "/test/neo4j/last-words.json", "re");
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, FILE_MAX, file);
	assert_in_range(len, 1, FILE_MAX - 1);
	assert_int_equal(fclose(file), 0);
	return json_parse(arena, text, len);
}

static bool fits(const char *text, const char *expression)
{
	regex_t regex;
	bool found;

	assert_int_equal(regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB), 0);
	found = regexec(&regex, text, 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}

// B7: of each end the line is told that a person needs; where the server says none there, no remark stands for it.
static void test_real_servers(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *kept = read_kept(arena), *end;
	size_t index, max, unnamed = 0;

	(void)state;
	assert_true(yyjson_arr_size(kept) >= 52);
	yyjson_arr_foreach(kept, index, max, end) {
		const char *way = yyjson_get_str(yyjson_obj_get(end, "way")), *cause = yyjson_get_str(yyjson_obj_get(end, "cause"));
		const char *words = last_words(yyjson_get_str(yyjson_obj_get(end, "tail")), arena);

		if (!words || (cause && !fits(words, cause))) {
			print_error("%s: '%s'\n", way, words ? words : "(nothing)");
			unnamed++;
			continue;
		}
		if (strstr(words, "\tat ") || strstr(words, "--verbose") || (cause && fits(words, "^Stopped|more$|Program will exit")))
			fail_msg("%s: '%s' is no cause", way, words);
	}
	assert_int_equal(unnamed, 0);
}

static void test_lines(void **state)
{
	static const char *const cases[][2] = {
		{"", NULL},
		{" \n\n", NULL},
		{"bad conf", "bad conf"},
		{"first\nlast\n\n", "last"},
		{"2026-01-01 00:00:00.000+0000 INFO  Stopped.\n", "Stopped."},
		{"Caused by: a.b.KeyException: bad key\n\tat a.b(C.java:1)\n\t... 11 more\n", "KeyException: bad key"},
		{"Caused by: a.Outer$Inner: outer\n\tat a.b(C.java:1)\nCaused by: a.Deep: inner\n\t... 11 more\n", "Inner: outer: Deep: inner"},
		{"\"gds\" is not a known Neo4j plugin. Options are:\napoc\nbloom", "\"gds\" is not a known Neo4j plugin. Options are:"},
		{"\nFolder /data is not accessible for user: 7474 or group 7474.\n\nHints:\n1) Give it to the user.\n  --user=$(id -u):$(id -g)\n       \n",
		 "Folder /data is not accessible for user: 7474 or group 7474."},
		{"\nTo use Neo4j Enterprise Edition you must accept the license agreement.\n\nFor example:\n    --env=NEO4J_ACCEPT=<yes|eval>\n\n",
		 "To use Neo4j Enterprise Edition you must accept the license agreement."},
		{"/startup/docker-entrypoint.sh: line 618: *.svc: command not found\n", "/startup/docker-entrypoint.sh: line 618: *.svc: command not found"},
		{"2026-01-01 00:00:00.000+0000 ERROR Failed to start.\njava.lang.IllegalArgumentException: Unsupported protocol: X\n\tat a.b(C.java:1)\n",
		 "IllegalArgumentException: Unsupported protocol: X"},
		{"java.lang.Error: before\n\tat a.b(C.java:1)\n2026-01-01 00:00:00.000+0000 ERROR Why.\n", "Why."},
		{")\n\tat a.b(C.java:1)\n", "only the end of a stack trace was kept; kubectl logs --previous shows its beginning"},
		{"why\nRun with '--verbose' for a more detailed error message.\n", "why"},
		{"Run with '--verbose' for a more detailed error message.\n", "Run with '--verbose' for a more detailed error message."},
		{"\tat a.b(C.java:1)", "only the end of a stack trace was kept; kubectl logs --previous shows its beginning"},
		{"447)\n\tat a.b(C.java:1)\n", "only the end of a stack trace was kept; kubectl logs --previous shows its beginning"},
		{"Caused by: \n", "Caused by:"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const char *words = last_words(cases[i][0], arena);

		if (!cases[i][1] ? words != NULL : !words || strcmp(words, cases[i][1]) != 0)
			fail_msg("'%s': '%s'", cases[i][0], words ? words : "(nothing)");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_real_servers), cmocka_unit_test(test_lines)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
