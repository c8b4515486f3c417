// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which servers of a cluster route, read and write, for each database: the routers' answers, until they are out of date or a server turns out to
// be something else. Any thread may use the store, which does no I/O. Source: Bolt, ROUTE.

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
	bool began_without_writers; // its router may have been cut off from the rest
};

// Reads the answer to ROUTE. ERR_PROTOCOL: it is no such answer, or names no router or no reader.
int routing_read(const struct bolt_value *answer, struct arena *arena, struct routing_table *ret, struct err *err);

// "host:port", "host", "[::1]:port", "::1". False: it is no address.
bool routing_address(const char *text, struct arena *arena, struct bolt_address *ret);

// "host:port", with brackets where the host is an IPv6 address.
const char *routing_address_text(const struct bolt_address *address, struct arena *arena);

struct routing;

// keep_ms: how long a table is kept after its time; at most ROUTING_TABLES tables.
#define ROUTING_TABLES 1000
struct routing *routing_new(int64_t keep_ms, const struct clock *clock);
void routing_free(struct routing *routing);

// Copies the table, which begins to age now.
void routing_put(struct routing *routing, const char *database, const struct routing_table *table);

// The table of a database, in the arena; false: there is none.
bool routing_get(struct routing *routing, const char *database, struct arena *arena, struct routing_table *ret);

// Whether it is not out of date and has a server for this work.
bool routing_is_fresh(const struct routing *routing, const struct routing_table *table, bool read);

// The server does not answer: removes it from every table.
void routing_forget(struct routing *routing, const struct bolt_address *address);

// The server takes no writes to this database (NULL: home): it is no longer a writer of it, but may still be one of others.
void routing_forget_writer(struct routing *routing, const char *database, const struct bolt_address *address);
