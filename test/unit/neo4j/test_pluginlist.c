// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "neo4j/pluginlist.h"

static const char *const wish_apoc[] = {"apoc"};
static const char *const wish_apoc_gds[] = {"apoc", "graph-data-science"};
static const char *const wish_fleet[] = {"fleet-management"};

// C1, C2. What is live, what the record says, what is wanted -> what is written, and the new record.
static const struct {
	const char *about;
	const char *live, *declared, *env;
	struct plugin_list plugins;
	bool fleet;
	const char *value, *record;
	bool malformed;
} cases[] = {
	{"nothing at all", NULL, NULL, NULL, {0}, false, NULL, "[]", false},
	{"at creation", NULL, NULL, NULL, {0}, true, "[\"fleet-management\"]", "[\"fleet-management\"]", false},
	{"the page's example", NULL, NULL, NULL, {wish_apoc, 1}, true, "[\"apoc\",\"fleet-management\"]",
	 "[\"apoc\",\"fleet-management\"]", false},
	{"enabled later", "[\"apoc\"]", "[\"apoc\"]", NULL, {wish_apoc, 1}, true, "[\"apoc\",\"fleet-management\"]",
	 "[\"apoc\",\"fleet-management\"]", false},
	{"settled", "[\"apoc\",\"fleet-management\"]", "[\"apoc\",\"fleet-management\"]", NULL, {wish_apoc, 1}, true,
	 "[\"apoc\",\"fleet-management\"]", "[\"apoc\",\"fleet-management\"]", false},
	{"order: others, spec.env, plugins, fleet", "[\"bloom\"]", "[]", "[\"genai\"]", {wish_apoc_gds, 2}, true,
	 "[\"bloom\",\"genai\",\"apoc\",\"graph-data-science\",\"fleet-management\"]",
	 "[\"genai\",\"apoc\",\"graph-data-science\",\"fleet-management\"]", false},
	{"ours in another order", "[\"fleet-management\",\"bloom\",\"apoc\"]", "[\"apoc\",\"fleet-management\"]", NULL, {wish_apoc, 1},
	 true, "[\"bloom\",\"apoc\",\"fleet-management\"]", "[\"apoc\",\"fleet-management\"]", false},
	{"no name twice", "[\"bloom\",\"bloom\"]", NULL, "[\"apoc\",\"apoc\",\"fleet-management\"]", {wish_apoc, 1}, true,
	 "[\"bloom\",\"apoc\",\"fleet-management\"]", "[\"apoc\",\"fleet-management\"]", false},
	{"what is declared no more leaves", "[\"apoc\",\"fleet-management\"]", "[\"apoc\",\"fleet-management\"]", NULL, {0}, true,
	 "[\"fleet-management\"]", "[\"fleet-management\"]", false},
	{"of spec.env, too", "[\"genai\",\"fleet-management\"]", "[\"genai\",\"fleet-management\"]", NULL, {0}, true,
	 "[\"fleet-management\"]", "[\"fleet-management\"]", false},
	{"what somebody added stays", "[\"fleet-management\",\"bloom\"]", "[\"fleet-management\"]", NULL, {0}, false, "[\"bloom\"]", "[]",
	 false},
	{"the last one leaves", "[\"fleet-management\"]", "[\"fleet-management\"]", NULL, {0}, false, NULL, "[]", false},
	{"a name claimed twice stays", "[\"apoc\"]", "[\"apoc\"]", "[\"apoc\"]", {0}, false, "[\"apoc\"]", "[\"apoc\"]", false},
	{"somebody's, then ours, too: stays theirs", "[\"apoc\"]", "[]", NULL, {wish_apoc, 1}, false, "[\"apoc\"]", "[]", false},
	{"and stays when ours goes", "[\"apoc\"]", "[]", NULL, {0}, false, "[\"apoc\"]", "[]", false},
	{"theirs taken away, ours put back", "[]", "[]", NULL, {wish_apoc, 1}, false, "[\"apoc\"]", "[\"apoc\"]", false},
	{"ours taken away by hand", "[\"bloom\"]", "[\"fleet-management\"]", NULL, {0}, true, "[\"bloom\",\"fleet-management\"]",
	 "[\"fleet-management\"]", false},
	{"the whole variable taken away", NULL, "[\"fleet-management\"]", NULL, {0}, true, "[\"fleet-management\"]",
	 "[\"fleet-management\"]", false},
	{"fleet claimed by a plugin resource, too", "[\"fleet-management\"]", "[\"fleet-management\"]", NULL, {wish_fleet, 1}, false,
	 "[\"fleet-management\"]", "[\"fleet-management\"]", false},
	{"an empty value", "", "[\"fleet-management\"]", NULL, {0}, true, "[\"fleet-management\"]", "[\"fleet-management\"]", false},
	{"spaces in the live value", " [ \"bloom\" ] ", "[]", NULL, {0}, true, "[\"bloom\",\"fleet-management\"]",
	 "[\"fleet-management\"]", false},
	{"not JSON: kept", "apoc,bloom", "[\"fleet-management\"]", NULL, {wish_apoc, 1}, true, "apoc,bloom", "[\"fleet-management\"]",
	 true},
	{"not a list: kept", "{\"apoc\":1}", NULL, NULL, {0}, true, "{\"apoc\":1}", "[]", true},
	{"not strings: kept", "[\"apoc\",1]", "[]", NULL, {0}, true, "[\"apoc\",1]", "[]", true},
	{"an empty name: kept", "[\"\"]", "[]", NULL, {0}, true, "[\"\"]", "[]", true},
	{"the record edited by hand counts as none", "[\"apoc\"]", "oops", NULL, {0}, true, "[\"apoc\",\"fleet-management\"]",
	 "[\"fleet-management\"]", false},
	{"no record: all of it is somebody's", "[\"fleet-management\"]", NULL, NULL, {0}, true, "[\"fleet-management\"]", "[]", false},
};

