// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bolt/routing.h"

static int64_t now_ms;

static int64_t now(void *user)
{
	(void)user;
	return now_ms;
}

static const struct clock stopped = {.monotonic_ms = now, .wall_ms = now};

static struct bolt_value servers(struct arena *arena, const char *role, const char *const *texts, uint32_t n)
{
	struct bolt_value *addresses = arena_new_array(arena, struct bolt_value, n);
	struct bolt_entry *entries = arena_new_array(arena, struct bolt_entry, 2);

	for (uint32_t i = 0; i < n; i++)
		addresses[i] = texts[i] ? bolt_string(texts[i]) : bolt_int(1);
	entries[0] = (struct bolt_entry){"addresses", bolt_list(addresses, n)};
	entries[1] = (struct bolt_entry){"role", bolt_string(role)};
	return bolt_map(entries, role ? 2 : 1);
}

static struct bolt_value answer_of(struct arena *arena, int64_t ttl, const struct bolt_value *items, uint32_t n)
{
	struct bolt_entry *rt = arena_new_array(arena, struct bolt_entry, 3), *top = arena_new_array(arena, struct bolt_entry, 1);

	rt[0] = (struct bolt_entry){"ttl", bolt_int(ttl)};
	rt[1] = (struct bolt_entry){"servers", bolt_list(items, n)};
	rt[2] = (struct bolt_entry){"db", bolt_string("movies")};
	top[0] = (struct bolt_entry){"rt", bolt_map(rt, 3)};
	return bolt_map(top, 1);
}

static void read_good(struct arena *arena, struct routing_table *ret)
{
	struct bolt_value items[4] = {
		servers(arena, "ROUTE", (const char *const[]){"r1:1", "r2:2"}, 2),
		servers(arena, "READ", (const char *const[]){"a:1", "b:2"}, 2),
		servers(arena, "WRITE", (const char *const[]){"a:1"}, 1),
		servers(arena, "TOASTER", (const char *const[]){"t:1"}, 1),
	};
	struct bolt_value answer = answer_of(arena, 300, items, 4);
	struct err err = ERR_INIT;

	assert_int_equal(routing_read(&answer, arena, ret, &err), 0);
}

static void test_read(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct routing_table table;

	(void)state;
	read_good(arena, &table);
	assert_string_equal(table.database, "movies");
	assert_int_equal(table.ttl_ms, 300000);
	assert_int_equal(table.routers.n, 2);
	assert_string_equal(table.routers.items[1].host, "r2");
	assert_int_equal(table.routers.items[1].port, 2);
	assert_int_equal(table.readers.n, 2);
	assert_int_equal(table.writers.n, 1);
	assert_false(table.began_without_writers);
}

// The client does not believe a lying table: it is an error that names what is wrong.
static void test_read_bad(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_value route = servers(arena, "ROUTE", (const char *const[]){"r:1"}, 1), none = bolt_map(NULL, 0);
	struct bolt_value read = servers(arena, "READ", (const char *const[]){"r:1"}, 1);
	const char **many = arena_new_array(arena, const char *, 5000);
	struct {
		struct bolt_value items[2];
		int64_t ttl;
		const char *complaint;
	} cases[] = {
		{{route, read}, -1, "holds no routing table"},
		{{route, route}, 1, "names no reader"},
		{{read, read}, 1, "names no router"},
		{{route, servers(arena, NULL, NULL, 0)}, 1, "a server without a role"},
		{{route, servers(arena, "READ", (const char *const[]){"a:x"}, 1)}, 1, "'a:x' where an address was expected"},
		{{route, servers(arena, "READ", (const char *const[]){NULL}, 1)}, 1, "'no string' where"},
		{{route, servers(arena, "WRITE", (const char *const[]){":7687"}, 1)}, 1, "':7687' where"},
		{{route, servers(arena, "READ", many, 5000)}, 1, "more than 4096 servers"},
	};
	struct routing_table table;
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bolt_value answer = answer_of(arena, cases[i].ttl, cases[i].items, 2);

		err_clear(&err);
		assert_true(routing_read(&answer, arena, &table, &err) < 0);
		if (!strstr(err.text, cases[i].complaint))
			fail_msg("%s: %s", cases[i].complaint, err.text);
	}
	err_clear(&err);
	assert_int_equal(routing_read(&none, arena, &table, &err), ERR_PROTOCOL);
}

