// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// F5: what the lists of servers and databases in the status hold.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "members.h"
#include "operator/cluster/inventory.h"

#define MANY 40

static const struct inventory *inventory(const struct members *m, size_t n_pods, struct arena *arena)
{
	static const struct data_volume volume = {.ordinal = 1, .volume = "pv-1"};

	return inventory_of(&m->survey, &(struct inventory_sight){&m->names, m->pods, n_pods, &volume, 1, false}, arena);
}

static void test_all_well(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct inventory *list;
	struct members m;

	(void)state;
	members_init(&m, 3);
	m.servers[2].name = "renamed";
	m.servers[2].version = "5.26.12";
	list = inventory(&m, 3, arena);
	assert_int_equal(list->n_servers, 3);
	assert_string_equal(list->servers[2].name, "renamed");
	assert_string_equal(list->servers[2].pod, "n-server-2");
	assert_string_equal(list->servers[2].version, "5.26.12");
	assert_null(list->servers[2].address);
	assert_string_equal(list->servers[1].volume, "pv-1");
	assert_null(list->servers[2].volume);
	assert_null(list->servers[0].version);
	assert_int_equal(list->n_databases, 2);
	assert_string_equal(list->databases[0].name, "neo4j");
	assert_string_equal(list->databases[0].current, "online");
	assert_int_equal(list->databases[0].copies, 3);
	assert_int_equal(list->databases[0].online, 3);
	assert_string_equal(list->databases[1].name, "system");
	assert_null(inventory_troubles(&m.survey, arena));
	assert_false(inventory_is_moving(&m.survey));
}

// Whatever the order of the rows, and whoever leads, the lists are the same: nothing is written for it.
static void test_order_of_rows(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct topology_copy copies[6];
	struct topology_server servers[3];
	const struct inventory *one, *other;
	struct members m;

	(void)state;
	members_init(&m, 3);
	m.copies[0].current = "starting";
	m.copies[2].current = "store copying";
	one = inventory(&m, 3, arena);
	for (int i = 0; i < 6; i++) {
		copies[i] = m.copies[5 - i];
		copies[i].writer = i == 0;
	}
	for (int i = 0; i < 3; i++)
		servers[i] = m.servers[2 - i];
	m.survey.copies.items = copies;
	m.survey.servers.items = servers;
	other = inventory(&m, 3, arena);
	for (int i = 0; i < 3; i++)
		assert_string_equal(one->servers[i].pod, other->servers[i].pod);
	assert_string_equal(one->databases[0].name, "neo4j");
	assert_string_equal(other->databases[0].name, "neo4j");
	assert_string_equal(one->databases[0].current, "starting");
	assert_string_equal(other->databases[0].current, "starting");
	assert_int_equal(other->databases[0].online, 1);
}

// A server whose volume was replaced, one without a pod, and one that is dropped.
static void test_servers_apart(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct inventory *list;
	struct members m;

	(void)state;
	members_init(&m, 4);
	m.servers[1].address = MEMBERS_HOST(0);
	m.servers[1].health = "Unavailable";
	m.servers[2].address = "graph.example.com:7687";
	m.servers[3].state = "Dropped";
	list = inventory(&m, 3, arena);
	assert_int_equal(list->n_servers, 3);
	assert_null(list->servers[0].pod);
	assert_string_equal(list->servers[0].address, "graph.example.com:7687");
	assert_null(list->servers[1].pod);
	assert_string_equal(list->servers[1].health, "Unavailable");
	assert_string_equal(list->servers[2].pod, "n-server-0");
	assert_string_equal(list->servers[2].name, "id-0");
}

