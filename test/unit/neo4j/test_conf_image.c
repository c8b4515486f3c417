// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Ours held against the image's own neo4j.conf (test/neo4j/image-conf.tsv).

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "neo4j/conf.h"

#define REFERENCE_MAX (256 * 1024)

static const char *conf_of(struct version version, bool told, struct arena *arena)
{
	const struct conf_request request = {.version = version, .told = told};
	struct err err = ERR_INIT;
	struct conf conf;

	if (conf_build(&request, arena, &conf, &err) < 0)
		fail_msg("%s", err.text);
	return conf.neo4j_conf;
}

// Whether the table's releases hold a version.
static bool is_release(const char *releases, const struct version *version)
{
	if (!strcmp(releases, "5.26"))
		return version->family == VERSION_5_26;
	if (!strcmp(releases, "2025+"))
		return version->family == VERSION_CALENDAR;
	assert_string_equal(releases, "2026.02+");
	return version->family == VERSION_CALENDAR && version_compare(version, 2026, 2, 0) >= 0;
}

struct row {
	char releases[32], name[128], value[128], how[128];
};

static void check_row(const struct row *row, const char *reference)
{
	static const char *const tags[] = {"5.26-enterprise", "2025.12-enterprise", "2026.02-enterprise", "2026.05-enterprise"};
	bool same = !strcmp(row->how, "same");

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		struct arena *arena = arena_new();
		struct version version = version_of_tag(tags[i]);
		const char *conf = conf_of(version, false, arena);
		bool has = strstr(conf, arena_printf(arena, "\n%s=%s\n", row->name, row->value)) != NULL;
		bool due = is_release(row->releases, &version);

		if (due && same && !has)
			fail_msg("%s lacks %s=%s, which the image sets", tags[i], row->name, row->value);
		if (due && !same && strstr(conf, arena_printf(arena, "\n%s=", row->name)))
			fail_msg("%s has %s, which the table gives a reason to leave out", tags[i], row->name);
		if (due && !same && !strstr(reference, arena_printf(arena, "`%s`", row->name)))
			fail_msg("docs/reference.md does not name %s, which the image sets and ours does not", row->name);
		if (!strcmp(row->releases, "2026.02+") && !due && has)
			fail_msg("%s has %s before the image has", tags[i], row->name);
		arena_free(arena);
	}
}

// The part of docs/reference.md that says what stands in neo4j.conf.
static const char *reference(char *text)
{
	FILE *file = fopen(NEOFLEET_SOURCE_DIR "/docs/reference.md", "re");
	size_t len;
	char *begin, *end;

	assert_non_null(file);
	len = fread(text, 1, REFERENCE_MAX - 1, file);
	assert_true(len > 0 && len < REFERENCE_MAX - 1);
	text[len] = '\0';
	assert_int_equal(fclose(file), 0);
	begin = strstr(text, "\n## Settings that the operator decides\n");
	assert_non_null(begin);
	end = strstr(begin + 1, "\n## ");
	assert_non_null(end);
	*end = '\0';
	return begin;
}

// B4: whatever the image's own neo4j.conf sets, ours sets too, or the table says why not and the docs name it.
static void test_image_conf(void **state)
{
	static char text[REFERENCE_MAX];
	FILE *table = fopen(NEOFLEET_SOURCE_DIR "/test/neo4j/image-conf.tsv", "re");
	const char *docs = reference(text);
	struct row row;
	char line[512];
	int rows = 0;

	(void)state;
	assert_non_null(table);
	while (fgets(line, sizeof(line), table)) {
		if (*line == '#')
			continue;
		assert_int_equal(sscanf(line, "%31[^\t]\t%127[^\t]\t%127[^\t]\t%127[^\n]", row.releases, row.name, row.value, row.how), 4);
		check_row(&row, docs);
		rows++;
	}
	assert_int_equal(fclose(table), 0);
	assert_true(rows > 5);
}

// B4: where the tag does not tell the version, the server's word for it replaces no pod for a default of the image.
static void test_told_version(void **state)
{
	struct arena *arena = arena_new();
	const char *before = conf_of(version_of_tag("latest"), true, arena);

	(void)state;
	assert_string_equal(before, conf_of(version_of_server("2026.05.0"), true, arena));
	assert_null(strstr(before, "db.query.default_language"));
	assert_non_null(strstr(conf_of(version_of_tag("2026.05.0"), false, arena), "\ndb.query.default_language=CYPHER_25\n"));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_image_conf), cmocka_unit_test(test_told_version)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
