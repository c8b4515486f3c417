// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any PackStream value as a router's answer to ROUTE: what is taken can be used and kept, and costs memory in proportion to what was
// sent. What is no value is read as an address.

#include <string.h>

#include "bolt/pack.h"
#include "bolt/routing.h"
#include "test/fuzz/fuzz.h"

// The memory for a byte of the answer: an address of one letter has its text and twice its place in a list.
#define COST_MAX 100
#define COST_FREE ((size_t)4 * 1024)

static bool same(const struct bolt_address *a, const struct bolt_address *b)
{
	return a->port == b->port && strcmp(a->host, b->host) == 0;
}

static void look_at_address(const struct bolt_address *address, struct arena *arena)
{
	struct bolt_address again;

	must(*address->host && address->port > 0);
	must(routing_address(routing_address_text(address, arena), arena, &again) && same(address, &again));
}

static void look_at_list(const struct bolt_addresses *list, struct arena *arena)
{
	for (size_t i = 0; i < list->n; i++)
		look_at_address(&list->items[i], arena);
}

static bool holds(const struct bolt_addresses *list, const struct bolt_address *address)
{
	for (size_t i = 0; i < list->n; i++) {
		if (same(&list->items[i], address))
			return true;
	}
	return false;
}

// A store gives back what was put into it, and forgets what it is told to.
static void keep(const struct routing_table *table, struct arena *arena)
{
	struct routing *routing = routing_new(3600 * 1000, &clock_system);
	const struct bolt_address *router = &table->routers.items[0];
	struct routing_table again;

	routing_put(routing, "d", table);
	must(routing_get(routing, "d", arena, &again) && again.routers.n == table->routers.n && again.readers.n == table->readers.n &&
	     again.writers.n == table->writers.n);
	routing_forget(routing, router);
	must(routing_get(routing, "d", arena, &again));
	must(!holds(&again.routers, router) && !holds(&again.readers, router) && !holds(&again.writers, router));
	routing_forget_writer(routing, "d", &table->readers.items[0]);
	must(routing_get(routing, "d", arena, &again) && !holds(&again.writers, &table->readers.items[0]));
	routing_free(routing);
}

static void read_table(const struct bolt_value *answer, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct routing_table table;
	struct err err = ERR_INIT;
	int r = routing_read(answer, arena, &table, &err);

	must(r == (int)err.class && (r == 0 || r == ERR_PROTOCOL || r == ERR_TOO_LARGE));
	must(arena_used(arena) <= COST_FREE + COST_MAX * size);
	if (r < 0)
		return;
	must(table.routers.n > 0 && table.readers.n > 0 && table.ttl_ms >= 0 && table.began_without_writers == (table.writers.n == 0));
	look_at_list(&table.routers, arena);
	look_at_list(&table.readers, arena);
	look_at_list(&table.writers, arena);
	keep(&table, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_address address;
	struct bolt_value answer;
	struct err err = ERR_INIT;

	if (unpack_value(data, size, arena, &answer, &err) == 0)
		read_table(&answer, size);
	else if (routing_address(arena_memdup0(arena, data, size), arena, &address))
		look_at_address(&address, arena);
	return 0;
}
