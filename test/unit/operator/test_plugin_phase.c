// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// C6: the phases of a Neo4jPlugin, in their order, each with its own words.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "operator/object/reason.h"
#include "operator/plugin/plugin_phase.h"

static void expect(const struct plugin_facts *facts, enum plugin_phase phase, enum reason reason, const char *part)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct plugin_verdict verdict;

	plugin_phase_judge(facts, arena, &verdict);
	assert_string_equal(plugin_phase_name(verdict.phase), plugin_phase_name(phase));
	assert_int_equal(verdict.reason, reason);
	assert_non_null(strstr(verdict.message, part));
}

static void test_the_way_to_ready(void **state)
{
	struct plugin_claim claim = {.plugin = {.cluster_ref = "db"}, .name = "apoc"};
	struct plugin_facts facts = {.claim = &claim, .procedures = "apoc.*"};

	(void)state;
	expect(&facts, PLUGIN_WAITING, REASON_TARGET_NOT_FOUND, "named 'db'");
	facts.target = "Neo4jEnterpriseStandalone 'db'";
	facts.target_problem = "Secret 'x' not found";
	expect(&facts, PLUGIN_WAITING, REASON_TARGET_NOT_READY, "'db': Secret 'x' not found");
	facts.target_problem = NULL;
	expect(&facts, PLUGIN_INSTALLING, REASON_INSTALLING, "is being added to Neo4jEnterpriseStandalone 'db'");
	facts.planned = true;
	facts.servers = 3;
	facts.current = 2;
	expect(&facts, PLUGIN_INSTALLING, REASON_INSTALLING, "2 of 3 servers");
	assert_false(plugin_phase_needs_sight(&facts));
	facts.current = 3;
	assert_true(plugin_phase_needs_sight(&facts));
	facts.sight = PLUGIN_NOT_ANSWERED;
	facts.problem_reason = REASON_UNREACHABLE;
	facts.problem = "no answer";
	expect(&facts, PLUGIN_INSTALLING, REASON_UNREACHABLE, "no answer");
	facts.sight = PLUGIN_NOT_SEEN;
	facts.failures = 2;
	expect(&facts, PLUGIN_INSTALLING, REASON_INSTALLING, "apoc.*");
	facts.sight = PLUGIN_SEEN;
	expect(&facts, PLUGIN_READY, REASON_READY, "'apoc' are there");
}

static void test_missing(void **state)
{
	struct plugin_claim claim = {.name = "apoc"};
	struct plugin_facts facts = {
		.claim = &claim, .target = "t", .planned = true, .servers = 1, .current = 1, .procedures = "apoc.*",
		.sight = PLUGIN_NOT_SEEN, .failures = 3, .seen_before = true,
	};

	(void)state;
	expect(&facts, PLUGIN_FAILED, REASON_PROCEDURES_MISSING, "allowlist");
	facts.procedures = NULL; // of a name that only this image knows
	expect(&facts, PLUGIN_READY, REASON_READY, "not looked for");
}

// A restart for another reason, or a server that is not heard for a moment, does not take a plugin away.
static void test_stays_ready(void **state)
{
	struct plugin_claim claim = {.name = "apoc"};
	struct plugin_facts facts = {
		.claim = &claim, .target = "t", .servers = 1, .procedures = "apoc.*", .seen_before = true,
	};

	(void)state;
	expect(&facts, PLUGIN_READY, REASON_READY, "apoc");
	facts.planned = true;
	expect(&facts, PLUGIN_READY, REASON_READY, "apoc");
	facts.current = 1;
	facts.sight = PLUGIN_NOT_ANSWERED;
	expect(&facts, PLUGIN_READY, REASON_READY, "apoc");
	facts.failures = 3; // for longer than a moment
	facts.problem_reason = REASON_UNREACHABLE;
	facts.problem = "no answer";
	expect(&facts, PLUGIN_INSTALLING, REASON_UNREACHABLE, "no answer");
	facts.malformed = "it is no list";
	expect(&facts, PLUGIN_FAILED, REASON_PLUGINS_MALFORMED, "no list");
}

static void test_refused(void **state)
{
	struct plugin_claim claim = {.verdict = CLAIM_REFUSED, .reason = REASON_INVALID_SPEC, .message = "spec.name: must"};
	struct plugin_facts facts = {.claim = &claim};

	(void)state;
	expect(&facts, PLUGIN_FAILED, REASON_INVALID_SPEC, "spec.name: must"); // even without a target
	claim = (struct plugin_claim){
		.plugin = {.cluster_ref = "db"}, .name = "x", .verdict = CLAIM_REFUSED, .reason = REASON_UNKNOWN_PLUGIN, .message = "choose"};
	expect(&facts, PLUGIN_WAITING, REASON_TARGET_NOT_FOUND, "db");
	facts.target = "t";
	expect(&facts, PLUGIN_FAILED, REASON_UNKNOWN_PLUGIN, "choose");
	claim.verdict = CLAIM_WAITING;
	claim.reason = REASON_VERSION_UNKNOWN;
	expect(&facts, PLUGIN_WAITING, REASON_VERSION_UNKNOWN, "choose");
	claim.verdict = CLAIM_DISABLED;
	facts.target = NULL;
	expect(&facts, PLUGIN_DISABLED, REASON_DISABLED, "Disabled in the spec");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_way_to_ready),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_stays_ready),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
