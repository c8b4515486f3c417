// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Connections by address: taken by one caller at a time, given back, taken again; at most so many to each address. The pool opens
// none and asks none whether it lives: who takes gets a connection or the right to open one. Every function may be called
// from any thread; nothing is opened, closed or waited for (but for a free place) while the lock is held.

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "bolt/address.h"
#include "bolt/cancel.h"
#include "bolt/link.h"
#include "bolt/login.h"

struct pool;
struct pool_site;

// A place in the pool. It belongs to who took it, with all its fields.
struct pool_place {
	struct bolt_link *link; // NULL: to be opened
	struct login *login;	// as whom it is logged on
	int64_t born_ms;	// by the pool's clock
	int64_t idle_ms;	// since when it was idle, by the pool's clock
	bool fresh;		// opened by who has it now
	bool greeted;		// its server was heard of, and is Neo4j
	bool relogon;		// the server does not accept this logon any more, but may accept another
	bool doomed;		// is not to be used again
	// The pool's:
	struct pool_site *site;
	uint64_t epoch;
	struct pool_place *next;
};

struct pool *pool_new(uint32_t size, const struct clock *clock);

// Closes what is idle. Nothing may be taken.
void pool_free(struct pool *pool);

// The connection that was idle for the shortest time, or a place for a new one. ERR_TIMEOUT with BOLT_POOL_TIMEOUT: none came
// free; ERR_CANCELLED (the canceller has to call pool_wake()).
int pool_take(struct pool *pool, const struct bolt_address *address, int64_t deadline, struct bolt_cancel *cancel,
	      struct pool_place **ret, struct err *err);

// Keeps what can be used again and closes the rest.
void pool_give(struct pool *pool, struct pool_place *place);

// Where it leads.
const struct bolt_address *pool_place_address(const struct pool_place *place);
const char *pool_place_text(const struct pool_place *place); // the same as routing_address_text()

// Closes what is idle there.
void pool_clear(struct pool *pool, const struct bolt_address *address);

// The server wants each that is open now, idle or in use, to log on anew before it is used for something else.
void pool_doubt(struct pool *pool, const struct bolt_address *address);

// How many connections there are to an address: taken, and idle.
void pool_figures(struct pool *pool, const struct bolt_address *address, uint32_t *ret_in_use, uint32_t *ret_idle);

// Lets those who wait look whether they were cancelled.
void pool_wake(struct pool *pool);
