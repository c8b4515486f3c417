// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The way to a server or a cluster: a pool of connections, routing, and the credentials. Make one for each target and process; any thread may
// call any function here. Queries go through bolt_driver_query() or a session (bolt/session.h).
//
//   struct bolt_driver *driver;
//   bolt_driver_new(&(struct bolt_driver_options){.uri = "neo4j+s://db.example.com", .auth = bolt_auth_basic(user, password)},
//                   &driver, &err);
//   bolt_driver_query(driver, &(struct bolt_call){.text = "MATCH (n:Person) RETURN n.name AS name LIMIT 10"},
//                     deadline_in_ms(10000), arena, &answer, &err);
//   bolt_driver_free(driver);
//
// No call waits without a limit: each takes a deadline (base/clock.h), a point of monotonic time, as deadline_in_ms() makes it. A mere number,
// such as 5000 for five seconds, lies before the driver was made: ERR_INVALID. The driver has no thread of its own, except while it looks a name
// up (bolt/target.h).

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "bolt/address.h"
#include "bolt/auth.h"
#include "bolt/bookmarks.h"
#include "bolt/codes.h"
#include "bolt/failure.h"
#include "bolt/limits.h"
#include "bolt/notifications.h"
#include "bolt/options.h"
#include "bolt/protocol.h"
#include "bolt/result.h"
#include "bolt/target.h"
#include "bolt/value.h"

struct bolt_driver;

// Connects nowhere yet. ERR_INVALID: the URI or an option is wrong.
int bolt_driver_new(const struct bolt_driver_options *options, struct bolt_driver **ret, struct err *err);

// All its sessions must have been freed. Closes connections with a GOODBYE, without waiting long. NULL is allowed.
void bolt_driver_free(struct bolt_driver *driver);
DEFINE_CLEANUP(struct bolt_driver *, bolt_driver_free);

bool bolt_driver_is_encrypted(const struct bolt_driver *driver);

struct bolt_server_info {
	const char *address, *agent; // "host:port", "Neo4j/5.26.12"
	unsigned major, minor;	     // of Bolt
	uint64_t reserved[BOLT_RESERVED]; // 0
};

// What to verify: the database decides which server a router names, the credentials decide whether it answers.
struct bolt_probe {
	const char *database;	      // NULL: the home database
	const struct bolt_auth *auth; // instead of the driver's; NULL: the driver's
	bool write;		      // a server that takes writes
	const void *reserved[BOLT_RESERVED];
};

// Goes to a server and back. probe NULL: all defaults; ret may be NULL. Errors are those of bolt_session_run().
int bolt_driver_verify(struct bolt_driver *driver, const struct bolt_probe *probe, int64_t deadline, struct arena *arena,
		       struct bolt_server_info *ret, struct err *err);

// Whether the server accepts the credentials: *ret is false when it refuses them. ERR_INVALID where the server's Bolt is older than 5.1.
int bolt_driver_verify_auth(struct bolt_driver *driver, const struct bolt_probe *probe, int64_t deadline, bool *ret, struct err *err);

// Whether sessions may have credentials of their own (Bolt 5.1), and whether there may be several databases (since 4.0, so always).
int bolt_driver_supports_session_auth(struct bolt_driver *driver, int64_t deadline, bool *ret, struct err *err);

// One query in a managed transaction, all rows at once.
struct bolt_call {
	const char *text;
	const struct bolt_value *params; // a map; NULL: none
	const char *database;		 // NULL: the home database
	bool read;			 // run on a reader; default: on a writer
	const char *impersonated_user;	 // NULL: nobody
	const struct bolt_auth *auth;	 // of this call only; NULL: the driver's
	int64_t timeout_ms;		 // the server's limit for the transaction; 0: its own setting; -1: none
	const struct bolt_value *metadata; // a map for the server's query log; NULL: none
	struct bolt_bookmarks *bookmarks; // NULL: those that all calls of this driver share
	bool no_bookmarks;		  // sees what the server has, without waiting for earlier calls
	uint32_t max_rows;		  // ERR_TOO_LARGE for more; 0: 10,000
	const void *reserved[BOLT_RESERVED];
};

struct bolt_answer {
	const char *const *keys;
	uint32_t n_keys;
	const struct bolt_value *rows; // each a BOLT_LIST of n_keys values
	uint32_t n_rows;
	const struct bolt_summary *summary;
	const struct bolt_failure *failure; // all that the server said, when the call fails with its words
	uint64_t reserved[BOLT_RESERVED]; // 0
};

// The answer lives in the arena. Retries like bolt_session_execute().
int bolt_driver_query(struct bolt_driver *driver, const struct bolt_call *call, int64_t deadline, struct arena *arena,
		      struct bolt_answer *ret, struct err *err);

// The value in a row by its column's name; NULL when there is no such row or column.
const struct bolt_value *bolt_answer_get(const struct bolt_answer *answer, uint32_t row, const char *key);

// The bookmarks of calls that name none: for sessions that must see what bolt_driver_query() did.
struct bolt_bookmarks *bolt_driver_bookmarks(struct bolt_driver *driver);

// For monitoring: the connections to one server.
struct bolt_pool_figures {
	uint32_t in_use, idle;
	uint64_t reserved[BOLT_RESERVED]; // 0
};
void bolt_driver_figures(struct bolt_driver *driver, const struct bolt_address *address, struct bolt_pool_figures *ret);

// What a driver has done since it was made, for metrics: each number only grows.
struct bolt_counts {
	uint64_t opened;     // connections that were logged on, or log on with the first request
	uint64_t not_opened; // failed tries: nobody there, a refused login, a refused certificate
	uint64_t statements; // that were sent; each try of managed work counts
	uint64_t retries;    // of managed work and bolt_driver_query(); the first try does not count
	uint64_t pool_timeouts; // calls that got no connection in acquire_ms
	uint64_t reserved[BOLT_RESERVED]; // 0
};
void bolt_driver_counts(const struct bolt_driver *driver, struct bolt_counts *ret);

// The present routing table of a database, in the arena; asks no router. False when there is none.
struct bolt_routing_view {
	const char *database;
	struct bolt_addresses routers, readers, writers;
	int64_t ttl_ms;
};
bool bolt_driver_routing(struct bolt_driver *driver, const char *database, struct arena *arena, struct bolt_routing_view *ret);

// Reads the routing table of a database anew, whether it is out of date or not.
int bolt_driver_reroute(struct bolt_driver *driver, const struct bolt_probe *probe, const struct bolt_bookmark_list *after,
			int64_t deadline, struct err *err);
