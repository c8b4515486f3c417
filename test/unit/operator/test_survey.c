// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "members.h"
#include "operator/object/reason.h"

static bool is_at(const char *address, const struct names *names, const char *pod)
{
	return survey_is_at(address, names, &(struct pod){.name = pod});
}

// B6, B9: servers and pods are held together by the host of the advertised address, whole labels of it.
static void test_addresses(void **state)
{
	struct names names = {.workload = "n-server", .domain = MEMBERS_DOMAIN};

	(void)state;
	assert_true(is_at(MEMBERS_HOST(1), &names, "n-server-1"));
	assert_true(is_at("n-server-1." MEMBERS_DOMAIN, &names, "n-server-1"));
	assert_false(is_at(MEMBERS_HOST(1), &names, "n-server-10"));
	assert_false(is_at("n-server-10." MEMBERS_DOMAIN ":7687", &names, "n-server-1"));
	assert_false(is_at("n-server-1." MEMBERS_DOMAIN ".evil:7687", &names, "n-server-1"));
	assert_false(is_at("n-server-1.n-headless.y.svc.cluster.local:7687", &names, "n-server-1"));
	assert_false(is_at(NULL, &names, "n-server-1"));
}

// B6: spec.clusterDomain is edited on a running cluster: a pod is where it was started, until it is replaced.
static void test_domain_of_each_pod(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct members m;

	(void)state;
	members_init(&m, 3);
	m.names.domain = "n-headless.x.svc.other.example";
	for (int i = 0; i < 3; i++)
		m.pods[i].domain = MEMBERS_DOMAIN;
	m.pods[1].domain = m.names.domain;
	m.servers[1].address = "n-server-1.n-headless.x.svc.other.example:7687";
	m.copies[1].address = m.copies[4].address = m.servers[1].address;
	for (int i = 0; i < 3; i++)
		assert_null(survey_problem(&m.survey, &m.names, &m.pods[i], arena));
	assert_ptr_equal(survey_writer(&m.survey, &m.names, m.pods, 3), &m.pods[0]);
	assert_null(survey_stranger(&m.survey, &m.names, m.pods, 3));
	m.servers[1].address = MEMBERS_HOST(1);
	assert_ptr_equal(survey_stranger(&m.survey, &m.names, m.pods, 3), &m.servers[1]);
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
	assert_int_equal(names_ordinal(&names, "n-server-0.n"), -1);
	assert_int_equal(names_host_ordinal(&names, "n-server-0.n-headless"), 0);
	assert_int_equal(names_host_ordinal(&names, "n-server-9999.n"), 9999);
	assert_int_equal(names_host_ordinal(&names, "n-server-10000.n"), -1);
	assert_int_equal(names_host_ordinal(&names, "n-server-.n"), -1);
	assert_int_equal(names_host_ordinal(&names, "n-server-1"), -1);
	assert_int_equal(names_host_ordinal(&names, "n-server"), -1);
}

