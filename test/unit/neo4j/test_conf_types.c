// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The types of settings, held against what the servers' own jars say (test/neo4j/setting-types.tsv).

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "neo4j/conf_types.h"

static const struct {
	const char *name;
	enum conf_type type;
	const char *good, *bad;
} types[] = {
	{"size", CONF_SIZE, "512m", "512Mi"}, {"duration", CONF_DURATION, "30s", "30 s"}, {"boolean", CONF_BOOLEAN, "TRUE", "yes"},
	{"integer", CONF_INTEGER, "7", "7.0"},  {"long", CONF_LONG, "9999999999", "9k"},	  {"address", CONF_ADDRESS, ":7687", "a b"},
};

static void check(const char *setting, const char *grammar)
{
	const struct version version = version_of_tag("2026.05");
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, grammar) != 0)
			continue;
		assert_int_equal(conf_type_of(setting), types[i].type);
		assert_null(conf_type_problem(setting, types[i].good, &version, arena));
		assert_non_null(strstr(conf_type_problem(setting, types[i].bad, &version, arena), types[i].bad));
		arena_free(arena);
		return;
	}
	fail_msg("%s has an unknown grammar, %s", setting, grammar);
}

// B4: whatever the jars declare is known, so that a value that ends the server is refused before a pod is touched.
static void test_table(void **state)
{
	FILE *table = fopen(NEOFLEET_SOURCE_DIR "/test/neo4j/setting-types.tsv", "re");
	char line[512], name[128], grammar[32];
	int rows = 0;

	(void)state;
	assert_non_null(table);
	while (fgets(line, sizeof(line), table)) {
		if (*line == '#')
			continue;
		assert_int_equal(sscanf(line, "%127[^\t]\t%31[^\t]", name, grammar), 2);
		check(name, grammar);
		rows++;
	}
	assert_int_equal(fclose(table), 0);
	assert_true(rows > 120);
	assert_int_equal(conf_type_of("no.such.setting"), CONF_OTHER);
}

// An address in brackets, by release: where the tag does not tell, what all take.
static void test_brackets(void **state)
{
	static const struct {
		const char *tag;
		bool taken;
	} cases[] = {{"5.26", false}, {"2025.12", false}, {"2026.04", false}, {"2026.05", true}, {"2026", true}, {"latest", false}};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct version version = version_of_tag(cases[i].tag);

		assert_int_equal(conf_type_problem("server.bolt.advertised_address", "[::1]", &version, arena) == NULL, cases[i].taken);
		assert_null(conf_type_problem("server.bolt.advertised_address", "[::1]:7687", &version, arena));
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_brackets)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
