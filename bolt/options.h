// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// All that a program may choose: for a driver (bolt/driver.h), and for a session, a statement and a transaction (bolt/session.h). Plain
// data; what is 0 or NULL is as the library has it.

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "bolt/address.h"
#include "bolt/auth.h"
#include "bolt/bookmarks.h"
#include "bolt/limits.h"
#include "bolt/notifications.h"
#include "bolt/target.h"
#include "bolt/value.h"

struct bolt_tx;

#define BOLT_FOREVER INT64_MAX

// Stands in for an address others to be tried in its stead, in this order. Called by the thread that needs it, with no lock held.
struct bolt_resolver {
	int (*resolve)(void *user, const struct bolt_address *asked, struct arena *arena, struct bolt_addresses *ret, struct err *err);
	void *user;
};

// Where credentials come from that change while the driver lives. Called by the thread that needs them, with no lock held, so
// that both must be fit for any thread.
struct bolt_auth_provider {
	// The credentials of now, in the arena (which is wiped); asked before each use of a connection, so it should be quick.
	int (*get)(void *user, struct arena *arena, struct bolt_auth *ret, struct err *err);
	// The server refused these with this code (Neo.ClientError.Security.*). True: get() gives better ones from now on, so what
	// failed may be tried again. NULL: never.
	bool (*refused)(void *user, const struct bolt_auth *auth, const char *code);
	void *user;
};

struct bolt_driver_options {
	const char *uri;       // bolt/uri.h; required
	struct bolt_auth auth; // as credentials that stay; all zero: none
	const struct bolt_auth_provider *provider; // instead of auth; must outlive the driver
	const char *user_agent; // "name/version"; NULL: that of the library

	// TLS; see bolt/target.h. The URI says it by +s or +ssc; for one that does not, tls says it. Without TLS the others are refused.
	enum bolt_tls tls;
	const char *ca_pem, *server_name, *pinned, *cert_pem, *key_pem, *key_password;

	uint32_t pool_size;   // connections to each server; 0: 100
	int64_t fetch_size;   // rows in a batch; 0: 1000; -1: all in one
	int64_t connect_ms;   // for reaching one address, with TLS but without what Bolt says then; 0: 30 s
	int64_t acquire_ms;   // for getting a connection to one server, with connecting; a router's answer has the call's deadline; 0: 60 s
	int64_t lifetime_ms;  // an older connection is not used again; 0: 1 h; BOLT_FOREVER
	int64_t liveness_ms;  // one that was idle for longer is asked whether it lives; 0: never; -1: always
	int64_t retry_ms;     // no retry is begun later than this after the first try; 0: 30 s; -1: no retry
	int64_t routing_ms;   // routing tables past their time are kept this long for databases not in use; 0: 30 s

	const struct bolt_limits *limits; // on what servers may say; NULL: the library's. Must outlive the driver.
	const struct bolt_notifications *notifications; // which are wanted; NULL: as the server is set up
	bool telemetry; // tell the server, if it wants to know, by which kind of call it is used

	const struct bolt_resolver *resolver; // of the URI's address; NULL: itself. Must outlive the driver, as must the next two.
	const struct bolt_resolver *names;    // of a host to IP addresses; NULL: getaddrinfo(3)
	const struct clock *clock;	      // for times that pass between calls (tables, lifetimes, idling); NULL: the system's
};

struct bolt_session_options {
	const char *database; // NULL: the user's home database, which stays the one of the first query
	bool read;	      // goes to readers; managed transactions say it themselves
	const char *impersonated_user; // NULL: nobody
	const struct bolt_auth *auth;  // of this session only (Bolt 5.1); NULL: the driver's. Copied.
	int64_t fetch_size;	       // 0: the driver's
	struct bolt_bookmark_list after; // what the first transaction is to see
	struct bolt_bookmarks *bookmarks; // shared with other sessions; NULL: the session's own. Must outlive it.
	const struct bolt_notifications *notifications; // NULL: the driver's
};

struct bolt_statement {
	const char *text;
	const struct bolt_value *params;   // a map; NULL: none
	// Of an auto-commit query only:
	int64_t timeout_ms;		   // the server's limit; 0: as set up there; -1: none
	const struct bolt_value *metadata; // a map for the server's query log; NULL: none
};

struct bolt_tx_options {
	int64_t timeout_ms;		   // as in a statement
	const struct bolt_value *metadata;
};

// What is to be done in a managed transaction, any number of times until it is done. 0: commit; an error: roll back, and try again
// if bolt_is_retryable(). Anything else is an error, too, and nothing is committed: a number that is not 0 with no error set (ERR_INVALID
// with the code BOLT_CALLBACK), and 0 with one that is set, so that an error that does not matter has to be cleared (err_clear()). It may
// not commit or roll back by itself; results of this transaction end with it.
typedef int (*bolt_work)(struct bolt_tx *tx, void *user, int64_t deadline, struct err *err);

struct bolt_job {
	bolt_work work;
	void *user;
	bool read; // goes to a reader
	struct bolt_tx_options tx;
};
