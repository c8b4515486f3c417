// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Workers that take keys from a queue and reconcile them. This is the one place that turns an outcome into the next run, and that logs and
// counts reconciles. A reconcile that waits for long (for a server that does not answer) does not count as working: another thread steps in
// meanwhile, so that slow keys, however many, delay the others only for a moment.

#include <stdint.h>

#include "base/err.h"
#include "base/histogram.h"
#include "kube/queue.h"

// What should happen after a reconcile. Expected waits are outcomes, not errors.
struct outcome {
	int64_t again_after_ms; // run again then; 0: only when something changes
	bool backoff;		// run again after the key's back-off (an expected failure that is worth a retry)
	const char *reason;	// static text for the log, e.g. "waiting-for-pods"; NULL
};

// Runs on a worker's thread. The runner retries an error after the key's back-off, and not before its Retry-After; it neither retries nor
// reports ERR_CANCELLED (we are stopping).
typedef int (*reconcile_fn)(void *user, const char *key, struct outcome *ret, struct err *err);

struct runner;

struct runner_options {
	struct queue *queue;
	int workers; // threads, beside those that step in: at most RUNNER_SPARES times as many; runner_places() is the sum
	reconcile_fn reconcile;
	void *user;
	const char *name; // for logs and metrics
	int64_t long_ms;  // runner_look() reports a reconcile after so long; 0: a minute
	int64_t slow_ms;  // a reconcile counts as waiting after so long; 0: half a second
};

#define RUNNER_SPARES 7

// How many keys can be worked on at a time, for the queue's options.
static inline int runner_places(int workers)
{
	return workers * (1 + RUNNER_SPARES);
}

int runner_start(const struct runner_options *options, struct runner **ret, struct err *err);

// Shuts the queue down, waits for the running reconciles (their own deadlines bound each, or loop_stop_when_stuck()), frees.
void runner_stop(struct runner *runner); // NULL is allowed

// For metrics; any thread, until runner_stop().
struct runner_stats {
	uint64_t succeeded; // nothing more to do
	uint64_t waiting;   // will run again by themselves: later, or after a back-off
	uint64_t failed;    // ended with an error
	uint64_t busy_ms;   // in reconciles that have ended
	int active;	    // reconciles running now; more than the workers while some wait for long
	int workers;
	int64_t longest_ms, unfinished_ms; // of these: the oldest, and all together
};

void runner_stats(const struct runner *runner, struct runner_stats *ret);

// The durations of reconciles.
const struct histogram *runner_times(const struct runner *runner);

// Call it every few seconds: logs each reconcile that has run for longer than long_ms with its present step (base/steps.h), and again after as
// long. Returns the milliseconds of the oldest. Any thread, until runner_stop().
int64_t runner_look(struct runner *runner);
