// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "neo4j/version.h"

// C4.
static const struct {
	const char *tag;
	enum version_family family;
	enum fleet_form form;
	const char *text;
} cases[] = {
	{"4.4.45-enterprise", VERSION_OLD, FLEET_FORM_REFUSED, "4.4.45"},
	{"5.25", VERSION_OLD, FLEET_FORM_REFUSED, "5.25"},
	{"5.25.1-enterprise", VERSION_OLD, FLEET_FORM_REFUSED, "5.25.1"},
	{"5.26.0", VERSION_5_26, FLEET_FORM_NONE, "5.26.0"},
	{"5.26.5", VERSION_5_26, FLEET_FORM_NONE, "5.26.5"},
	{"5.26.11", VERSION_5_26, FLEET_FORM_NONE, "5.26.11"},
	{"5.26.11-enterprise-ubi9", VERSION_5_26, FLEET_FORM_NONE, "5.26.11"},
	{"5.26.12", VERSION_5_26, FLEET_FORM_PLUGIN, "5.26.12"},
	{"v5.26.12", VERSION_5_26, FLEET_FORM_PLUGIN, "5.26.12"},
	{"5.26.30-enterprise", VERSION_5_26, FLEET_FORM_PLUGIN, "5.26.30"},
	{"5.26-enterprise", VERSION_5_26, FLEET_FORM_PLUGIN, "5.26"},
	{"5.26", VERSION_5_26, FLEET_FORM_PLUGIN, "5.26"},
	{"5-enterprise", VERSION_5_26, FLEET_FORM_PLUGIN, "5"},
	{"2025.01", VERSION_CALENDAR, FLEET_FORM_NONE, "2025.01"},
	{"2025.05", VERSION_CALENDAR, FLEET_FORM_NONE, "2025.05"},
	{"2025.05.0-enterprise", VERSION_CALENDAR, FLEET_FORM_NONE, "2025.05.0"},
	{"2025.07.1", VERSION_CALENDAR, FLEET_FORM_NONE, "2025.07.1"},
	{"2025.08", VERSION_CALENDAR, FLEET_FORM_PLUGIN, "2025.08"},
	{"2025.08.0", VERSION_CALENDAR, FLEET_FORM_PLUGIN, "2025.08.0"},
	{"2025-enterprise", VERSION_CALENDAR, FLEET_FORM_PLUGIN, "2025"},
	{"2025.12-enterprise", VERSION_CALENDAR, FLEET_FORM_PLUGIN, "2025.12"},
	{"2025.12.1-enterprise-bullseye", VERSION_CALENDAR, FLEET_FORM_PLUGIN, "2025.12.1"},
	{"2025.12-enterprise@sha256:abcd", VERSION_CALENDAR, FLEET_FORM_PLUGIN, "2025.12"},
	{"5.26.5@sha256:abcd", VERSION_5_26, FLEET_FORM_NONE, "5.26.5"},
	{"2026.01", VERSION_CALENDAR, FLEET_FORM_PLUGIN, "2026.01"},
	{"2026.02.2", VERSION_CALENDAR, FLEET_FORM_PLUGIN, "2026.02.2"},
	{"2026.02.3", VERSION_CALENDAR, FLEET_FORM_BUILT_IN, "2026.02.3"},
	{"2026.02", VERSION_CALENDAR, FLEET_FORM_BUILT_IN, "2026.02"},
	{"2026.03", VERSION_CALENDAR, FLEET_FORM_BUILT_IN_ALWAYS, "2026.03"},
	{"2026.05", VERSION_CALENDAR, FLEET_FORM_BUILT_IN_ALWAYS, "2026.05"},
	{"2026.05.0-enterprise", VERSION_CALENDAR, FLEET_FORM_BUILT_IN_ALWAYS, "2026.05.0"},
	{"2026-enterprise", VERSION_CALENDAR, FLEET_FORM_BUILT_IN_ALWAYS, "2026"},
	{"2027.01", VERSION_CALENDAR, FLEET_FORM_BUILT_IN_ALWAYS, "2027.01"},
	{"latest", VERSION_UNDECIDABLE, FLEET_FORM_UNDECIDABLE, "unknown"},
	{"enterprise", VERSION_UNDECIDABLE, FLEET_FORM_UNDECIDABLE, "unknown"},
	{"sha256:0123456789abcdef", VERSION_UNDECIDABLE, FLEET_FORM_UNDECIDABLE, "unknown"},
	{"5.26.12.1", VERSION_UNDECIDABLE, FLEET_FORM_UNDECIDABLE, "unknown"},
	{"5.26.x", VERSION_UNDECIDABLE, FLEET_FORM_UNDECIDABLE, "unknown"},
	{"5.26.12foo", VERSION_UNDECIDABLE, FLEET_FORM_UNDECIDABLE, "unknown"},
	{"2025.13", VERSION_UNDECIDABLE, FLEET_FORM_UNDECIDABLE, "unknown"},
	{"2025.00", VERSION_UNDECIDABLE, FLEET_FORM_UNDECIDABLE, "unknown"},
	{"2024.12", VERSION_UNDECIDABLE, FLEET_FORM_UNDECIDABLE, "unknown"},
	{"6.0", VERSION_UNDECIDABLE, FLEET_FORM_UNDECIDABLE, "unknown"},
	{"20251201123456", VERSION_UNDECIDABLE, FLEET_FORM_UNDECIDABLE, "unknown"},
	{"99999999999999999999", VERSION_UNDECIDABLE, FLEET_FORM_UNDECIDABLE, "unknown"},
	{"v", VERSION_UNDECIDABLE, FLEET_FORM_UNDECIDABLE, "unknown"},
	{".", VERSION_UNDECIDABLE, FLEET_FORM_UNDECIDABLE, "unknown"},
	{"5.", VERSION_UNDECIDABLE, FLEET_FORM_UNDECIDABLE, "unknown"},
	{"-enterprise", VERSION_UNDECIDABLE, FLEET_FORM_UNDECIDABLE, "unknown"},
	{"", VERSION_UNDECIDABLE, FLEET_FORM_UNDECIDABLE, "unknown"},
};

