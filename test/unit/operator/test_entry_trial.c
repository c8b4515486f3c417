// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// C8: a roll for our entry alone is told from others, and its failure ends in a withdrawal that holds for an image and a spec.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "operator/fleet/entry_trial.h"

static const struct {
	const char *about;
	struct entry_trial_facts facts;
	const char *record;
} cases[] = {
	{"created without", {NULL, "b", false, false}, "absent b"},
	{"created with it: nothing to compare with", {NULL, "b", true, false}, "passed b"},
	{"enabled later", {"absent b", "b", true, true}, "trial b"},
	{"still on trial", {"trial b", "b", true, false}, "trial b"},
	{"came up", {"trial b", "b", true, true}, "passed b"},
	{"settled", {"passed b", "b", true, true}, "passed b"},
	{"a pod that fails later is no trial", {"passed b", "b", true, false}, "passed b"},
	{"enabled with another change", {"absent b", "c", true, true}, "passed c"},
	{"another change while on trial", {"trial b", "c", true, false}, "passed c"},
	{"withdrawn or disabled", {"trial b", "b", false, false}, "absent b"},
	{"another change without it", {"absent b", "c", false, true}, "absent c"},
	{"a record edited by hand", {"nonsense", "b", true, false}, "passed b"},
};

static void test_records(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(entry_trial_record(&cases[i].facts, arena), cases[i].record);
	assert_false(entry_trial_has_entry(NULL));
	assert_false(entry_trial_has_entry("absent b"));
	assert_true(entry_trial_has_entry("trial b"));
	assert_true(entry_trial_has_entry("passed b"));
	assert_false(entry_trial_is_running("passed b"));
}

static void test_failure(void **state)
{
	struct pod pods[] = {
		{.name = "old", .revision = "r1", .ends = 9},
		{.name = "ready", .revision = "r2", .ends = 9, .ready = true},
		{.name = "going", .revision = "r2", .ends = 9, .terminating = true},
		{.name = "failing", .revision = "r2", .ends = 2},
	};

	(void)state;
	assert_null(entry_trial_failure("trial b", "r2", pods, 4));
	pods[3].ends = 3;
	assert_ptr_equal(entry_trial_failure("trial b", "r2", pods, 4), &pods[3]);
	assert_null(entry_trial_failure("passed b", "r2", pods, 4));
	assert_null(entry_trial_failure(NULL, "r2", pods, 4));
	assert_null(entry_trial_failure("trial b", NULL, pods, 4));
}

static void test_withdrawal(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct entry_trial_withdrawal wanted = {.image = "neo4j:x", .generation = 4, .words = "said \"no\""}, got;
	const char *text = entry_trial_withdrawal_print(&wanted, arena);

	(void)state;
	assert_true(entry_trial_withdrawal_holds(text, "neo4j:x", 4, arena, &got));
	assert_string_equal(got.words, wanted.words);
	assert_false(entry_trial_withdrawal_holds(text, "neo4j:y", 4, arena, &got));
	assert_false(entry_trial_withdrawal_holds(text, "neo4j:x", 5, arena, &got));
	assert_false(entry_trial_withdrawal_holds("nonsense", "neo4j:x", 4, arena, &got));
	assert_false(entry_trial_withdrawal_holds(NULL, "neo4j:x", 4, arena, &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_withdrawal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
