// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which servers of a cluster route, read and write, for each database: what routers said, until its time is over or a server
// turned out not to be what was said of it. The store may be used from any thread and does no I/O. Source: Bolt, ROUTE.

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "bolt/address.h"
#include "bolt/value.h"

struct routing_table {
	const char *database; // NULL: the router did not say
	struct bolt_addresses routers, readers, writers;
	int64_t ttl_ms, until_ms; // by the store's clock
	bool began_without_writers; // whose router may have been cut off from the rest
};

// Reads the answer to ROUTE. ERR_PROTOCOL: it is none, or names no router or no reader.
int routing_read(const struct bolt_value *answer, struct arena *arena, struct routing_table *ret, struct err *err);

// "host:port", "host", "[::1]:port", "::1". False: it is none.
bool routing_address(const char *text, struct arena *arena, struct bolt_address *ret);

// "host:port", with brackets where the host is an IPv6 address.
const char *routing_address_text(const struct bolt_address *address, struct arena *arena);

struct routing;

// keep_ms: how long a table is kept when its time is over, and at most ROUTING_TABLES of them.
#define ROUTING_TABLES 1000
struct routing *routing_new(int64_t keep_ms, const struct clock *clock);
void routing_free(struct routing *routing);

// Copies the table, which begins to age now.
void routing_put(struct routing *routing, const char *database, const struct routing_table *table);

// The table of a database, in the arena; false: there is none.
bool routing_get(struct routing *routing, const char *database, struct arena *arena, struct routing_table *ret);

// Whether its time is not over and it has a server for this.
bool routing_is_fresh(const struct routing *routing, const struct routing_table *table, bool read);

// The server does not answer: out of every table.
void routing_forget(struct routing *routing, const struct bolt_address *address);

// The server takes no writes to this database (NULL: home): no writer of it any more. It may still be one of others.
void routing_forget_writer(struct routing *routing, const char *database, const struct bolt_address *address);
