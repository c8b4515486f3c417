// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Gets a usable connection: from the pool or a new one, alive, logged on as the asker, to a server that does the wanted work (bolt/discover.h).
// And gives it back.

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/bookmarks.h"
#include "bolt/cancel.h"
#include "bolt/codes.h"
#include "bolt/forks.h"
#include "bolt/link.h"
#include "bolt/options.h"
#include "bolt/pool.h"
#include "bolt/routing.h"
#include "bolt/uri.h"

struct bolt_driver {
	struct arena *arena; // owns what the options pointed at; wiped
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
	unsigned forks; // when the driver was made
	int64_t born;	// no deadline of its calls lies before it
	atomic_uint turn; // whose turn it is among equally good servers
};

// The purpose of a connection.
struct acquire {
	struct bolt_driver *driver;
	struct arena *arena; // for what is told of it
	struct bolt_cancel *cancel;
	const struct bolt_auth *auth; // NULL: the driver's
	const char *database;	      // NULL: home, which becomes its name where a router told it
	const char *impersonated_user;
	// For a router: the bookmarks that the transaction must see. Called only when a router is asked; NULL: none.
	int (*find_bookmarks)(struct acquire *acquire, struct err *err);
	void *user;
	struct bolt_bookmark_list bookmarks;
	bool read;
	bool relogon; // log on anew, even as the same user, on a connection that was not just opened
	bool check;   // ask whether it is alive, if it was not just opened
	bool lazy;    // do not wait for the answers to HELLO and LOGON: the next request changes nothing
	unsigned asked, refused; // routers, and those of them whose certificate was refused
	const struct bolt_failure *failure; // the server's words about the failure
};

// A connection to this address, within the driver's acquire_ms. Errors: those of bolt_link_open(); ERR_INVALID with
// BOLT_UNSUPPORTED; ERR_TIMEOUT with BOLT_POOL_TIMEOUT.
int acquire_from(struct acquire *acquire, const struct bolt_address *address, int64_t deadline, struct pool_place **ret, struct err *err);

// Resets a connection that is not at rest (waiting no longer than this) and gives it back to the pool.
void acquire_release(struct bolt_driver *driver, struct pool_place *place, int64_t deadline);

// Waits for the answer to this request. Of the answers before it (logons) only a failure matters. Failures are errors here, and it acts on them:
// it sets acquire->failure, asks the provider, tells the routing. value NULL: the caller does not want the answer's value.
int acquire_await(struct acquire *acquire, struct pool_place *place, enum conn_request request, int64_t deadline,
		  struct bolt_value *ret, struct err *err);

// Raises a count of the driver.
static inline void count_one(atomic_ullong *count)
{
	(void)atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
}

int acquire_refuse(int64_t deadline, struct err *err);

// Begins a public call, before it takes a lock or calls a hook: in a forked child another thread of the parent may hold the lock for good.
// ERR_INVALID: with BOLT_FORKED; or the deadline passed before the driver was made, so somebody took a number for a duration.
static inline int acquire_enter(const struct bolt_driver *driver, int64_t deadline, struct err *err)
{
	int r = forks_check(driver->forks, "driver", err);

	return r < 0 || __builtin_expect(deadline >= driver->born, 1) ? r : acquire_refuse(deadline, err);
}

// Acts on what callers read from events: on a failure, which becomes the error, ...
int acquire_failed(struct acquire *acquire, struct pool_place *place, const struct bolt_failure *failure, struct err *err);

// ... and on an error of bolt_link_next() and its like. A silence that is not the caller's deadline becomes ERR_IO.
int acquire_broken(struct acquire *acquire, struct pool_place *place, int64_t deadline, struct err *err);

// Waits for the due answers to HELLO and LOGON, on a connection that was opened or logged on anew. Errors as acquire_await().
int acquire_settle(struct acquire *acquire, struct pool_place *place, int64_t deadline, struct err *err);
