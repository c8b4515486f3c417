// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "members.h"
#include "operator/roll.h"

static struct phase_facts facts_of(struct members *m, int n)
{
	return (struct phase_facts){
		.workload_exists = true,
		.workload_current = true,
		.update_revision = "r2",
		.pods = m->pods,
		.n_pods = (size_t)n,
		.servers = n,
		.formed = true,
		.cluster = true,
		.survey = &m->survey,
		.names = &m->names,
	};
}

// Expects the pod to be evicted (NULL: none), or the words why none is.
static void expect(const struct phase_facts *facts, const char *pod, const char *waiting)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct roll_decision decision;

	roll_decide(facts, arena, &decision);
	if (pod) {
		assert_non_null(decision.evict);
		assert_string_equal(decision.evict->name, pod);
	} else {
		assert_null(decision.evict);
	}
	if (waiting)
		assert_string_equal(decision.waiting, waiting);
	else
		assert_null(decision.waiting);
}

// B6: one after the other, the leader of system last.
static void test_order(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = facts_of(&m, 3);
	expect(&facts, "n-server-1", NULL);
	m.pods[1].revision = "r2";
	expect(&facts, "n-server-2", NULL);
	m.pods[2].revision = "r2";
	expect(&facts, "n-server-0", NULL);
	m.pods[0].revision = "r2";
	expect(&facts, NULL, NULL);
}

// B6: the next one only when the one before is back in every respect.
static void test_waits_for_the_one_before(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = facts_of(&m, 3);
	m.pods[1].terminating = true;
	expect(&facts, NULL, "waiting for n-server-1 to end");
	facts.n_pods = 2; // it is gone, its successor is not there yet
	m.pods[1] = m.pods[2];
	expect(&facts, NULL, "waiting for a pod to be made");
	members_init(&m, 3);
	facts.n_pods = 3;
	m.pods[1].revision = "r2";
	m.pods[1].ready = false;
	expect(&facts, NULL, "waiting for n-server-1 to be ready");
	m.pods[1].ready = true;
	facts.survey = NULL;
	expect(&facts, NULL, "the servers have not been asked yet");
	facts.survey = &m.survey;
	m.servers[1].health = "Unavailable";
	expect(&facts, NULL, "n-server-1: its server is Unavailable");
	m.servers[1].health = "Available";
	m.copies[1].current = "starting";
	expect(&facts, NULL, "n-server-1: database 'neo4j' is starting there");
	m.copies[1].current = "online";
	expect(&facts, "n-server-2", NULL);
}

// B6: what does not come back stops the roll, and is named with its own words.
static void test_stops_at_a_pod_that_fails(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = facts_of(&m, 3);
	m.pods[1].revision = "r2";
	m.pods[1].ready = false;
	m.pods[1].problem = "container neo4j ended with exit code 3";
	expect(&facts, NULL, "n-server-1 does not come back: container neo4j ended with exit code 3");
	// The cure is a newer template still: then it goes first, ready ones wait for it.
	facts.update_revision = "r3";
	expect(&facts, "n-server-1", NULL);
}

static void test_not_ready_goes_first(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = facts_of(&m, 3);
	m.pods[2].ready = false;
	facts.survey = NULL;
	expect(&facts, "n-server-2", NULL);
	m.pods[0].ready = m.pods[1].ready = false;
	expect(&facts, "n-server-0", NULL);
	m.pods[0].terminating = true;
	expect(&facts, NULL, "waiting for n-server-0 to end");
}

// B6, B8: nothing is taken away while servers leave.
static void test_waits_for_removal(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = facts_of(&m, 3);
	facts.removing = "draining n-server-3";
	expect(&facts, NULL, "until servers are removed (draining n-server-3)");
}

static void test_nothing_before_the_controller_has_seen_it(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = facts_of(&m, 3);
	facts.workload_current = false;
	expect(&facts, NULL, NULL);
}

static void test_standalone(void **state)
{
	struct pod pod = {.name = "s-0", .uid = "u", .revision = "r1", .ready = true};
	struct phase_facts facts = {.workload_exists = true,
				    .workload_current = true,
				    .update_revision = "r2",
				    .pods = &pod,
				    .n_pods = 1,
				    .servers = 1};

	(void)state;
	expect(&facts, "s-0", NULL);
	pod.terminating = true;
	expect(&facts, NULL, "waiting for s-0 to end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_waits_for_the_one_before),
		cmocka_unit_test(test_stops_at_a_pod_that_fails),
		cmocka_unit_test(test_not_ready_goes_first),
		cmocka_unit_test(test_waits_for_removal),
		cmocka_unit_test(test_nothing_before_the_controller_has_seen_it),
		cmocka_unit_test(test_standalone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
