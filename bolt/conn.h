// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The client's side of a Bolt connection without I/O: requests go into an output buffer, the server's bytes are fed in, events come out. Several
// requests may be appended before any is answered. A FIFO of expected replies tells which request an answer belongs to; an answer of an
// unexpected kind is ERR_PROTOCOL, and the connection must be dropped. Any event loop can drive it; bolt/link.h does so with blocking calls.
//
//   conn_init(&conn);                                   // send conn.output, feed what comes
//   conn_feed(&conn, data, len, &used, arena, &event, &err);   // ... until CONN_AGREED
//   conn_hello(&conn, &hello, &err);                    // HELLO and LOGON
//   conn_begin(&conn, &tx, &err);                       // in the same flight; statements wait for the answer to LOGON
//   conn_run(&conn, &run, &err); conn_pull(&conn, CONN_ALL, CONN_LAST, &err);
//
// Source: Bolt message specification, Bolt server state specification.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "bolt/auth.h"
#include "bolt/chunk.h"
#include "bolt/failure.h"
#include "bolt/handshake.h"
#include "bolt/limits.h"
#include "bolt/logging.h"
#include "bolt/notifications.h"
#include "bolt/value.h"
#include "bolt/protocol.h"

// The longest message that a server may send, the most output that we keep, and how many requests may wait for their answers.
#define CONN_MESSAGE_MAX BOLT_MESSAGE_MAX
#define CONN_OUTPUT_MAX ((size_t)16 * 1024 * 1024)
#define CONN_PENDING_MAX 64

enum conn_request {
	CONN_HELLO,
	CONN_LOGON,
	CONN_LOGOFF,
	CONN_TELEMETRY,
	CONN_RESET,
	CONN_RUN,
	CONN_PULL,
	CONN_DISCARD,
	CONN_BEGIN,
	CONN_COMMIT,
	CONN_ROLLBACK,
	CONN_ROUTE,
	CONN_REQUESTS,
};

// What the answer to HELLO told.
struct conn_hints {
	int64_t silence_s; // the longest silence of a working server; 0: not told
	bool telemetry;	   // TELEMETRY is welcome
	bool ssr;	   // server-side routing is on
};

struct conn {
	struct handshake handshake;
	struct bolt_version version; // once agreed
	struct dechunker dechunker; // its message.max, the limit of a message, may be changed; its keepalives are not bounded here
	size_t memory;	   // the limit of the next message's memory; BOLT_RESULT_MAX until changed
	bool thrifty;	   // also asks the arena's budget
	struct buf output; // to send, then buf_clear(); secret
	struct conn_hints hints;
	bool utc;    // times with a zone count UTC seconds: 5.0 and later, or by the patch
	bool failed; // a request failed: the server ignores all until a RESET
	bool broken; // a protocol error, a failed logon, or GOODBYE: nothing more can be said
	enum conn_request pending[CONN_PENDING_MAX]; // a ring
	unsigned first, n_pending;
	unsigned logons; // due answers to HELLO, LOGON and LOGOFF
	const struct bolt_log *log; // of messages; NULL: none. May be set at any time
	const char *name; // of the connection, in the log; set with it
};

enum conn_event_type {
	CONN_WANTS_INPUT, // feed more bytes
	CONN_AGREED,	  // the handshake is done: send HELLO
	CONN_RECORD,	  // a row of the present PULL: a list
	CONN_SUCCESS,	  // the request succeeded: a map
	CONN_FAILURE,	  // the request failed
	CONN_IGNORED,	  // the request was skipped after a failure
};

struct conn_event {
	enum conn_event_type type;
	enum conn_request request;
	struct bolt_value value;	    // of CONN_RECORD and CONN_SUCCESS
	const struct bolt_failure *failure; // of CONN_FAILURE
};

// Appends the opening of the handshake to the output.
void conn_init(struct conn *conn);
void conn_deinit(struct conn *conn); // wipes

