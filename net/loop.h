// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The one I/O thread: curl's multi handle, timers, and an inbox for other threads (curl_multi_wakeup). It
// owns every connection to the API server. Callbacks run on it and must not block.

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "base/err.h"

struct loop;

int loop_new(struct loop **ret, struct err *err);
int loop_start(struct loop *loop, struct err *err); // makes the thread
void loop_stop(struct loop *loop);		    // ends it and waits; transfers under way end with ERR_CANCELLED
void loop_free(struct loop *loop);		    // after loop_stop()
DEFINE_CLEANUP(struct loop *, loop_free);

// For workers that shall finish what they have begun; call it before loop_stop(). From ms after this call on, the loop ends as soon as a
// transfer has waited for its answer for longer than ms, and lets its waiters go. The call itself does not wait. Any thread, once.
void loop_stop_when_stuck(struct loop *loop, int64_t ms);

// Runs fn on the loop thread soon. Any thread. A late fn still runs once, so that no waiter is forgotten: the loop thread runs it on its way
// out, or after that the calling thread itself; fn then finds loop_is_stopping() true.
void loop_post(struct loop *loop, void (*fn)(void *user), void *user);

// Runs fn on the loop thread after a delay; loop thread only. Timers still pending at the end are dropped.
void loop_timer(struct loop *loop, int64_t delay_ms, void (*fn)(void *user), void *user);

bool loop_is_stopping(const struct loop *loop);

// A rendezvous between a thread that waits and the loop thread that signals.
struct loop_waiter {
	bool done;
};

void loop_signal(struct loop *loop, struct loop_waiter *waiter); // from within fn of loop_post(), or later
void loop_wait(struct loop *loop, struct loop_waiter *waiter);	 // any other thread; returns once signalled

// For net/http: a transfer that calls done at its end. Loop thread only. A transfer that times out takes its connection with it when the
// connection received nothing in all that time.
enum loop_transfer_flags {
	LOOP_APART = 1, // it shares no connection with transfers that lack this flag
	LOOP_LASTS = 2, // its answer comes in pieces for as long as it likes, and is never stuck
};
typedef void (*loop_transfer_done)(void *user, CURLcode result);
struct loop_transfer {
	unsigned flags;
	int timeout_ms; // its CURLOPT_TIMEOUT_MS, which the loop enforces where curl does not; 0: none
	loop_transfer_done done;
	void *user;
};
int loop_transfer_add(struct loop *loop, CURL *easy, const struct loop_transfer *options);
void loop_transfer_remove(struct loop *loop, CURL *easy); // done is not called

// Says that curl has handed out a piece of a transfer's answer. Loop thread only, from curl's own callbacks.
void loop_moved(struct loop *loop);

// Ends a transfer as timed out (done is called) because nothing came for silent_ms. Loop thread only.
void loop_transfer_fail(struct loop *loop, CURL *easy, int64_t silent_ms);
