// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// E4: what a survey costs between two passes, and the surveys of all deployments together.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "operator/cluster/survey.h"
#include "operator/pass/memory.h"

#define SERVERS 20
#define DATABASES 500
#define KIB ((size_t)1024)
#define MIB (1024 * KIB)
#define DEPLOYMENTS 30
#define AT_REST_MAX (8 * MIB)

static void add_servers(struct survey *survey, const char *const *databases)
{
	struct topology_server *servers = arena_new_array(survey->arena, struct topology_server, SERVERS);

	for (int i = 0; i < SERVERS; i++)
		servers[i] = (struct topology_server){.id = arena_printf(survey->arena, "id-%d", i),
						       .address = arena_printf(survey->arena, "n-server-%d.n-headless.x.svc:7687", i),
						       .state = "Enabled",
						       .health = "Available",
						       .hosting = databases,
						       .n_hosting = DATABASES};
	survey->servers = (struct topology_servers){.items = servers, .n = SERVERS};
}

static void add_copies(struct survey *survey, const char *const *databases)
{
	struct topology_copy *copies = arena_new_array(survey->arena, struct topology_copy, SERVERS * DATABASES);

	for (int i = 0; i < SERVERS * DATABASES; i++)
		copies[i] = (struct topology_copy){.database = databases[i % DATABASES],
						    .type = "standard",
						    .address = survey->servers.items[i / DATABASES].address,
						    .role = i % 7 ? "secondary" : NULL,
						    .writer = i % 11 == 0,
						    .requested = "online",
						    .current = "online"};
	survey->copies = (struct topology_copies){.items = copies, .n = SERVERS * DATABASES};
}

// The documented limit.
static struct survey *large(void)
{
	struct survey *survey = survey_new();
	const char **databases = arena_new_array(survey->arena, const char *, DATABASES);

	for (int i = 0; i < DATABASES; i++)
		databases[i] = arena_printf(survey->arena, "database-with-a-name-of-sixty-three-letters-%019d", i);
	add_servers(survey, databases);
	add_copies(survey, databases);
	return survey;
}

static void assert_same(const char *a, const char *b)
{
	if (a && b)
		assert_string_equal(a, b);
	else
		assert_ptr_equal(a, b);
}

static void test_the_documented_limit(void **state)
{
	_cleanup_(survey_freep) struct survey *before = large(), *after = NULL;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *text = survey_text(before, arena);

	(void)state;
	assert_true(strlen(text) < 512 * KIB);
	after = survey_read(text, strlen(text));
	assert_true(arena_used(after->arena) < MIB);
	assert_int_equal(after->servers.n, SERVERS);
	assert_int_equal(after->copies.n, SERVERS * DATABASES);
	assert_null(after->problem);
	for (size_t i = 0; i < SERVERS; i++) {
		const struct topology_server *one = &before->servers.items[i], *other = &after->servers.items[i];

		assert_same(one->id, other->id);
		assert_null(other->name);
		assert_same(one->state, other->state);
		assert_int_equal(other->n_hosting, DATABASES);
		assert_same(one->hosting[i], other->hosting[i]);
	}
	for (size_t i = 0; i < after->copies.n; i++) {
		const struct topology_copy *one = &before->copies.items[i], *other = &after->copies.items[i];

		assert_same(one->database, other->database);
		assert_same(one->address, other->address);
		assert_same(one->role, other->role);
		assert_same(one->current, other->current);
		assert_int_equal(one->writer, other->writer);
	}
}

// A survey of texts that nothing makes smaller.
static struct survey *noise(size_t bytes)
{
	struct survey *survey = survey_new();
	const size_t n = bytes / 500;
	struct topology_server *servers = arena_new_array(survey->arena, struct topology_server, n);

	for (size_t i = 0; i < n; i++) {
		char *text = arena_alloc(survey->arena, 501);

		for (size_t k = 0; k < 500; k++)
			text[k] = (char)('#' + random() % 56);
		servers[i] = (struct topology_server){.id = text, .state = "Enabled", .health = "Available"};
	}
	survey->servers = (struct topology_servers){.items = servers, .n = n};
	return survey;
}

// Many that do not get smaller: what finds no room is forgotten, and a small one always has room.
static void test_all_together(void **state)
{
	_cleanup_(memory_table_freep) struct memory_table *table = memory_table_new();
	size_t kept = 0;
	char key[32];

	(void)state;
	for (int i = 0; i < DEPLOYMENTS; i++) {
		(void)snprintf(key, sizeof(key), "cluster/x/n-%d", i);
		memory_of(table, key)->cluster.last = noise(MIB);
		memory_rest(table, key);
	}
	memory_of(table, "cluster/y/small")->cluster.last = noise(4 * KIB);
	memory_rest(table, "cluster/y/small");
	for (int i = 0; i < DEPLOYMENTS; i++) {
		(void)snprintf(key, sizeof(key), "cluster/x/n-%d", i);
		kept += memory_of(table, key)->cluster.last != NULL;
	}
	assert_true(kept > 4 && kept * MIB * 9 / 10 <= AT_REST_MAX);
	assert_non_null(memory_of(table, "cluster/y/small")->cluster.last);
	// A deployment that goes makes room.
	for (int i = 0; i < DEPLOYMENTS; i++) {
		(void)snprintf(key, sizeof(key), "cluster/x/n-%d", i);
		memory_forget(table, key);
	}
	memory_of(table, "cluster/x/new")->cluster.last = noise(MIB);
	memory_rest(table, "cluster/x/new");
	assert_non_null(memory_of(table, "cluster/x/new")->cluster.last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_documented_limit),
		cmocka_unit_test(test_all_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
