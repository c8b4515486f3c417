// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// M4: why a container ended, from the ends of what real servers said (test/neo4j/last-words.json), and that the page of ends (test/neo4j/ends.tsv)
// tells it as the operator does. With --words the lines of that file are printed, without the judgement.

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

static const char *read_file(const char *path, struct arena *arena)
{
	char *text = arena_alloc(arena, FILE_MAX);
	FILE *file = fopen(arena_printf(arena, "%s%s", NEOFLEET_SOURCE_DIR, path), "re");
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, FILE_MAX, file);
	assert_in_range(len, 1, FILE_MAX - 1);
	assert_int_equal(fclose(file), 0);
	text[len] = '\0';
	return text;
}

static yyjson_val *read_kept(struct arena *arena)
{
	const char *text = read_file("/test/neo4j/last-words.json", arena);

	return json_parse(arena, text, strlen(text));
}

// As the operator tells an end: by what the kubelet has kept or, where that is cut, by the log.
static const char *told(yyjson_val *end, bool *ret_cut, struct arena *arena)
{
	const char *words = last_words(yyjson_get_str(yyjson_obj_get(end, "tail")), ret_cut, arena), *log = yyjson_get_str(yyjson_obj_get(end, "log"));

	return *ret_cut && log ? last_words(log, ret_cut, arena) : words;
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
	assert_true(yyjson_arr_size(kept) >= 60);
	yyjson_arr_foreach(kept, index, max, end) {
		const char *way = yyjson_get_str(yyjson_obj_get(end, "way")), *cause = yyjson_get_str(yyjson_obj_get(end, "cause"));
		bool cut;
		const char *words = told(end, &cut, arena);

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

// The line of a file that begins with a way, behind that; NULL: none.
static const char *line_of(const char *file, const char *way)
{
	for (const char *line = file; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (strncmp(line, way, strlen(way)) == 0 && line[strlen(way)] == '\t')
			return line + strlen(way) + 1;
	}
	return NULL;
}

static void print_words(void)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *end;
	size_t index, max;
	bool cut;

	yyjson_arr_foreach(read_kept(arena), index, max, end)
		printf("%s\t%s\n", yyjson_get_str(yyjson_obj_get(end, "way")), told(end, &cut, arena));
}

// B7: what the page of ends says is what a status says, and of 95 % of the ends a person has found the cause in it.
static void test_page(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *kept = read_kept(arena), *end;
	const char *page = read_file("/test/neo4j/ends.tsv", arena);
	size_t index, max, understood = 0;

	(void)state;
	yyjson_arr_foreach(kept, index, max, end) {
		const char *way = yyjson_get_str(yyjson_obj_get(end, "way")), *line = line_of(page, way);
		bool cut;
		const char *words = told(end, &cut, arena);

		if (!line || strncmp(line, words, strlen(words)) != 0 || line[strlen(words)] != '\t')
			fail_msg("%s: the page has another line than '%s'", way, words);
		understood += strncmp(line + strlen(words) + 1, "yes\n", 4) == 0;
	}
	assert_true(yyjson_arr_size(kept) >= 60 && understood * 100 >= yyjson_arr_size(kept) * 95);
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
		{"DeniedException: /data\n\tat a.b(C.java:1)\n", "DeniedException: /data"},
		{"\tat a.b(C.java:1)", "only the end of a stack trace was kept; kubectl logs --previous shows its beginning"},
		{"\tat a.b(C.java:1)\n\t... 14 more\n2026-01-01 00:00:00.000+0000 INFO  Stopped.\n",
		 "only the end of a stack trace was kept; kubectl logs --previous shows its beginning"},
		{"447)\n\tat a.b(C.java:1)\n", "only the end of a stack trace was kept; kubectl logs --previous shows its beginning"},
		{"Caused by: \n", "Caused by:"},
		// The head names the file, the cause what is wrong with it; a component's says nothing.
		{"ERROR x\njava.lang.RuntimeException: Failed to load: /k\n\tat a.b(C.java:1)\nCaused by: a.KeyException: no key\n\t... 2 more\n",
		 "RuntimeException: Failed to load: /k: KeyException: no key"},
		{"java.lang.RuntimeException: a.Denied: /k\n\tat a.b(C.java:1)\nCaused by: a.Denied: /k\n\t... 2 more\n", "Denied: /k"},
		{"Caused by: a.LifecycleException: Component 'a.b@1' failed to initialize.\n\t... 1 more\nCaused by: a.Bad: why\n\t... 2 more\n", "Bad: why"},
		// A suppressed exception is another matter.
		{"Caused by: a.Bad: why\n\t... 9 more\n\tSuppressed: a.B: other\n\t\t... 9 more\n\tCaused by: a.C: deeper\n\t\t... 9 more\n", "Bad: why"},
		{"Caused by: a.Bad: why\n\tat org.neo4j.procedure.impl.ProcedureJarLoader.load(P.java:1)\n", "the jar of a plugin cannot be loaded: Bad: why"},
		{"Caused by: a.Bad: why\n\tat a.transaction.log.entry.LogHeaderReader.read(P.java:1)\n", "a transaction log cannot be read: Bad: why"},
		{"2026-11-30T16:06:50.089054149Z main ERROR /conf/user-logs.xml - Error at 2:1\nConfiguration contains errors. x\n",
		 "/conf/user-logs.xml - Error at 2:1"},
		{"Exception in thread \"main\" java.lang.IllegalStateException: Missing xml file\n\tat a.b(C.java:1)\n", "IllegalStateException: Missing xml file"},
		{"Error: no file of passwords\njdk.internal.agent.AgentConfigurationError\n\tat a.b(C.java:1)\n", "Error: no file of passwords"},
		{"Failed to read config /neo4j.conf\n\nMalformed encoding.\n\nRun with '--verbose' for a more detailed error message.\n",
		 "Failed to read config /neo4j.conf: Malformed encoding."},
		{"Failed to read config /neo4j.conf\n", "Failed to read config /neo4j.conf"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		bool cut;
		const char *words = last_words(cases[i][0], &cut, arena);

		assert_int_equal(cut, words && (strstr(words, "only the end of a stack trace") || strncmp(words, "DeniedException", 15) == 0));

		if (!cases[i][1] ? words != NULL : !words || strcmp(words, cases[i][1]) != 0)
			fail_msg("'%s': '%s'", cases[i][0], words ? words : "(nothing)");
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_real_servers), cmocka_unit_test(test_page), cmocka_unit_test(test_lines)};

	if (argc > 1 && strcmp(argv[1], "--words") == 0) {
		print_words();
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
