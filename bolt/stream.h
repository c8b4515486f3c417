// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The rows of results as they come over a hold. One batch of one result is under way at a time; before anything else is sent, its remaining rows
// are read and kept. A hold that fails or ends tells its results, so this file gives it back.

#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "bolt/session_state.h"

// Gives the connection back. Results that still use it get this error, if it is set.
void stream_release(struct hold *hold, const struct err *error, int64_t deadline);

// Handles an error of this hold: its results get it, its transaction has failed, the connection is given back. Returns the error's class.
int stream_fail(struct hold *hold, int64_t deadline, struct err *err);

// RUN and PULL, and the answer to RUN. tx NULL: inside a transaction.
int stream_run(struct hold *hold, const struct bolt_statement *statement, const struct conn_tx *tx, int64_t deadline,
	       struct bolt_result **ret, struct err *err);

// Keeps the rest of the batch under way.
int stream_drain(struct hold *hold, int64_t deadline, struct err *err);

// Keeps the rest of a result.
int stream_keep(struct bolt_result *result, int64_t deadline, struct err *err);

// Discards the rest of a result, which then has its summary.
int stream_discard(struct bolt_result *result, int64_t deadline, struct err *err);

// Reads the next row into result->row: 1; 0: there is none.
int stream_next(struct bolt_result *result, int64_t deadline, struct err *err);

// Takes a result off its session's list and frees it; none of its rows may still come. NULL is allowed.
void stream_free(struct bolt_result *result);
DEFINE_CLEANUP(struct bolt_result *, stream_free);
