// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "operator/phase.h"

static struct pod ready_pod(const char *revision)
{
	return (struct pod){.name = "n-0", .uid = "u", .revision = revision, .ready = true};
}

static struct phase_facts standalone(const struct pod *pod)
{
	return (struct phase_facts){
		.workload_exists = true,
		.workload_current = true,
		.update_revision = "r2",
		.pods = pod,
		.n_pods = pod ? 1 : 0,
		.servers = 1,
	};
}

static enum phase judge(const struct phase_facts *facts, const char *message)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct phase_verdict verdict;

	phase_judge(facts, arena, &verdict);
	if (message)
		assert_string_equal(verdict.message, message);
	assert_non_null(verdict.reason);
	return verdict.phase;
}

// B7: Ready only when all pods are of the update revision and ready.
static void test_ready(void **state)
{
	struct pod pod = ready_pod("r2");
	struct phase_facts facts = standalone(&pod);

	(void)state;
	assert_int_equal(judge(&facts, "The server is ready"), PHASE_READY);
	pod.revision = "r1";
	assert_int_equal(judge(&facts, NULL), PHASE_FORMING);
	facts.formed = true;
	assert_int_equal(judge(&facts, NULL), PHASE_UPDATING);
	pod.revision = "r2";
	facts.workload_current = false;
	assert_int_equal(judge(&facts, NULL), PHASE_UPDATING);
}

static void test_terminating_pod_does_not_count(void **state)
{
	struct pod pod = ready_pod("r2");
	struct phase_facts facts = standalone(&pod);

	(void)state;
	pod.terminating = true;
	assert_int_equal(judge(&facts, NULL), PHASE_FORMING);
}

static void test_problem_is_named(void **state)
{
	struct pod pod = ready_pod("r2");
	struct phase_facts facts = standalone(&pod);

	(void)state;
	pod.ready = false;
	pod.problem = "not scheduled: no room";
	assert_int_equal(judge(&facts, "0 of 1 servers ready; n-0: not scheduled: no room"), PHASE_FORMING);
	facts.formed = true;
	assert_int_equal(judge(&facts, "0 of 1 servers ready; n-0: not scheduled: no room"), PHASE_DEGRADED);
	facts.rolling = true;
	assert_int_equal(judge(&facts, NULL), PHASE_UPDATING);
}

static void test_refusal_and_waiting(void **state)
{
	struct phase_facts facts = {.refused = "spec.image.tag: too old", .refused_reason = "InvalidSpec", .servers = 1};

	(void)state;
	assert_int_equal(judge(&facts, "spec.image.tag: too old"), PHASE_FAILED);
	facts = (struct phase_facts){.waiting_for = "Secret 'x' not found", .waiting_reason = "WaitingForSecret", .servers = 1};
	assert_int_equal(judge(&facts, "Secret 'x' not found"), PHASE_PENDING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ready),
		cmocka_unit_test(test_terminating_pod_does_not_count),
		cmocka_unit_test(test_problem_is_named),
		cmocka_unit_test(test_refusal_and_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
