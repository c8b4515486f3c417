// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Transactions: begins them, runs queries in them, commits or rolls back, and repeats managed ones.

#include <stdint.h>

#include "base/err.h"
#include "bolt/session_state.h"

// Tells the server the kind of call.
int tx_begin(struct bolt_session *session, const struct bolt_job *job, enum conn_api api, int64_t deadline, struct bolt_tx **ret,
	     struct err *err);

// Begins a public call on a transaction that goes on. ERR_INVALID: it has failed or ended; and as acquire_enter().
int tx_enter(struct bolt_tx *tx, int64_t deadline, struct err *err);

int tx_run(struct bolt_tx *tx, const struct bolt_statement *statement, int64_t deadline, struct bolt_result **ret, struct err *err);
int tx_commit(struct bolt_tx *tx, int64_t deadline, struct err *err);
int tx_rollback(struct bolt_tx *tx, int64_t deadline, struct err *err);

// Begins, works and commits until that succeeds or is not worth another try.
int tx_execute(struct bolt_session *session, const struct bolt_job *job, enum conn_api api, int64_t deadline, struct err *err);

// Forgets a transaction that has failed, though nobody has rolled it back.
void tx_forget_failed(struct bolt_session *session);
