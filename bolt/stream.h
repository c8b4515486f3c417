// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What sessions, transactions and results know of each other. A hold is the connection that an auto-commit query or a transaction
// has while it lasts, with the results whose rows come over it. One batch of one result is under way at a time; before anything
// else is sent, what is left of it is read and kept.

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/acquire.h"
#include "bolt/result.h"
#include "bolt/session.h"

struct bolt_session {
	struct bolt_driver *driver;
	struct bolt_session_options options; // with what they point at in the arena
	struct arena *arena;
	struct login *login;	    // NULL: the driver's
	struct bolt_cancel *cancel; // NULL: nobody can
	struct arena *scratch;	    // of the present call
	struct arena *lent;	    // of what is kept of results; NULL: each has its own
	const struct bolt_failure *failure; // of the present call, in scratch or a result
	struct arena *home;	    // of what comes next
	const char *database;	    // NULL: home, and not known yet
	struct arena *mark;	    // of the bookmarks
	struct bolt_bookmark_list bookmarks; // what the next transaction has to see
	bool told;		    // the server knows by which kind of call the present work comes
	bool marked;		    // a transaction has left one
	struct hold *hold;	    // of an auto-commit query
	struct bolt_tx *tx;
	struct bolt_result *results; // all that were not freed
};

struct hold {
	struct bolt_session *session;
	struct bolt_tx *tx; // NULL: auto-commit
	struct pool_place *place;
	struct acquire acquire;
	struct arena *arena;
	struct bolt_bookmark_list used;	// what the transaction began with
	struct bolt_result *streaming;	// whose batch is under way
	struct bolt_result *newest;	// whose RUN was the last
};

struct bolt_tx {
	struct bolt_session *session;
	struct hold *hold; // NULL: over, or failed
	bool failed;
	bool managed;
	struct err error; // why it failed
};

struct bolt_result {
	struct bolt_session *session; // NULL: freed
	struct bolt_tx *tx;	      // NULL: auto-commit, or over
	struct hold *hold;	      // NULL: nothing more comes
	struct arena *arena;	      // keys, summary
	bool lent;		      // the arena is the session's caller's
	const char *const *keys;
	uint32_t n_keys;
	int64_t qid, fetch;
	size_t memory_max; // of rows that are kept, or taken all at once
	int64_t available_after_ms;
	bool over;  // consumed, or its transaction or session is
	bool ended; // the server's last word was heard
	bool had_record, discarded;
	struct arena *row_arena; // of the present row
	struct bolt_value row;	 // the present or the next one
	bool peeked;
	struct arena *kept_arena; // NULL: none was kept yet
	struct bolt_value *kept; // rows that were read ahead
	size_t n_kept, kept_room, kept_pos;
	struct err error; // what every call gives, once the kept rows are read
	const struct bolt_failure *failure;
	struct bolt_summary *summary;
	struct bolt_result *next; // of the session
};

// bolt_session_new(), but nobody can cancel it: it costs no descriptor.
int stream_session(struct bolt_driver *driver, const struct bolt_session_options *options, struct bolt_session **ret, struct err *err);

// Begins a public call: what the last one said of a failure is gone. ERR_CANCELLED.
int stream_enter(struct bolt_session *session, struct err *err);

// Gets a connection for a transaction of this session.
int stream_hold(struct bolt_session *session, bool read, bool lazy, int64_t deadline, struct hold **ret, struct err *err);

// The extra of RUN and BEGIN. ERR_INVALID: the timeout.
int stream_tx(const struct hold *hold, int64_t timeout_ms, const struct bolt_value *metadata, struct conn_tx *ret, struct err *err);

// Gives the connection back. Results that are still on it get this error, if it is set.
void stream_release(struct hold *hold, const struct err *error, int64_t deadline);

// An error of this hold: its results get it, its transaction has failed, the connection is given back. Returns the error's class.
int stream_fail(struct hold *hold, int64_t deadline, struct err *err);

// RUN and PULL, and the answer to RUN. tx NULL: inside a transaction.
int stream_run(struct hold *hold, const struct bolt_statement *statement, const struct conn_tx *tx, int64_t deadline,
	       struct bolt_result **ret, struct err *err);

// Sends what was appended, when no batch is under way, and waits for this request's answer.
int stream_await(struct hold *hold, enum conn_request request, int64_t deadline, struct bolt_value *ret, struct err *err);

// Keeps what is left of the batch under way.
int stream_drain(struct hold *hold, int64_t deadline, struct err *err);

// Keeps all that is left of a result.
int stream_keep(struct bolt_result *result, int64_t deadline, struct err *err);

// Discards all that is left of a result; it has its summary then.
int stream_discard(struct bolt_result *result, int64_t deadline, struct err *err);

// The next row into result->row: 1; 0: there is none.
int stream_next(struct bolt_result *result, int64_t deadline, struct err *err);

// A transaction left this bookmark; NULL: it did not.
int stream_mark(struct bolt_session *session, const struct hold *hold, const char *bookmark, struct err *err);

// A transaction whose kind of call is told to the server.
int stream_begin(struct bolt_session *session, const struct bolt_job *job, enum conn_api api, int64_t deadline, struct bolt_tx **ret,
		 struct err *err);
int stream_commit(struct bolt_tx *tx, int64_t deadline, struct err *err);
int stream_rollback(struct bolt_tx *tx, int64_t deadline, struct err *err);
int stream_execute(struct bolt_session *session, const struct bolt_job *job, enum conn_api api, int64_t deadline, struct err *err);

// Frees a transaction that is over.
void stream_end(struct bolt_tx *tx);

// A transaction that failed is over for its session, though nobody has rolled it back.
void stream_forget_failed(struct bolt_session *session);