// A database that somebody has stopped is as it was asked to be; one that no server has, or that is broken somewhere, is not.
static void test_troubles(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct inventory *list;
	struct members m;

	(void)state;
	members_init(&m, 3);
	for (int i = 0; i < 3; i++) {
		m.copies[i].requested = "offline";
		m.copies[i].current = "offline";
	}
	assert_string_equal(inventory_troubles(&m.survey, arena), "database 'neo4j' is offline, as somebody has asked in the database");
	assert_false(inventory_is_moving(&m.survey));
	m.copies[1].current = "stopping";
	assert_string_equal(inventory_troubles(&m.survey, arena), "database 'neo4j' is stopping");
	assert_true(inventory_is_moving(&m.survey));
	for (int i = 0; i < 3; i++) {
		m.copies[i].requested = "online";
		m.copies[i].current = i == 1 ? "quarantined" : "online";
	}
	assert_string_equal(inventory_troubles(&m.survey, arena), "database 'neo4j' is quarantined on 1 of 3 servers");
	m.copies[2].address = NULL;
	m.copies[2].current = "unknown";
	list = inventory(&m, 3, arena);
	assert_int_equal(list->databases[0].copies, 2);
	assert_int_equal(list->databases[0].online, 1);
}

// E4: a server chooses how many databases it has: the list holds those that are not online first, and says how many are left out.
static void test_many(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct topology_copy copies[MANY];
	struct topology_server servers[MANY];
	char names[MANY][16];
	const struct inventory *list;
	struct members m;

	(void)state;
	members_init(&m, 1);
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "name-%02d", i);
		copies[i] = m.copies[0];
		copies[i].database = names[i];
		copies[i].current = i < MANY - 5 ? "online" : "dirty";
		servers[i] = m.servers[0];
		servers[i].name = names[i];
	}
	m.survey.copies = (struct topology_copies){.items = copies, .n = MANY};
	m.survey.servers = (struct topology_servers){.items = servers, .n = MANY};
	list = inventory(&m, 1, arena);
	assert_int_equal(list->n_databases, INVENTORY_DATABASES_MAX);
	assert_int_equal(list->databases_left_out, MANY - INVENTORY_DATABASES_MAX);
	assert_string_equal(list->databases[0].name, "name-35");
	assert_string_equal(list->databases[5].name, "name-00");
	assert_int_equal(list->n_servers, INVENTORY_SERVERS_MAX);
	assert_int_equal(list->servers_left_out, MANY - INVENTORY_SERVERS_MAX);
	assert_string_equal(inventory_troubles(&m.survey, arena),
			    "database 'name-35' is dirty; database 'name-36' is dirty; database 'name-37' is dirty; 2 more databases are not online");
}

static void test_untold(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct members m;

	(void)state;
	members_init(&m, 3);
	assert_null(inventory_of(NULL, &(struct inventory_sight){&m.names, m.pods, 3, NULL, 0, false}, arena));
	m.survey.problem = "The servers cannot be asked";
	assert_null(inventory(&m, 3, arena));
}

// A standalone's server runs in its one pod, whatever address it has.
static void test_one(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct inventory *list;
	struct inventory_sight sight;
	struct members m;

	(void)state;
	members_init(&m, 1);
	sight = (struct inventory_sight){.names = &m.names, .pods = m.pods, .n_pods = 1, .alone = true};
	m.servers[0].address = "somewhere.else:7687";
	list = inventory_of(&m.survey, &sight, arena);
	assert_int_equal(list->n_servers, 1);
	assert_string_equal(list->servers[0].pod, "n-server-0");
	assert_null(list->servers[0].address);
	assert_null(list->servers[0].volume);
	assert_int_equal(list->n_databases, 2);
	m.survey.servers = (struct topology_servers){0};
	list = inventory_of(&m.survey, &sight, arena);
	assert_int_equal(list->n_servers, 0);
	assert_int_equal(list->n_databases, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_well), cmocka_unit_test(test_order_of_rows), cmocka_unit_test(test_servers_apart),
		cmocka_unit_test(test_troubles), cmocka_unit_test(test_many),	       cmocka_unit_test(test_untold),
		cmocka_unit_test(test_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