static void test_merge(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new();
		struct pluginlist_wishes wishes = {
			.live = cases[i].live,
			.declared = cases[i].declared,
			.env = cases[i].env,
			.plugins = cases[i].plugins,
			.fleet = cases[i].fleet,
		};
		struct pluginlist_merge merge, again;

		pluginlist_merge(&wishes, arena, &merge);
		if (!!merge.value != !!cases[i].value || (merge.value && strcmp(merge.value, cases[i].value) != 0) ||
		    strcmp(merge.declared, cases[i].record) != 0 || !!merge.malformed != cases[i].malformed)
			fail_msg("%s: value %s, record %s, malformed %s", cases[i].about, merge.value ? merge.value : "(none)",
				 merge.declared, merge.malformed ? merge.malformed : "(no)");
		// The written list, read back, changes nothing: a settled deployment is left alone.
		wishes.live = merge.value;
		wishes.declared = merge.declared;
		pluginlist_merge(&wishes, arena, &again);
		if (!!merge.value != !!again.value || (merge.value && strcmp(merge.value, again.value) != 0) ||
		    strcmp(merge.declared, again.declared) != 0)
			fail_msg("%s: not settled, then %s, record %s", cases[i].about, again.value ? again.value : "(none)",
				 again.declared);
		arena_free(arena);
	}
}

static void test_parse(void **state)
{
	struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct plugin_list list;
	char many[1024] = "[\"0\"";

	(void)state;
	assert_int_equal(pluginlist_parse("[\"b\",\"a\",\"b\"]", arena, &list, &err), 0);
	assert_string_equal(pluginlist_print(&list, arena), "[\"b\",\"a\"]");
	assert_true(pluginlist_contains(&list, "a"));
	assert_false(pluginlist_contains(&list, "c"));
	assert_int_equal(pluginlist_parse("[]", arena, &list, &err), 0);
	assert_string_equal(pluginlist_print(&list, arena), "[]");
	for (int i = 1; i < 65; i++)
		(void)snprintf(many + strlen(many), sizeof(many) - strlen(many), ",\"%d\"", i);
	(void)snprintf(many + strlen(many), sizeof(many) - strlen(many), "]");
	assert_int_equal(pluginlist_parse(many, arena, &list, &err), ERR_INVALID);
	assert_string_equal(err.text, "a list of more than 64 plugins");
	arena_free(arena);
}

// C6.
static void test_names(void **state)
{
	const struct version v5 = version_of_tag("5.26.12"), v5_old = version_of_tag("5.26.5"), v2025 = version_of_tag("2025.12"),
			     v2026 = version_of_tag("2026.05"), latest = version_of_tag("latest");
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(pluginlist_mapped_name("gds"), "graph-data-science");
	assert_string_equal(pluginlist_mapped_name("neosemantics"), "n10s");
	assert_string_equal(pluginlist_mapped_name("apoc"), "apoc");
	assert_true(pluginlist_known(&v5, "n10s"));
	assert_false(pluginlist_known(&v2025, "n10s"));
	assert_false(pluginlist_known(&v2025, "gds")); // not mapped
	assert_true(pluginlist_known(&v2025, "graph-data-science"));
	assert_true(pluginlist_known(&v2025, "fleet-management"));
	assert_false(pluginlist_known(&v5_old, "fleet-management"));
	assert_false(pluginlist_known(&v2026, "fleet-management"));
	assert_true(pluginlist_known(&latest, "anything"));
	assert_string_equal(pluginlist_choices(&v2026, arena), "apoc, apoc-extended, bloom, genai, graph-data-science");
	assert_string_equal(pluginlist_choices(&v5, arena),
			    "apoc, apoc-extended, bloom, fleet-management, genai, graph-data-science, n10s");
	assert_string_equal(pluginlist_procedures("graph-data-science"), "gds.*");
	assert_null(pluginlist_procedures("unheard-of"));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