static void test_tags(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct version version = version_of_tag(cases[i].tag);

		if (version.family != cases[i].family || version_fleet_form(&version) != cases[i].form ||
		    strcmp(version_text(&version, arena), cases[i].text) != 0)
			fail_msg("'%s': family %d, form %d, '%s'", cases[i].tag, version.family, version_fleet_form(&version),
				 version_text(&version, arena));
	}
	arena_free(arena);
}

static void test_server(void **state)
{
	struct version version = version_of_server("Neo4j/5.26.12");

	(void)state;
	assert_int_equal(version_compare(&version, 5, 26, 12), 0);
	version = version_of_server("2026.02.2");
	assert_true(version_compare(&version, 2026, 2, 3) < 0);
	assert_true(version_compare(&version, 2025, 12, 9) > 0);
	version = version_of_server("5.27.0-SNAPSHOT");
	assert_int_equal(version.family, VERSION_5_26);
	version = version_of_server("dev");
	assert_int_equal(version.family, VERSION_UNDECIDABLE);
}

// B6: a release that the store has seen is not gone back from.
static void test_downgrade(void **state)
{
	static const struct {
		const char *before, *tag, *ran;
		bool refused;
	} steps[] = {
		{"neo4j:2026.05-enterprise", "5.26-enterprise", "2026.05.0", true},
		{"registry:5000/a/neo4j:2026.05-enterprise", "2026.04-enterprise", "2026.05.0", true},
		{"neo4j:2026-enterprise", "2026.02-enterprise", "2026.05.0", true},
		{"neo4j:2026.05-enterprise@sha256:00", "2025-enterprise", "2026.05.0", true},
		{"neo4j:2026.05-enterprise", "2026.05.0-enterprise", "2026.05.1", false}, // a patch
		{"neo4j:2026.05-enterprise", "2026-enterprise", "2026.05.1", false},
		{"neo4j:2026.05-enterprise", "2026.08-enterprise", "2026.05.1", false},
		{"neo4j:2026.05-enterprise", "5.26-enterprise", "5.26.12", false}, // an update that no server came through
		{"neo4j:2026.05-enterprise", "5.26-enterprise", NULL, false},
		{"neo4j:5.26-enterprise", "5.26-enterprise", "2026.05.0", false}, // a server that is not what its tag says
		{"neo4j:2026.05-enterprise", "latest", "2026.05.0", false},
		{"neo4j:latest", "5.26-enterprise", "2026.05.0", true}, // the server has told what it was
		{"registry:5000/neo4j", "5.26-enterprise", "2026.05.0", true},
		{"neo4j:latest", "5.26-enterprise", NULL, false}, // nobody knows what it was
		{NULL, "5.26-enterprise", "2026.05.0", false},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const char *why = version_downgrade(steps[i].before, steps[i].tag, steps[i].ran, arena);

		if ((why != NULL) != steps[i].refused)
			fail_msg("%s to %s: %s", steps[i].before, steps[i].tag, why ? why : "taken");
	}
	assert_string_equal(version_downgrade("neo4j:2026.05", "5.26", "2026.05.0", arena),
			    "spec.image.tag: '5.26' is older than Neo4j 2026.05.0, which the servers have run, and Neo4j does not go back to "
			    "an older release on the same store; put the newer tag back, or load a backup into a new deployment");
}

// B6: a patch that the store has seen may be gone back from, since that is how one leaves a bad patch; with a word of what it means.
static void test_patch_back(void **state)
{
	static const struct {
		const char *tag, *ran;
		bool back;
	} steps[] = {
		{"5.26.0-enterprise", "5.26.12", true}, {"2026.05.0-enterprise", "2026.05.1", true},   {"5.26.12-enterprise", "5.26.12", false},
		{"5.26-enterprise", "5.26.12", false},  {"5.26.13-enterprise", "5.26.12", false},     {"5.26.0-enterprise", "2026.05.1", false},
		{"latest", "5.26.12", false},		{"5.26.0-enterprise", NULL, false},	       {"2026.04.9-enterprise", "2026.05.1", false},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const char *words = version_patch_back(steps[i].tag, steps[i].ran, arena);

		if ((words != NULL) != steps[i].back)
			fail_msg("%s after %s: %s", steps[i].tag, steps[i].ran ? steps[i].ran : "nothing", words ? words : "no step back");
	}
	assert_non_null(strstr(version_patch_back("5.26.0", "5.26.12", arena), "go back from Neo4j 5.26.12 to 5.26.0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_tags), cmocka_unit_test(test_server), cmocka_unit_test(test_downgrade), cmocka_unit_test(test_patch_back)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
