// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Work that belongs together: each transaction of a session sees what the earlier ones did, on whatever server it runs. A session is cheap,
// holds a connection only while it needs one, and belongs to one thread at a time (any thread may call bolt_session_cancel()). One transaction,
// or one auto-commit query, at a time.
//
//   bolt_session_new(driver, &(struct bolt_session_options){.database = "neo4j"}, &session, &err);
//   bolt_session_run(session, &(struct bolt_statement){.text = "CREATE (:Person {name: $name})", .params = &map}, deadline, &result, &err);
//   bolt_result_consume(result, deadline, &summary, &err);

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "bolt/auth.h"
#include "bolt/bookmarks.h"
#include "bolt/driver.h"
#include "bolt/options.h"
#include "bolt/result.h"
#include "bolt/value.h"

struct bolt_session;
struct bolt_tx;

// options may be NULL: all defaults. They are copied, except what must outlive the session.
int bolt_session_new(struct bolt_driver *driver, const struct bolt_session_options *options, struct bolt_session **ret, struct err *err);

// Ends what is open: discards a result, rolls a transaction back. Errors are those that an unread result still had to tell; free the session in
// any case.
int bolt_session_close(struct bolt_session *session, int64_t deadline, struct err *err);

// Closes, without waiting long and without returning errors, and frees. NULL is allowed.
void bolt_session_free(struct bolt_session *session);
DEFINE_CLEANUP(struct bolt_session *, bolt_session_free);

// From any thread: the present call and each later one end at once with ERR_CANCELLED. Connections in use are closed; the server rolls back.
void bolt_session_cancel(struct bolt_session *session);

// Runs a query in a transaction of its own, which is not retried. An earlier result of this session that is still open is read to its end and
// kept (as far as the driver's limits allow, or it breaks off with ERR_TOO_LARGE). Errors: ERR_SERVER and ERR_FORBIDDEN with Neo4j's err.code;
// ERR_IO: nobody there, no server for this work, or the connection broke; ERR_TIMEOUT; ERR_PROTOCOL; ERR_INVALID: a transaction is open, or the
// server's Bolt is too old for the request; ERR_CANCELLED.
int bolt_session_run(struct bolt_session *session, const struct bolt_statement *statement, int64_t deadline,
		     struct bolt_result **ret, struct err *err);

// options may be NULL. Errors as above.
int bolt_session_begin(struct bolt_session *session, const struct bolt_tx_options *options, int64_t deadline, struct bolt_tx **ret,
		       struct err *err);

// Several results may be open at once. After a failure only the rollback is left: other calls are ERR_INVALID; the session may begin another
// transaction without it.
int bolt_tx_run(struct bolt_tx *tx, const struct bolt_statement *statement, int64_t deadline, struct bolt_result **ret, struct err *err);

// Discards open results first: otherwise the server (5.26, 2026.05) would commit only what the rows read so far have written. A discarded result
// writes everything; its rows are not computed, so an error in them is not told. A connection that breaks here is ERR_IO with the code
// BOLT_COMMIT_UNKNOWN.
int bolt_tx_commit(struct bolt_tx *tx, int64_t deadline, struct err *err);

// Sends nothing where the server has rolled back by itself.
int bolt_tx_rollback(struct bolt_tx *tx, int64_t deadline, struct err *err);

bool bolt_tx_is_open(const struct bolt_tx *tx);

// Rolls back an open transaction, without waiting long, and frees. NULL is allowed.
void bolt_tx_free(struct bolt_tx *tx);
DEFINE_CLEANUP(struct bolt_tx *, bolt_tx_free);

// Pauses between tries double from 1 s, with some jitter, until the driver's retry_ms have passed since the first try, or the deadline would
// pass.
int bolt_session_execute(struct bolt_session *session, const struct bolt_job *job, int64_t deadline, struct err *err);

// The bookmarks for the next transaction; they live until the next call with this session.
struct bolt_bookmark_list bolt_session_bookmarks(const struct bolt_session *session);

// All that the server said about the failure of the last call with this session, its transactions or results; NULL when that call did not fail
// so. Lives until the next call.
const struct bolt_failure *bolt_session_failure(const struct bolt_session *session);
