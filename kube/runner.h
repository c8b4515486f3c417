// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Workers that take keys from a queue and reconcile them. The one place where an outcome becomes a next run,
// and where a reconcile is logged and counted. A reconcile that waits for long (for a server that does not answer) counts as none:
// another thread steps in for as long, so that no number of slow keys delays the others for more than a moment.

#include <stdint.h>

#include "base/err.h"
#include "base/histogram.h"
#include "kube/queue.h"

// What a reconcile wants next. Expected waits are outcomes, not errors.
struct outcome {
	int64_t again_after_ms; // run again then; 0: only when something changes
	bool backoff;		// run again after the key's back-off (an expected failure that should be retried)
	const char *reason;	// static text for the log, e.g. "waiting-for-pods"; NULL
};

// Runs on a worker's thread. An error is retried after the key's back-off, not before its Retry-After;
// ERR_CANCELLED (we are stopping) is neither retried nor reported.
typedef int (*reconcile_fn)(void *user, const char *key, struct outcome *ret, struct err *err);

struct runner;

struct runner_options {
	struct queue *queue;
	int workers; // threads, but for those that step in: RUNNER_SPARES times as many at most; runner_places() together
	reconcile_fn reconcile;
	void *user;
	const char *name; // for logs and metrics
	int64_t long_ms;  // after which runner_look() reports a reconcile; 0: a minute
	int64_t slow_ms;  // after which a reconcile counts as one that waits; 0: half a second
};

#define RUNNER_SPARES 7

// How many keys can be worked on at a time, for the queue's options.
static inline int runner_places(int workers)
{
	return workers * (1 + RUNNER_SPARES);
}

int runner_start(const struct runner_options *options, struct runner **ret, struct err *err);

// Shuts the queue down, waits for the running reconciles (each is bounded by its own deadlines, or by loop_stop_when_stuck()), frees.
void runner_stop(struct runner *runner); // NULL is allowed

// For metrics; any thread, until runner_stop().
struct runner_stats {
	uint64_t succeeded; // nothing more to do
	uint64_t waiting;   // to run again by itself: later, or after a back-off
	uint64_t failed;    // ended with an error
	uint64_t busy_ms;   // spent in reconciles that have ended
	int active;	    // reconciles running now; may be more than the workers where some wait for long
	int workers;
	int64_t longest_ms, unfinished_ms; // of those: the oldest, and all together
};

void runner_stats(const struct runner *runner, struct runner_stats *ret);

// How long reconciles took.
const struct histogram *runner_times(const struct runner *runner);

// To be called every few seconds: logs each reconcile that has run for longer than long_ms with what it is doing (base/steps.h),
// and again after as long. Returns the milliseconds of the oldest. Any thread, until runner_stop().
int64_t runner_look(struct runner *runner);
