// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The parts of a session, its transaction, its results and the connection that they hold. A hold is the connection of an auto-commit query or a
// transaction while it lasts, with the results whose rows come over it. Each has its functions in a file of its own, which knows those before
// it: hold, stream (results), tx.

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
	struct bolt_session_options options; // and what they point at, in the arena
	struct arena *arena;
	struct login *login;	    // NULL: the driver's
	struct bolt_cancel *cancel; // NULL: nobody can
	struct arena *scratch;	    // for the present call
	struct arena *lent;	    // for what is kept of results; NULL: each has its own
	const struct bolt_failure *failure; // of the present call, in scratch or a result
	struct arena *home;	    // for the next member
	const char *database;	    // NULL: home, and not yet known
	struct arena *mark;	    // for the bookmarks
	struct bolt_bookmark_list bookmarks; // the next transaction must see them
	bool told;		    // the server knows which kind of call makes the present work
	bool marked;		    // a transaction has left a bookmark
	struct hold *hold;	    // for an auto-commit query
	struct bolt_tx *tx;
	struct bolt_result *results; // all that were not freed
};

struct hold {
	struct bolt_session *session;
	struct bolt_tx *tx; // NULL: auto-commit
	struct pool_place *place;
	struct acquire acquire;
	struct arena *arena;
	struct bolt_bookmark_list used;	// the transaction began with them
	struct bolt_result *streaming;	// its batch is under way
	struct bolt_result *newest;	// its RUN was the last
	bool unheard; // an auto-commit that may write was sent, and the server's last word on it was not heard
	bool piecewise; // ... and it may commit several times while it runs
};

struct bolt_tx {
	struct bolt_session *session;
	struct hold *hold; // NULL: ended or failed
	bool failed;
	bool managed;
	struct err error; // why it failed
};

struct bolt_result {
	struct bolt_session *session; // NULL: freed
	struct bolt_tx *tx;	      // NULL: auto-commit, or ended
	struct hold *hold;	      // NULL: nothing more comes
	struct arena *arena;	      // keys, summary
	bool lent;		      // the arena belongs to the session's caller
	const char *const *keys;
	uint32_t n_keys;
	int64_t qid, fetch;
	size_t memory_max; // of rows that are kept, or taken all at once
	int64_t available_after_ms;
	bool over;  // it was consumed, or its transaction or session has ended
	bool ended; // the server's last word was heard
	bool had_record, discarded;
	struct arena *row_arena; // for the present row
	struct bolt_value row;	 // the present or the next one
	bool peeked;
	struct arena *kept_arena; // NULL: none kept yet
	struct bolt_value *kept; // rows that were read ahead
	size_t n_kept, kept_room, kept_pos;
	struct err error; // for every call, once the kept rows are read
	const struct bolt_failure *failure;
	struct bolt_summary *summary;
	struct bolt_result *next; // in the session's list
};

// Copies the options (bolt_session_new()). Nobody can cancel it until it gets a cancel flag, so it costs no descriptor.
int session_state_new(struct bolt_driver *driver, const struct bolt_session_options *options, struct bolt_session **ret, struct err *err);

// Nothing may be open, and no result may know it any more. NULL is allowed.
void session_state_free(struct bolt_session *session);
DEFINE_CLEANUP(struct bolt_session *, session_state_free);

// Begins a public call: forgets the last call's failure. ERR_CANCELLED; ERR_INVALID as acquire_enter().
static inline int session_state_enter(struct bolt_session *session, int64_t deadline, struct err *err)
{
	session->failure = NULL;
	if (arena_used(session->scratch) > 0)
		arena_reset(session->scratch);
	if (acquire_enter(session->driver, deadline, err) < 0)
		return err->class;
	if (bolt_cancel_fired(session->cancel))
		return err_set(err, ERR_CANCELLED, "the session was cancelled");
	return 0;
}