// However the lists are cut into pieces, reading them costs no more than what they hold: a router cannot make us pay for many pieces.
static void test_read_pieces(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(), *cost = arena_new();
	struct bolt_value *items = arena_new_array(arena, struct bolt_value, 20000);
	struct bolt_value answer = answer_of(arena, 1, items, 20000);
	struct routing_table table;
	struct err err = ERR_INIT;

	(void)state;
	for (uint32_t i = 0; i < 20000; i++)
		items[i] = servers(arena, i % 2 ? "ROUTE" : "READ", (const char *const[]){"a"}, i < 4000);
	assert_int_equal(routing_read(&answer, cost, &table, &err), 0);
	assert_int_equal(table.routers.n, 2000);
	assert_int_equal(table.readers.n, 2000);
	assert_string_equal(table.readers.items[1999].host, "a");
	assert_true(arena_used(cost) < 1000000);
}

static void test_addresses(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
		const char *again;
	} cases[] = {
		{"a", "a", 7687, "a:7687"},	       {"a.b:1", "a.b", 1, "a.b:1"},	  {"[::1]:9", "::1", 9, "[::1]:9"},
		{"[::1]", "::1", 7687, "[::1]:7687"}, {"::1", "::1", 7687, "[::1]:7687"}, {"a:", NULL, 0, NULL},
		{"", NULL, 0, NULL},		       {"[]:1", NULL, 0, NULL},		  {"a:65536", NULL, 0, NULL},
		{"[::1:1", NULL, 0, NULL},	       {"a:0", NULL, 0, NULL},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bolt_address address;

		assert_int_equal(routing_address(cases[i].text, arena, &address), cases[i].host != NULL);
		if (!cases[i].host)
			continue;
		assert_string_equal(address.host, cases[i].host);
		assert_int_equal(address.port, cases[i].port);
		assert_string_equal(routing_address_text(&address, arena), cases[i].again);
	}
}

static void test_store(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct routing *routing = routing_new(30000, &stopped);
	struct routing_table table, kept;
	const struct bolt_address a = {.host = "a", .port = 1}, other = {.host = "a", .port = 2}, b = {.host = "b", .port = 2};

	(void)state;
	read_good(arena, &table);
	now_ms = 1000;
	assert_false(routing_get(routing, "movies", arena, &kept));
	routing_put(routing, "movies", &table);
	routing_put(routing, "people", &table);
	now_ms += 299999;
	assert_true(routing_get(routing, "movies", arena, &kept));
	assert_true(routing_is_fresh(routing, &kept, true) && routing_is_fresh(routing, &kept, false));
	routing_forget_writer(routing, "movies", &other);
	routing_forget_writer(routing, "movies", &a);
	assert_true(routing_get(routing, "people", arena, &kept));
	assert_int_equal(kept.writers.n, 1);
	assert_true(routing_get(routing, "movies", arena, &kept));
	assert_int_equal(kept.writers.n, 0);
	assert_int_equal(kept.readers.n, 2);
	assert_true(routing_is_fresh(routing, &kept, true) && !routing_is_fresh(routing, &kept, false));
	routing_forget(routing, &b);
	routing_forget(routing, &(struct bolt_address){.host = "r1", .port = 1});
	assert_true(routing_get(routing, "people", arena, &kept));
	assert_int_equal(kept.readers.n, 1);
	assert_int_equal(kept.routers.n, 1);
	// Its time is over, but its routers are known still; then it is gone.
	now_ms += 1;
	assert_true(routing_get(routing, "movies", arena, &kept));
	assert_false(routing_is_fresh(routing, &kept, true));
	now_ms += 30000;
	assert_false(routing_get(routing, "movies", arena, &kept));
	routing_put(routing, "movies", &table);
	assert_true(routing_get(routing, "movies", arena, &kept));
	assert_int_equal(kept.writers.n, 1);
	routing_free(routing);
}

// However many databases a server names, the store stays bounded.
static void test_store_limit(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct routing *routing = routing_new(30000, &stopped);
	struct routing_table table, kept;
	char name[16];

	(void)state;
	read_good(arena, &table);
	for (int i = 0; i < ROUTING_TABLES + 1; i++) {
		(void)snprintf(name, sizeof(name), "db%d", i);
		routing_put(routing, name, &table);
	}
	assert_false(routing_get(routing, "db0", arena, &kept));
	assert_true(routing_get(routing, "db1", arena, &kept));
	assert_true(routing_get(routing, name, arena, &kept));
	routing_free(routing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),  cmocka_unit_test(test_read_bad),
		cmocka_unit_test(test_read_pieces),	  cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_store), cmocka_unit_test(test_store_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
