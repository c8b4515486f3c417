// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The connection that an auto-commit query or a transaction holds while it lasts: taken, asked, given back. It knows nothing of the answers that
// come over it (bolt/stream.h).

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "bolt/session_state.h"

// Gets a connection for a transaction of this session.
int hold_take(struct bolt_session *session, bool read, bool lazy, int64_t deadline, struct hold **ret, struct err *err);

// Gives it back, and frees. No result may use it any more: stream_release() makes sure of that.
void hold_give(struct hold *hold, int64_t deadline);

// The extra of RUN and BEGIN. ERR_INVALID: the timeout.
int hold_extra(const struct hold *hold, int64_t timeout_ms, const struct bolt_value *metadata, struct conn_tx *ret, struct err *err);

// No statement goes out before we know that the login is good: waits for that where it is due.
int hold_settle(struct hold *hold, int64_t deadline, struct err *err);

// Notes that an auto-commit query goes out now.
void hold_doubt(struct hold *hold, const char *text);

// For an error of this hold: work that may have been done must not be repeated, so bolt_is_retryable() says no from now on.
void hold_judge(const struct hold *hold, struct err *err);

// Sends what was appended, while no batch is under way, and waits for this request's answer.
int hold_await(struct hold *hold, enum conn_request request, int64_t deadline, struct bolt_value *ret, struct err *err);

// Notes the bookmark that the transaction left; NULL: it left none.
int hold_mark(const struct hold *hold, const char *bookmark, struct err *err);