static void test_server_of_a_pod(void **state)
{
	struct members m;

	(void)state;
	members_init(&m, 3);
	assert_string_equal(survey_server(&m.survey, &m.names, &m.pods[2])->id, "id-2");
	assert_null(survey_server(&m.survey, &m.names, &(struct pod){.name = "n-server-3"}));
	m.servers[2].state = "Dropped";
	assert_null(survey_server(&m.survey, &m.names, &m.pods[2]));
	// The pod came back with a new volume: its old server is listed, too.
	members_init(&m, 3);
	m.servers[2].address = m.servers[1].address;
	m.servers[1].health = "Unavailable";
	assert_string_equal(survey_server(&m.survey, &m.names, &m.pods[1])->id, "id-2");
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

static const char *problem(struct members *m, const char *name, bool databases, struct arena *arena)
{
	struct pod pod = {.name = name, .ready = true};

	return databases ? survey_problem(&m->survey, &m->names, &pod, arena)
			 : survey_member_problem(&m->survey, &m->names, &pod, arena);
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

// B8: which servers no pod accounts for.
static void test_strangers(void **state)
{
	struct members m;

	(void)state;
	members_init(&m, 3);
	assert_null(survey_stranger(&m.survey, &m.names, m.pods, 3));
	m.servers[1].address = "graph.example.com:7687";
	assert_ptr_equal(survey_stranger(&m.survey, &m.names, m.pods, 3), &m.servers[1]);
	m.servers[1].address = NULL;
	assert_ptr_equal(survey_stranger(&m.survey, &m.names, m.pods, 3), &m.servers[1]);
	m.servers[1].state = "Dropped";
	assert_null(survey_stranger(&m.survey, &m.names, m.pods, 3));
	// Two at one address: only one of them runs there.
	members_init(&m, 3);
	m.servers[1].address = m.servers[2].address;
	m.servers[1].health = "Unavailable";
	assert_ptr_equal(survey_stranger(&m.survey, &m.names, m.pods, 3), &m.servers[1]);
	// A pod that is ready runs a server that is available; one that is not may run any.
	members_init(&m, 3);
	m.servers[2].health = "Unavailable";
	assert_ptr_equal(survey_stranger(&m.survey, &m.names, m.pods, 3), &m.servers[2]);
	m.pods[2].ready = false;
	assert_null(survey_stranger(&m.survey, &m.names, m.pods, 3));
	assert_ptr_equal(survey_stranger(&m.survey, &m.names, m.pods, 2), &m.servers[2]);
}

// B8: a ready pod that the others do not list is told with what it says itself.
static void test_outsiders(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct members m;

	(void)state;
	members_init(&m, 3);
	assert_false(survey_is_outside(&m.survey, &m.names, &m.pods[2]));
	m.servers[2].state = "Dropped";
	assert_true(survey_is_outside(&m.survey, &m.names, &m.pods[2]));
	m.survey.outsiders[0] = (struct survey_outsider){"n-server-2", "it is in another cluster, which lists 3 servers"};
	m.survey.n_outsiders = 1;
	assert_string_equal(survey_member_problem(&m.survey, &m.names, &m.pods[2], arena),
			    "n-server-2: SHOW SERVERS of n-server-0 does not list its server; asked itself, it is in another cluster, which "
			    "lists 3 servers");
	m.pods[2].ready = false;
	assert_false(survey_is_outside(&m.survey, &m.names, &m.pods[2]));
}

static struct survey *read_text(const char *text)
{
	return survey_read(text, strlen(text));
}

// B8: what was kept between two passes comes back whole; what cannot be read is a problem, not a cluster without servers.
static void test_text(void **state)
{
	static const char *const broken[] = {
		"",
		"no JSON",
		"{}",
		"[]",
		"{\"servers\":[]}",
		"{\"servers\":{},\"copies\":[]}",
		"{\"servers\":[[\"id\",null,null,null,\"Available\"]],\"copies\":[]}",
		"{\"servers\":[],\"copies\":[[\"neo4j\",null,null,null,null,\"online\",true]]}",
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct members m;

	(void)state;
	members_init(&m, 3);
	m.servers[2].address = NULL;
	m.survey.outsiders[0] = (struct survey_outsider){"n-server-2", "x"};
	m.survey.n_outsiders = 1;
	{
		const char *text = survey_text(&m.survey, arena);
		_cleanup_(survey_freep) struct survey *survey = read_text(text);

		assert_null(survey->problem);
		assert_string_equal(survey_text(survey, arena), text);
		assert_string_equal(survey->asked, "n-server-0");
		assert_string_equal(survey_outsider_says(survey, "n-server-2"), "x");
		assert_int_equal(survey->servers.n, 3);
		assert_null(survey->servers.items[2].address);
		assert_true(survey->copies.items[3].writer);
	}
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		_cleanup_(survey_freep) struct survey *survey = read_text(broken[i]);

		if (!survey->problem || survey->servers.n || survey->asked)
			fail_msg("taken for a survey: %s", broken[i]);
		assert_int_equal(survey->reason, REASON_SURVEY_UNREADABLE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses), cmocka_unit_test(test_ordinals),  cmocka_unit_test(test_server_of_a_pod),
		cmocka_unit_test(test_writer),	  cmocka_unit_test(test_problems),   cmocka_unit_test(test_domain_of_each_pod),
		cmocka_unit_test(test_strangers), cmocka_unit_test(test_outsiders), cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
