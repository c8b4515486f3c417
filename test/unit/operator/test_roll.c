// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "members.h"
#include "operator/cluster/roll.h"

static struct phase_facts facts_of(struct members *m, int n)
{
	return (struct phase_facts){
		.workload_exists = true,
		.workload_current = true,
		.update_revision = "r2",
		.unready = "r2", // it began when all were ready
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

// As a pass does before anything is evicted.
static void note(struct phase_facts *facts)
{
	static char kept[512];
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *record = roll_record(facts, arena);

	if (record && record != facts->unready) {
		assert_true(strlen(record) < sizeof(kept));
		(void)strcpy(kept, record);
		facts->unready = kept;
	}
}

// B6 G2: for a server that shall be offline only its pod goes, when all others are back; another one that is offline still comes back first.
static void test_offline(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = facts_of(&m, 3);
	facts.offline = "n-server-0";
	expect(&facts, "n-server-0", NULL);
	m.pods[2].ready = false;
	m.pods[2].revision = "r2";
	expect(&facts, NULL, "waiting for n-server-2 to be ready");
	m.pods[2].revision = "r1";
	note(&facts);
	expect(&facts, "n-server-2", NULL);
	m.pods[2].ready = true;
	m.pods[0].revision = "r2";
	m.pods[0].ready = false;
	expect(&facts, NULL, NULL);
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

// B6: a database that somebody has stopped, or Fleet Manager for a migration, holds up no roll; one that is to be online does, until it is.
static void test_goes_on_beside_a_stopped_database(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = facts_of(&m, 3);
	m.pods[1].revision = "r2";
	for (int i = 0; i < 3; i++) {
		m.copies[i].requested = "offline";
		m.copies[i].current = i ? "offline" : "stopping";
	}
	expect(&facts, "n-server-2", NULL);
	for (int i = 0; i < 3; i++) {
		m.copies[i].requested = "online";
		m.copies[i].current = i == 1 ? "starting" : "online";
	}
	expect(&facts, NULL, "n-server-1: database 'neo4j' is starting there");
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
	m.pods[1].problem = "init container vault has not ended yet";
	m.pods[1].passing = true;
	expect(&facts, NULL, "waiting for n-server-1 to be ready: init container vault has not ended yet");
	m.pods[1].problem = "container neo4j ended with exit code 3";
	m.pods[1].passing = false;
	// The cure is a newer template still: then it goes first, ready ones wait for it.
	facts.update_revision = "r3";
	expect(&facts, NULL, "until it is noted which pods are not ready");
	note(&facts);
	expect(&facts, "n-server-1", NULL);
}

// B6: a pod whose sidecar ends again and again is not back while that runs for a moment; the mended template goes to it first.
static void test_stops_at_an_unsteady_pod(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = facts_of(&m, 3);
	m.pods[2].revision = "r2";
	m.pods[2].unsteady = true;
	m.pods[2].problem = "container shipper ended with exit code 7";
	expect(&facts, NULL, "n-server-2 does not come back: container shipper ended with exit code 7");
	facts.update_revision = "r3";
	note(&facts);
	expect(&facts, "n-server-2", NULL);
}

// B6: what was not ready before the roll began serves nobody: one after the other, without waiting for those before.
static void test_not_ready_goes_first(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = facts_of(&m, 3);
	facts.unready = NULL;
	facts.survey = NULL;
	m.pods[1].ready = m.pods[2].ready = false;
	m.pods[2].unready_since = "2026-11-29T12:00:00Z";
	note(&facts);
	assert_string_equal(facts.unready, "r2 id-1@ id-2@2026-11-29T12:00:00Z");
	expect(&facts, "n-server-1", NULL);
	m.pods[1].terminating = true;
	expect(&facts, NULL, "waiting for n-server-1 to end");
	m.pods[1] = (struct pod){.name = "n-server-1", .uid = "new", .revision = "r2"};
	expect(&facts, "n-server-2", NULL);
	// Any operator that comes after finds the same.
	note(&facts);
	assert_string_equal(facts.unready, "r2 id-1@ id-2@2026-11-29T12:00:00Z");
	// It was ready in between, or is another pod: then it is no longer one of those.
	m.pods[2].unready_since = "2026-11-29T12:00:01Z";
	expect(&facts, NULL, "waiting for n-server-1 to be ready");
	m.pods[2].unready_since = "2026-11-29T12:00:00Z";
	m.pods[2].uid = "id-20";
	expect(&facts, NULL, "waiting for n-server-1 to be ready");
}

// B6: the spec changes again while pod 1 is away by our doing. Pod 0 fails just then: it served, and is not replaced beside it.
static void test_second_edit_in_the_middle(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = facts_of(&m, 3);
	m.pods[0].ready = false;
	m.pods[1] = (struct pod){.name = "n-server-1", .uid = "new", .revision = "r2", .never_ready = true};
	facts.update_revision = "r3";
	note(&facts);
	assert_string_equal(facts.unready, "r3 new@");
	expect(&facts, "n-server-1", NULL);
	m.pods[1] = (struct pod){.name = "n-server-1", .uid = "newer", .revision = "r3", .never_ready = true};
	expect(&facts, NULL, "waiting for n-server-1 to be ready");
	// It is not even there yet.
	facts.unready = "r2";
	m.pods[1] = m.pods[2];
	facts.n_pods = 2;
	note(&facts);
	assert_string_equal(facts.unready, "r3");
	// Where the roll before has come to its end, none is away.
	members_init(&m, 3);
	facts = facts_of(&m, 3);
	m.pods[0].revision = m.pods[1].revision = m.pods[2].revision = "r2";
	m.pods[0].ready = m.pods[2].ready = false;
	facts.update_revision = "r3";
	note(&facts);
	assert_string_equal(facts.unready, "r3 id-0@ id-2@");
}

// B6: the roll has stopped, since the new pod 1 does not start; an old good pod misses its readiness for a moment. It must not go into the
// same template: two servers would be away, and the last one without a quorum.
static void test_old_pod_misses_readiness(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = facts_of(&m, 3);
	m.pods[1].revision = "r2";
	m.pods[1].uid = "new";
	m.pods[1].ready = false;
	m.pods[1].problem = "container neo4j ended with exit code 3";
	m.pods[2].ready = false;
	facts.survey = NULL;
	expect(&facts, NULL, "n-server-1 does not come back: container neo4j ended with exit code 3");
	facts.n_pods = 2; // also while the new pod is just being made
	m.pods[1] = m.pods[2];
	expect(&facts, NULL, "waiting for a pod to be made");
}

// B6: spec.tls is added, and no server can be asked any more: nothing goes while the one before is not back.
static void test_all_fail_at_once(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = facts_of(&m, 3);
	m.pods[1].revision = "r2";
	m.pods[1].uid = "new";
	for (int i = 0; i < 3; i++)
		m.pods[i].ready = false;
	facts.survey = NULL;
	expect(&facts, NULL, "waiting for n-server-1 to be ready");
	m.pods[1].ready = true;
	expect(&facts, NULL, "waiting for n-server-2 to be ready");
}

// B6: an old pod that fails in the middle is replaced when all others are back in every respect.
static void test_fails_in_the_middle(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = facts_of(&m, 3);
	m.pods[1].revision = "r2";
	m.pods[2].ready = false;
	m.servers[2].health = "Unavailable";
	m.copies[1].current = "starting";
	expect(&facts, NULL, "n-server-1: database 'neo4j' is starting there");
	m.copies[1].current = "online";
	expect(&facts, "n-server-2", NULL);
	facts.survey = NULL;
	expect(&facts, NULL, "the servers have not been asked yet");
}

// B6, E1: the note is written for a roll, once, and stays.
static void test_note(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = facts_of(&m, 3);
	facts.unready = NULL;
	facts.update_revision = "r1";
	note(&facts);
	assert_null(facts.unready);
	facts.update_revision = "r2";
	note(&facts);
	assert_string_equal(facts.unready, "r2");
	m.pods[0].ready = false;
	note(&facts);
	assert_string_equal(facts.unready, "r2");
	facts.update_revision = "r20";
	note(&facts);
	assert_string_equal(facts.unready, "r20 id-0@");
	for (int i = 0; i < 3; i++)
		m.pods[i].revision = "r20";
	note(&facts);
	assert_string_equal(facts.unready, "r20 id-0@");
	facts.workload_current = false;
	facts.update_revision = "r21";
	note(&facts);
	assert_string_equal(facts.unready, "r20 id-0@");
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

// B6: a pod that fails goes while servers leave, since their leaving waits for it. What they hold must be there to be read.
static void test_removal_waits_for_it(void **state)
{
	static const char *const states[] = {"Free", "Deallocating", "Deallocated", "Cordoned"};
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = facts_of(&m, 3);
	facts.removing = "waiting for n-server-1, which stays, to be ready";
	m.pods[1].ready = false;
	m.servers[1].health = "Unavailable";
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		m.servers[2].state = states[i];
		expect(&facts, "n-server-1", NULL);
	}
	m.copies[2].current = "store copying";
	expect(&facts, NULL, "n-server-2: database 'neo4j' is store copying there");
	m.servers[2].health = "Unavailable";
	expect(&facts, NULL, "n-server-2: its server is Unavailable");
	facts.removing = NULL;
	m.servers[2].health = "Available";
	m.copies[2].current = "online";
	expect(&facts, NULL, "n-server-2: its server is Cordoned");
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
				    .unready = "r2",
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
		cmocka_unit_test(test_offline),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_waits_for_the_one_before),
		cmocka_unit_test(test_goes_on_beside_a_stopped_database),
		cmocka_unit_test(test_stops_at_a_pod_that_fails),
		cmocka_unit_test(test_stops_at_an_unsteady_pod),
		cmocka_unit_test(test_not_ready_goes_first),
		cmocka_unit_test(test_second_edit_in_the_middle),
		cmocka_unit_test(test_old_pod_misses_readiness),
		cmocka_unit_test(test_all_fail_at_once),
		cmocka_unit_test(test_fails_in_the_middle),
		cmocka_unit_test(test_note),
		cmocka_unit_test(test_waits_for_removal),
		cmocka_unit_test(test_removal_waits_for_it),
		cmocka_unit_test(test_nothing_before_the_controller_has_seen_it),
		cmocka_unit_test(test_standalone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
