// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Getting a connection that can be used: from the pool or a new one, alive, logged on as who asks, to a server that does what is
// asked for (bolt/discover.h). And giving it back.

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/bookmarks.h"
#include "bolt/cancel.h"
#include "bolt/codes.h"
#include "bolt/link.h"
#include "bolt/options.h"
#include "bolt/pool.h"
#include "bolt/routing.h"
#include "bolt/uri.h"

struct bolt_driver {
	struct arena *arena; // of what the options pointed at; wiped
	struct bolt_driver_options options;
	struct bolt_uri uri;
	struct bolt_address initial; // the URI's
	struct bolt_value context;   // for a router: the URI's context and the address
	struct bolt_trust *trust;    // NULL: no TLS
	struct login *login;	     // NULL with a provider
	struct pool *pool;
	struct routing *routing; // NULL: one server
	struct bolt_bookmarks *bookmarks;
	struct {
		atomic_ullong opened, not_opened, statements, retries, pool_timeouts;
	} counts;
	unsigned forks; // when it was made
	int64_t born;	// a deadline before it was made for none of its calls
	atomic_uint turn; // of equally good servers, whose it is
};

// What a connection is wanted for.
struct acquire {
	struct bolt_driver *driver;
	struct arena *arena; // for what is told of it
	struct bolt_cancel *cancel;
	const struct bolt_auth *auth; // NULL: the driver's
	const char *database;	      // NULL: home, which becomes its name where a router told it
	const char *impersonated_user;
	// For a router: what the transaction is to see. Called when one is asked, only; NULL: nothing.
	int (*find_bookmarks)(struct acquire *acquire, struct err *err);
	void *user;
	struct bolt_bookmark_list bookmarks;
	bool read;
	bool relogon; // log on anew, even as the same, on a connection that was not just opened
	bool check;   // ask whether it lives, on a connection that was not just opened
	bool lazy;    // the answers to HELLO and LOGON need not be waited for: what follows at once changes nothing
	unsigned asked, refused; // routers, and those of them whose certificate was not accepted
	const struct bolt_failure *failure; // what the server said when it failed so
};

// A connection to this address, within the driver's acquire_ms. Errors: those of bolt_link_open(); ERR_INVALID with
// BOLT_UNSUPPORTED; ERR_TIMEOUT with BOLT_POOL_TIMEOUT.
int acquire_from(struct acquire *acquire, const struct bolt_address *address, int64_t deadline, struct pool_place **ret, struct err *err);

// Resets what is not at rest (waiting no longer than this) and gives back to the pool.
void acquire_release(struct bolt_driver *driver, struct pool_place *place, int64_t deadline);

// Waits for the answer to this request. Of what comes before it (logons) only a failure matters. Failures are errors here, and their
// consequences are drawn: acquire->failure, the provider asked, routing told. value NULL: the answer's is not wanted.
int acquire_await(struct acquire *acquire, struct pool_place *place, enum conn_request request, int64_t deadline,
		  struct bolt_value *ret, struct err *err);

// One more of what a driver counts.
static inline void count_one(atomic_ullong *count)
{
	(void)atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
}

// Begins a public call, before a lock is taken and a hook called: in a child another thread of the parent may hold the lock for good.
// ERR_INVALID: with BOLT_FORKED; or the deadline passed before there was a driver, so that it is a number that somebody took for a duration.
int acquire_enter(const struct bolt_driver *driver, int64_t deadline, struct err *err);

// The consequences by themselves, for callers that read events: of a failure, which becomes the error, ...
int acquire_failed(struct acquire *acquire, struct pool_place *place, const struct bolt_failure *failure, struct err *err);

// ... and of an error of bolt_link_next() and its like. A silence that is not the caller's deadline becomes ERR_IO.
int acquire_broken(struct acquire *acquire, struct pool_place *place, int64_t deadline, struct err *err);

// Waits for the answers to HELLO and LOGON that are due, on a connection that was opened or logged on anew. Errors as acquire_await().
int acquire_settle(struct acquire *acquire, struct pool_place *place, int64_t deadline, struct err *err);
