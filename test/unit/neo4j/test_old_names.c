// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Old names of settings, held against what the servers themselves make of them (test/neo4j/old-names.tsv).

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "neo4j/conf.h"
#include "neo4j/conf_check.h"
#include "neo4j/conf_names.h"

struct row {
	char old[128], present[256], releases[64], how[64];
};

// Calls each with every row; returns how many there are.
static int for_each(void (*each)(const struct row *row))
{
	FILE *table = fopen(NEOFLEET_SOURCE_DIR "/test/neo4j/old-names.tsv", "re");
	struct row row;
	char line[512];
	int rows = 0;

	assert_non_null(table);
	while (fgets(line, sizeof(line), table)) {
		if (*line == '#')
			continue;
		assert_int_equal(sscanf(line, "%127[^\t]\t%255[^\t]\t%63[^\t]\t%63[^\n]", row.old, row.present, row.releases, row.how), 4);
		each(&row);
		rows++;
	}
	assert_int_equal(fclose(table), 0);
	return rows;
}

static bool is_mapped(const struct row *row)
{
	return !strcmp(row->how, "mapped") && strcmp(row->present, "-") != 0;
}

// Whether a setting is the operator's, whatever its value.
static bool is_refused(const char *name, struct err *err)
{
	const struct version version = version_of_tag("2026.05");
	const struct conf_setting setting = {name, "/x", "spec.config[x]"};

	return conf_check_setting(&setting, true, &version, err) < 0 && strstr(err->text, ": must not be set");
}

// A name may only be left to the server where nothing is decided by the present one.
static void check_kept(const struct row *row)
{
	struct err err = ERR_INIT;
	const char *cure;

	assert_int_equal(strncmp(row->how, "kept: ", 6), 0);
	if (!strcmp(row->present, "-") || strchr(row->present, '('))
		return;
	assert_false(is_refused(row->present, &err));
	assert_false(conf_is_list(row->present));
	assert_false(conf_is_reserved(row->present, true, &cure));
}

static void check_name(const struct row *row)
{
	char buffer[CONF_NAME_MAX];
	const char *present = conf_present_name(row->old, buffer);

	if (is_mapped(row))
		assert_string_equal(present, row->present);
	else if (strcmp(row->how, "mapped") != 0) {
		assert_string_equal(present, row->old);
		check_kept(row);
	}
}

// B4: every name that a server still migrates is known by its present one.
static void test_names(void **state)
{
	char buffer[CONF_NAME_MAX], longest[CONF_NAME_MAX + 64];

	(void)state;
	assert_true(for_each(check_name) > 400);
	assert_string_equal(conf_present_name("server.memory.heap.max_size", buffer), "server.memory.heap.max_size");
	assert_string_equal(conf_present_name("dbms.connector.bolt.no_such_setting", buffer), "server.bolt.no_such_setting");
	assert_string_equal(conf_present_name("dbms.connector.bolt.type", buffer), "dbms.connector.bolt.type");
	assert_string_equal(conf_present_name("dbms.connector.bolt.", buffer), "dbms.connector.bolt.");
	memset(longest, 'x', sizeof(longest) - 1);
	memcpy(longest, "dbms.connector.bolt.", strlen("dbms.connector.bolt."));
	longest[sizeof(longest) - 1] = '\0';
	assert_ptr_equal(conf_present_name(longest, buffer), longest);
}

static int refusals;

// A setting that is refused by its present name is refused by the old one, and in the container's environment, too.
static void check_way_round(const struct row *row)
{
	struct err present = ERR_INIT, old = ERR_INIT;
	const char *cure = NULL;

	if (!is_mapped(row))
		return;
	if (!conf_is_reserved(row->old, true, &cure))
		fail_msg("%s may come from elsewhere, although Neo4j takes it for %s", row->old, row->present);
	if (!is_refused(row->present, &present)) {
		assert_false(is_refused(row->old, &old));
		return;
	}
	refusals++;
	assert_true(is_refused(row->old, &old));
	assert_non_null(strstr(old.text, row->present));
	assert_string_equal(strrchr(old.text, ':'), strrchr(present.text, ':'));
}

// B4: no old name gets round what the operator decides (M2: dbms.directories.data took the data off the volume).
static void test_no_way_round(void **state)
{
	(void)state;
	refusals = 0;
	(void)for_each(check_way_round);
	assert_true(refusals >= 18);
}

static const char *conf_of(const struct conf_setting *settings, size_t n, struct arena *arena)
{
	static const char *const names[] = {PLUGIN_FLEET};
	struct conf_request request = {
		.version = version_of_tag("2025.12-enterprise"),
		.memory_limit = UINT64_C(1) << 30,
		.fleet = true,
		.list = {.names = names, .n = 1},
		.config = settings,
		.n_config = n,
	};
	struct err err = ERR_INIT;
	struct conf conf;

	if (conf_build(&request, arena, &conf, &err) < 0)
		fail_msg("%s", err.text);
	return conf.neo4j_conf;
}

static void expect(const char *conf, const char *line, bool there)
{
	if (!!strstr(conf, line) != there)
		fail_msg("%s '%s' in\n%s", there ? "no" : "an unwanted", line, conf);
}

// B4: old names count as what they mean (M2): heap, flags of the JVM, and a list that keeps procedures out.
static void test_meaning(void **state)
{
	const struct conf_setting settings[] = {
		{"dbms.jvm.additional", "-Dmine=1", "f"},
		{"dbms.memory.heap.max_size", "300m", "f"},
		{"dbms.security.procedures.whitelist", "db.*", "f"},
	};
	struct arena *arena = arena_new();
	const char *conf = conf_of(settings, 3, arena);

	(void)state;
	expect(conf, "\nserver.memory.heap.max_size=300m\n", true);
	expect(conf, "\nserver.memory.heap.initial_size=300m\n", true);
	expect(conf, "\nserver.jvm.additional=-Dmine=1\n", true);
	expect(conf, "\nserver.jvm.additional=-XX:+UseG1GC\n", true);
	expect(conf, "\ndbms.security.procedures.allowlist=db.*,fleetManagement.*\n", true);
	expect(conf, "\ndbms.jvm", false);
	expect(conf, "\ndbms.memory", false);
	expect(conf, "whitelist", false);
	arena_free(arena);
}

// As at the server: beside the present name, and without a value, an old one is nothing.
static void test_both_names(void **state)
{
	const struct conf_setting settings[] = {
		{"dbms.logs.query.enabled", " ", "f"},
		{"dbms.memory.heap.max_size", "300m", "f"},
		{"dbms.security.procedures.allowlist", "apoc.*", "f"},
		{"dbms.security.procedures.whitelist", "*", "f"},
		{"server.memory.heap.max_size", "400m", "f"},
	};
	struct arena *arena = arena_new();
	const char *conf = conf_of(settings, 5, arena);

	(void)state;
	expect(conf, "\nserver.memory.heap.max_size=400m\n", true);
	expect(conf, "300m", false);
	expect(conf, "\ndbms.security.procedures.allowlist=apoc.*,fleetManagement.*\n", true);
	expect(conf, "logs.query", false);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_no_way_round),
		cmocka_unit_test(test_meaning),
		cmocka_unit_test(test_both_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
