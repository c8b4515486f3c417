// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Connections by address: one caller at a time takes one, gives it back, and another takes it; there is a limit for each address. The pool opens
// no connection and does not ask whether one is alive: a caller gets a connection or the right to open one. Any thread may call any function;
// while it holds the lock, the pool opens and closes nothing and waits only for a free place.

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

// A place in the pool. It belongs to the caller that took it, with all its fields.
struct pool_place {
	struct bolt_link *link; // NULL: the caller must open it
	struct login *login;	// the user that is logged on
	int64_t born_ms;	// by the pool's clock
	int64_t idle_ms;	// when it became idle, by the pool's clock
	bool fresh;		// its present user opened it
	bool greeted;		// its server has answered, and is Neo4j
	bool relogon;		// the server no longer accepts this logon, but may accept another
	bool doomed;		// must not be used again
	// Only the pool uses:
	struct pool_site *site;
	uint64_t epoch;
	struct pool_place *next;
};

struct pool *pool_new(uint32_t size, const struct clock *clock);

// Closes idle connections. None may be taken.
void pool_free(struct pool *pool);

// The connection that was idle for the shortest time, or a place for a new one. ERR_TIMEOUT with BOLT_POOL_TIMEOUT: none became free;
// ERR_CANCELLED (the canceller must call pool_wake()).
int pool_take(struct pool *pool, const struct bolt_address *address, int64_t deadline, struct bolt_cancel *cancel,
	      struct pool_place **ret, struct err *err);

// Keeps a connection that can be used again and closes any other.
void pool_give(struct pool *pool, struct pool_place *place);

// Its address.
const struct bolt_address *pool_place_address(const struct pool_place *place);
const char *pool_place_text(const struct pool_place *place); // the same as routing_address_text()

// Closes the idle connections to an address.
void pool_clear(struct pool *pool, const struct bolt_address *address);

// The server wants each connection that is open now, idle or in use, to log on anew before its next use.
void pool_doubt(struct pool *pool, const struct bolt_address *address);

// How many connections there are to an address: taken, and idle.
void pool_figures(struct pool *pool, const struct bolt_address *address, uint32_t *ret_in_use, uint32_t *ret_idle);

// Lets waiting callers check whether they were cancelled.
void pool_wake(struct pool *pool);
