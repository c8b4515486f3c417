// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "members.h"

// B6, B9: servers and pods are held together by the host of the advertised address, whole labels of it.
static void test_addresses(void **state)
{
	struct names names = {.workload = "n-server", .domain = MEMBERS_DOMAIN};

	(void)state;
	assert_true(survey_is_at(MEMBERS_HOST(1), &names, "n-server-1"));
	assert_true(survey_is_at("n-server-1." MEMBERS_DOMAIN, &names, "n-server-1"));
	assert_false(survey_is_at(MEMBERS_HOST(1), &names, "n-server-10"));
	assert_false(survey_is_at("n-server-10." MEMBERS_DOMAIN ":7687", &names, "n-server-1"));
	assert_false(survey_is_at("n-server-1." MEMBERS_DOMAIN ".evil:7687", &names, "n-server-1"));
	assert_false(survey_is_at("n-server-1.n-headless.y.svc.cluster.local:7687", &names, "n-server-1"));
	assert_false(survey_is_at(NULL, &names, "n-server-1"));
}

static void test_ordinals(void **state)
{
	struct names names = {.workload = "n-server"};

	(void)state;
	assert_int_equal(names_ordinal(&names, "n-server-0"), 0);
	assert_int_equal(names_ordinal(&names, "n-server-19"), 19);
	assert_int_equal(names_ordinal(&names, "n-server-"), -1);
	assert_int_equal(names_ordinal(&names, "n-server-01"), -1);
	assert_int_equal(names_ordinal(&names, "n-server-1x"), -1);
	assert_int_equal(names_ordinal(&names, "n-server-99999"), -1);
	assert_int_equal(names_ordinal(&names, "n-serve"), -1);
	assert_int_equal(names_ordinal(&names, "other-server-0"), -1);
}

static void test_server_of_a_pod(void **state)
{
	struct members m;

	(void)state;
	members_init(&m, 3);
	assert_string_equal(survey_server(&m.survey, &m.names, "n-server-2")->id, "id-2");
	assert_null(survey_server(&m.survey, &m.names, "n-server-3"));
	m.servers[2].state = "Dropped";
	assert_null(survey_server(&m.survey, &m.names, "n-server-2"));
	// The pod came back with a new volume: its old server is listed, too.
	members_init(&m, 3);
	m.servers[2].address = m.servers[1].address;
	m.servers[1].health = "Unavailable";
	assert_string_equal(survey_server(&m.survey, &m.names, "n-server-1")->id, "id-2");
}

// D2: the one that leads database system, not another one's leader.
static void test_writer(void **state)
{
	struct members m;

	(void)state;
	members_init(&m, 3);
	assert_ptr_equal(survey_writer(&m.survey, &m.names, m.pods, 3), &m.pods[0]);
	m.copies[3].writer = false;
	assert_null(survey_writer(&m.survey, &m.names, m.pods, 3));
	m.copies[5].writer = true;
	assert_ptr_equal(survey_writer(&m.survey, &m.names, m.pods, 3), &m.pods[2]);
	m.pods[2].address = NULL;
	assert_null(survey_writer(&m.survey, &m.names, m.pods, 3));
}

static const char *problem(struct members *m, const char *pod, bool databases, struct arena *arena)
{
	return databases ? survey_problem(&m->survey, &m->names, pod, arena)
			 : survey_member_problem(&m->survey, &m->names, pod, arena);
}

// B6, B7: what a server must be to count, and what must be online to call it back.
static void test_problems(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct members m;

	(void)state;
	members_init(&m, 3);
	assert_null(problem(&m, "n-server-1", true, arena));
	m.copies[1].current = "store copying";
	assert_null(problem(&m, "n-server-1", false, arena));
	assert_string_equal(problem(&m, "n-server-1", true, arena), "n-server-1: database 'neo4j' is store copying there");
	assert_null(problem(&m, "n-server-0", true, arena));
	m.copies[1].requested = "offline";
	m.copies[1].current = "offline";
	assert_null(problem(&m, "n-server-1", true, arena));
	m.servers[1].health = "Unavailable";
	assert_string_equal(problem(&m, "n-server-1", false, arena), "n-server-1: its server is Unavailable");
	m.servers[1].state = "Free";
	assert_string_equal(problem(&m, "n-server-1", false, arena), "n-server-1: its server is Free");
	assert_string_equal(problem(&m, "n-server-4", false, arena), "n-server-4: SHOW SERVERS does not list its server");
	m.survey.problem = "The servers cannot be asked";
	assert_string_equal(problem(&m, "n-server-0", true, arena), "The servers cannot be asked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses), cmocka_unit_test(test_ordinals),  cmocka_unit_test(test_server_of_a_pod),
		cmocka_unit_test(test_writer),	  cmocka_unit_test(test_problems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
