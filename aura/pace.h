// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// How soon the next call to the Aura API may go out: a few at once, then one by one, and never more than so many in any minute, also where one
// process follows another; none before the time that the service has asked for, and while the service is not there only one at a time tries
// whether it is back. Nobody waits here: a caller that may not go gets the time to come again. Any thread.

#include <stdint.h>

#include "base/err.h"

// The service allows 125 a minute and account.
#define PACE_CALLS_A_MINUTE 100
#define PACE_MINUTE_MS 60000
#define PACE_AT_ONCE 10
#define PACE_EVERY_MS 667 // one more

struct pace;

struct pace *pace_new(int64_t now_ms); // monotonic, as in all calls
void pace_free(struct pace *pace);
DEFINE_CLEANUP(struct pace *, pace_free);

// Takes a call of at most timeout_ms out of the limit. ERR_TOO_MANY: the limit is used up, or the service has asked for a pause; the class of
// the last failure: the service is away. Both with retry_after_ms.
int pace_take(struct pace *pace, int64_t now_ms, int timeout_ms, struct err *err);

// The call has ended and the service is there, whatever it said.
void pace_note_answer(struct pace *pace);

// The service asked to be left alone for so long.
void pace_note_pause(struct pace *pace, int64_t now_ms, int ms);

// No answer came, or one from a proxy that found the service away. The pause doubles from 5 s to a minute.
void pace_note_outage(struct pace *pace, int64_t now_ms, const struct err *err);
