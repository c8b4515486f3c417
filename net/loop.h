// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The one I/O thread: curl's multi handle, timers, and an inbox for other threads (curl_multi_wakeup). It
// owns every connection to the API server. Callbacks run on it and must not block.

#include <stdint.h>

#include "base/err.h"

struct loop;

int loop_new(struct loop **ret, struct err *err);
int loop_start(struct loop *loop, struct err *err); // makes the thread
void loop_stop(struct loop *loop);		    // ends it and waits; requests under way end with ERR_CANCELLED
void loop_free(struct loop *loop);		    // after loop_stop()
DEFINE_CLEANUP(struct loop *, loop_free);

// Runs fn on the loop thread soon. Any thread.
void loop_post(struct loop *loop, void (*fn)(void *user), void *user);

// Runs fn on the loop thread after a delay; loop thread only. Timers still pending at the end are dropped.
void loop_timer(struct loop *loop, int64_t delay_ms, void (*fn)(void *user), void *user);
