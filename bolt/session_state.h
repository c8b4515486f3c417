// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a session, its transaction, its results and the connection that they hold consist of. A hold is the connection that an
// auto-commit query or a transaction has while it lasts, with the results whose rows come over it. The functions of each are in a file of
// its own, which knows those before it: hold, stream (results), tx.

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "bolt/acquire.h"
#include "bolt/options.h"
#include "bolt/summary.h"

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
	bool unheard; // auto-commit that may write: it was sent, and the server's last word on it was not heard
	bool piecewise; // ... and may commit more than once while it runs
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

// The options are copied (bolt_session_new()). Nobody can cancel it, until it is given something that does: so it costs no descriptor.
int session_state_new(struct bolt_driver *driver, const struct bolt_session_options *options, struct bolt_session **ret, struct err *err);

// Nothing may be open, and no result know it any more. NULL is allowed.
void session_state_free(struct bolt_session *session);
DEFINE_CLEANUP(struct bolt_session *, session_state_free);

// Begins a public call: what the last one said of a failure is gone. ERR_CANCELLED; ERR_INVALID as acquire_enter().
int session_state_enter(struct bolt_session *session, int64_t deadline, struct err *err);
