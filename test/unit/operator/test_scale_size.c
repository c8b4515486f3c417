// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// E4: what a decision about the servers costs in memory, however much they say.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "members.h"
#include "operator/cluster/scale.h"

#define SERVERS 20
#define DATABASES 500
#define KIB ((size_t)1024)

struct large {
	struct arena *arena; // of the input
	struct names names;
	struct topology_server servers[SERVERS];
	struct pod pods[SERVERS];
	struct data_volume volumes[SERVERS];
	struct survey survey;
	struct scale_facts facts;
};

static const char **database_names(struct arena *arena, size_t n)
{
	const char **names = arena_new_array(arena, const char *, n);

	for (size_t i = 0; i < n; i++)
		names[i] = arena_printf(arena, "database-with-a-name-of-sixty-three-letters-%019zu", i);
	return names;
}

static void add_copies(struct large *large, const char *const *databases, size_t n_databases, size_t n_servers)
{
	struct topology_copy *copies = arena_new_array(large->arena, struct topology_copy, n_databases * n_servers);

	for (size_t i = 0; i < n_databases * n_servers; i++)
		copies[i] = (struct topology_copy){.database = databases[i % n_databases],
						   .type = "standard",
						   .address = large->servers[i / n_databases % SERVERS].address,
						   .role = i / n_databases < 3 ? "primary" : "secondary",
						   .requested = "online",
						   .current = "online"};
	large->survey.copies = (struct topology_copies){.items = copies, .n = n_databases * n_servers};
}

// A whole cluster of which half is to leave.
static void large_init(struct large *large, const char *state, size_t n_hosting, struct arena *arena)
{
	const char **databases = database_names(arena, n_hosting);

	*large = (struct large){.arena = arena, .names = {.workload = "n-server", .domain = MEMBERS_DOMAIN}};
	for (int i = 0; i < SERVERS; i++) {
		const char *pod = names_pod(&large->names, i, arena);

		large->pods[i] = (struct pod){.name = pod, .uid = pod, .address = "10.0.0.1", .revision = "r1", .ready = true};
		large->volumes[i] = (struct data_volume){.name = pod, .uid = pod, .size = "1Gi", .ordinal = i, .leaving = i >= SERVERS / 2};
		large->servers[i] = (struct topology_server){.id = pod,
							    .name = pod,
							    .address = arena_printf(arena, "%s.%s:7687", pod, MEMBERS_DOMAIN),
							    .state = i < SERVERS / 2 ? "Enabled" : state,
							    .health = "Available",
							    .hosting = databases,
							    .n_hosting = n_hosting};
	}
	large->survey.asked = large->pods[0].name;
	large->survey.servers = (struct topology_servers){.items = large->servers, .n = SERVERS};
	large->facts = (struct scale_facts){
		.names = &large->names,
		.survey = &large->survey,
		.pods = large->pods,
		.n_pods = SERVERS,
		.volumes = large->volumes,
		.n_volumes = SERVERS,
		.wanted = SERVERS / 2,
		.replicas = SERVERS,
	};
}

// At the limit that the reference gives: 500 databases on 20 servers.
static void test_the_documented_limit(void **state)
{
	_cleanup_(arena_freep) struct arena *input = arena_new(), *arena = arena_new();
	struct scale_decision decision;
	struct large large;

	(void)state;
	large_init(&large, "Enabled", DATABASES, input);
	add_copies(&large, database_names(input, DATABASES), DATABASES, SERVERS / 2);
	scale_decide(&large.facts, arena, &decision);
	assert_int_equal(decision.action, SCALE_DRAIN);
	assert_true(arena_used(arena) < 128 * KIB);
}

// Rows of one name, more than there can be servers.
static void test_many_rows_of_one_name(void **state)
{
	_cleanup_(arena_freep) struct arena *input = arena_new(), *arena = arena_new();
	const char *const name[] = {"neo4j"};
	struct scale_decision decision;
	struct large large;

	(void)state;
	large_init(&large, "Enabled", 1, input);
	add_copies(&large, name, 1, 1000);
	scale_decide(&large.facts, arena, &decision);
	assert_int_equal(decision.action, SCALE_REFUSED);
	assert_non_null(strstr(decision.message, "database 'neo4j' has 1000 copies (3 primaries, 997 secondaries)"));
	assert_true(arena_used(arena) < 32 * KIB);
}

// A server that still has two thousand databases: the message names some and counts the rest.
static void test_many_names(void **state)
{
	_cleanup_(arena_freep) struct arena *input = arena_new(), *arena = arena_new();
	struct scale_decision decision;
	struct large large;

	(void)state;
	large_init(&large, "Deallocating", 2000, input);
	scale_decide(&large.facts, arena, &decision);
	assert_int_equal(decision.action, SCALE_WAIT);
	assert_non_null(strstr(decision.message, "draining n-server-19, which still has 'database-with-a-name"));
	assert_non_null(strstr(decision.message, " and 1990 more"));
	assert_true(strlen(decision.message) < KIB);
	assert_true(arena_used(arena) < 32 * KIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_documented_limit),
		cmocka_unit_test(test_many_rows_of_one_name),
		cmocka_unit_test(test_many_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
