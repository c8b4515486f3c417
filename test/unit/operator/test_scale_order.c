// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "members.h"
#include "operator/cluster/scale.h"

// A removal's waits and its first step: three of four servers stay, and the fourth is Deallocated.
static const struct data_volume last = {.name = "data-n-server-3", .uid = "u", .size = "1Gi", .ordinal = 3, .leaving = true};

static struct scale_facts facts_of(struct members *members)
{
	members_init(members, 4);
	members->survey.asked = "n-server-0";
	members->copies[3].address = members->copies[7].address = NULL;
	members->servers[3].state = "Deallocated";
	return (struct scale_facts){
		.names = &members->names,
		.survey = &members->survey,
		.pods = members->pods,
		.n_pods = 4,
		.volumes = &last,
		.n_volumes = 1,
		.wanted = 3,
		.replicas = 4,
		.update_revision = "r1",
	};
}

static void expect(const struct scale_facts *facts, enum scale_action action, const char *message)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct scale_decision decision;

	scale_decide(facts, arena, &decision);
	assert_non_null(decision.message);
	assert_string_equal(decision.message, message);
	assert_int_equal(decision.action, action);
	assert_int_equal(decision.replicas, 4);
}

// B8: a server that stays and is still Free is enabled, since the removal waits for it.
static void test_enables_one_that_stays(void **state)
{
	struct members members;
	struct scale_facts facts = facts_of(&members);

	(void)state;
	members.servers[1].state = "Free";
	expect(&facts, SCALE_ENABLE, "enabling new servers");
}

// B8: a server is not dropped while its pod will be made anew, or is wanted back: the pod would come to itself on the volume of a server
// that nobody knows.
static void test_waits_for_a_pod_that_is_replaced(void **state)
{
	static const char waits[] = "waiting for n-server-3 to be ready, so that its claim can go with its server";
	struct members members;
	struct scale_facts facts = facts_of(&members);

	(void)state;
	expect(&facts, SCALE_CONDEMN, "marking claim 'data-n-server-3', whose server is Deallocated");
	members.servers[3].health = "Unavailable";
	members.pods[3].ready = false;
	members.pods[3].problem = "container neo4j ended with exit code 3";
	expect(&facts, SCALE_DROP, "dropping the server of n-server-3");
	// Another container's state says nothing of the server.
	members.pods[3].beside = true;
	expect(&facts, SCALE_WAIT, waits);
	members.pods[3].beside = false;
	facts.update_revision = "r2";
	expect(&facts, SCALE_WAIT, waits);
	facts.update_revision = NULL;
	expect(&facts, SCALE_WAIT, waits);
	facts.update_revision = "r1";
	facts.wanted = 4;
	expect(&facts, SCALE_WAIT, waits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_enables_one_that_stays),
		cmocka_unit_test(test_waits_for_a_pod_that_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