// The requests. Each appends one message (conn_hello() one or two) and one expected answer each. A failure leaves no trace: ERR_INVALID: the
// agreed version lacks the message, the field or a parameter's type, and the text says since when it exists; ERR_TOO_LARGE: the output or the
// FIFO is full; ERR_IO: the connection is broken. No statement goes out before we know that the login is good: conn_run() is ERR_INVALID while
// an answer to HELLO, LOGON or LOGOFF is due. All other requests may go with them.

struct conn_hello {
	const char *user_agent;		  // of the application, "name/version"
	const char *product;		  // of the library, "name/version"; required from 5.3 on
	const char *platform, *language, *language_details; // NULL: not told
	const struct bolt_value *routing; // the routing context, a map, to ask for a router; NULL: none
	const struct bolt_notifications *notifications;	    // NULL: the server's setting
	const struct bolt_auth *auth;	  // NULL: LOGON comes later (5.1 and later)
};

// HELLO, followed by LOGON where the version has it.
int conn_hello(struct conn *conn, const struct conn_hello *hello, struct err *err);
int conn_logon(struct conn *conn, const struct bolt_auth *auth, struct err *err);
int conn_logoff(struct conn *conn, struct err *err);

enum conn_api { CONN_API_MANAGED, CONN_API_EXPLICIT, CONN_API_AUTO_COMMIT, CONN_API_DRIVER };

// Tells how the application runs its statements. Sends nothing, and returns 0, where the server's hints did not ask for it.
int conn_telemetry(struct conn *conn, enum conn_api api, struct err *err);

int conn_reset(struct conn *conn, struct err *err); // ends whatever runs, and the ignoring after a failure

#define CONN_NO_TIMEOUT (-1)

// The transaction's options in BEGIN, and in RUN outside of a transaction. All zero: the server's defaults.
struct conn_tx {
	const char *database;	       // NULL: the user's home database
	const char *impersonated_user; // NULL: none
	const char *const *bookmarks;
	size_t n_bookmarks;
	int64_t timeout_ms;		  // 0: the server's; CONN_NO_TIMEOUT: none
	const struct bolt_value *metadata; // a map; NULL: none
	bool read;			  // access mode "r"
	const struct bolt_notifications *notifications;
};

struct conn_run {
	const char *text;
	const struct bolt_value *params; // a map; NULL: none
	const struct conn_tx *tx;	 // NULL: inside a transaction
};

int conn_run(struct conn *conn, const struct conn_run *run, struct err *err);
int conn_begin(struct conn *conn, const struct conn_tx *tx, struct err *err);
int conn_commit(struct conn *conn, struct err *err);
int conn_rollback(struct conn *conn, struct err *err);

#define CONN_ALL (-1)
#define CONN_LAST (-1)

// Asks for n rows of a result; n may be CONN_ALL; qid comes from the answer to RUN in a transaction, or is CONN_LAST.
int conn_pull(struct conn *conn, int64_t n, int64_t qid, struct err *err);
int conn_discard(struct conn *conn, int64_t n, int64_t qid, struct err *err);

struct conn_route {
	const struct bolt_value *routing; // the routing context, a map; NULL: empty
	const char *const *bookmarks;
	size_t n_bookmarks;
	const char *database;	       // NULL: the home database
	const char *impersonated_user; // NULL: none
};

int conn_route(struct conn *conn, const struct conn_route *route, struct err *err);

// Has no answer; nothing may follow it.
void conn_goodbye(struct conn *conn);

// The request whose answer is due; CONN_REQUESTS: none.
enum conn_request conn_due(const struct conn *conn);

// Takes bytes up to the next event. *ret_used says how many; values live in the arena. Lists, nodes and times of 4.x come in the form of 5.0
// (bolt/structure.h). ERR_TOO_LARGE: a limit is exceeded; ERR_TOO_MANY: the budget to which the arena is bound is.
int conn_feed(struct conn *conn, const unsigned char *data, size_t len, size_t *ret_used, struct arena *arena,
	      struct conn_event *ret, struct err *err);
