// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// All that a program may choose: for a driver (bolt/driver.h), and for a session, a statement and a transaction (bolt/session.h). Plain data; 0
// or NULL means the library's default.

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "bolt/address.h"
#include "bolt/auth.h"
#include "bolt/bookmarks.h"
#include "bolt/limits.h"
#include "bolt/logging.h"
#include "bolt/notifications.h"
#include "bolt/target.h"
#include "bolt/value.h"

struct bolt_tx;

#define BOLT_FOREVER INT64_MAX

// Replaces an address by others, tried in order. The thread that needs it calls it, without a lock.
struct bolt_resolver {
	int (*resolve)(void *user, const struct bolt_address *asked, struct arena *arena, struct bolt_addresses *ret, struct err *err);
	void *user;
};

// The source of credentials that change while the driver lives. The thread that needs them calls it, without a lock, so both functions must be
// fit for any thread.
struct bolt_auth_provider {
	// The present credentials, in the arena (which is wiped). Called before each use of a connection, so it should be quick.
	int (*get)(void *user, struct arena *arena, struct bolt_auth *ret, struct err *err);
	// The server refused these credentials with this code (Neo.ClientError.Security.*). True: get() returns better ones from now on, so the
	// failed work may be tried again. NULL: never.
	bool (*refused)(void *user, const struct bolt_auth *auth, const char *code);
	void *user;
};

struct bolt_driver_options {
	const char *uri;       // bolt/uri.h; required
	struct bolt_auth auth; // credentials that stay; all zero: none
	const struct bolt_auth_provider *provider; // instead of auth; must outlive the driver
	const char *user_agent; // "name/version"; NULL: the library's

	// TLS; see bolt/target.h. The URI chooses by +s or +ssc; tls chooses for a URI without them. Without TLS the other options are refused.
	enum bolt_tls tls;
	const char *ca_pem, *server_name, *pinned, *cert_pem, *key_pem, *key_password;

	uint32_t pool_size;   // connections to each server; 0: 100
	int64_t fetch_size;   // rows in a batch; 0: 1000; -1: all in one
	int64_t connect_ms;   // for reaching one address, with TLS but without the Bolt exchange; 0: 30 s
	int64_t acquire_ms;   // for getting a connection to one server, with connecting; a router's answer has the call's deadline; 0: 60 s
	int64_t lifetime_ms;  // an older connection is not used again; 0: 1 h; BOLT_FOREVER
	int64_t liveness_ms;  // asks a connection that was idle for longer whether it is alive; 0: never; -1: always
	int64_t retry_ms;     // no retry begins later than this after the first try; 0: 30 s; -1: no retry
	int64_t routing_ms;   // how long routing tables that are out of date are kept for unused databases; 0: 30 s

	const struct bolt_limits *limits; // of servers' answers; NULL: the library's. Must outlive the driver.
	const struct bolt_notifications *notifications; // the wanted ones; NULL: the server's setting
	bool telemetry; // tell a server that asks for it which kind of call is used

	const struct bolt_resolver *resolver; // for the URI's address; NULL: the address itself. Must outlive the driver, as must the next two.
	const struct bolt_resolver *names;    // for a host's IP addresses; NULL: getaddrinfo(3)
	const struct bolt_log *log;	      // what the driver does, line by line; NULL: nobody wants to know. Must outlive the driver.
	const struct clock *clock;	      // for times between calls (tables, lifetimes, idling); NULL: the system's
	const void *reserved[BOLT_RESERVED];
};

struct bolt_session_options {
	const char *database; // NULL: the user's home database, which stays the one of the first query
	bool read;	      // work on readers; managed transactions choose by themselves
	const char *impersonated_user; // NULL: nobody
	const struct bolt_auth *auth;  // for this session only (Bolt 5.1); NULL: the driver's. Copied.
	int64_t fetch_size;	       // 0: the driver's
	struct bolt_bookmark_list after; // the first transaction must see them
	struct bolt_bookmarks *bookmarks; // shared with other sessions; NULL: the session's own. Must outlive it.
	const struct bolt_notifications *notifications; // NULL: the driver's
	const void *reserved[BOLT_RESERVED];
};

struct bolt_statement {
	const char *text;
	const struct bolt_value *params;   // a map; NULL: none
	// For an auto-commit query only:
	int64_t timeout_ms;		   // the server's limit; 0: its own setting; -1: none
	const struct bolt_value *metadata; // a map for the server's query log; NULL: none
	const void *reserved[BOLT_RESERVED];
};

struct bolt_tx_options {
	int64_t timeout_ms;		   // as for a statement
	const struct bolt_value *metadata;
	const void *reserved[BOLT_RESERVED];
};

// The work of a managed transaction, called until it succeeds. 0: commit; an error: roll back, and try again if bolt_is_retryable(). Anything
// else is an error, too, and nothing is committed: a number that is not 0 with no error set (ERR_INVALID with the code BOLT_CALLBACK), and 0
// with an error set, so clear an error that does not matter (err_clear()). The work must not commit or roll back by itself; results of this
// transaction end with it.
typedef int (*bolt_work)(struct bolt_tx *tx, void *user, int64_t deadline, struct err *err);

struct bolt_job {
	bolt_work work;
	void *user;
	bool read; // run on a reader
	struct bolt_tx_options tx;
	const void *reserved[BOLT_RESERVED];
};
