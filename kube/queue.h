// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The work queue: each key is in it at most once, and never with two workers at a time. A key that is added while it runs runs once more
// afterwards. Any thread may call. (The three sets of client-go: order, dirty, processing; delays in a heap, the earlier time wins; back-off per
// key.)
//
// Keys may belong to groups, which take turns and share out the workers (kube/turns.h): the API server that one group's runs load slows down the
// others' runs, too.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/histogram.h"

struct queue;

#define QUEUE_GROUP_SIZE 256

struct queue_options {
	int base_delay_ms; // first back-off, doubled each time; 0: 1000
	int max_delay_ms;  // 0: 300000
	const struct clock *clock; // NULL: the system's; after moving its own clock a test calls queue_wake()
	void (*group)(const char *key, char name[QUEUE_GROUP_SIZE]); // the group of a key; NULL: all keys are in one
	int places; // how many keys can be worked on at a time; 0: any number, and no group is held back
	int workers; // shared out among the groups; 0: nothing is shared out
};

struct queue *queue_new(const struct queue_options *options);
void queue_free(struct queue *queue);
DEFINE_CLEANUP(struct queue *, queue_free);

// A key is shorter than QUEUE_KEY_SIZE (asserted). Adding it now cancels a later time: the run that comes now decides anew.
#define QUEUE_KEY_SIZE 512
void queue_add(struct queue *queue, const char *key);

// Does nothing when the key is already due, or delayed to an earlier time.
void queue_add_after(struct queue *queue, const char *key, int64_t delay_ms);

// Adds the key after its next back-off delay, with jitter of up to a tenth. Returns the delay.
int64_t queue_add_backoff(struct queue *queue, const char *key);

// Like queue_add_backoff(), but not before at_least_ms: the time that a server asked for (Retry-After).
int64_t queue_add_backoff_at_least(struct queue *queue, const char *key, int64_t at_least_ms);
void queue_forget(struct queue *queue, const char *key); // the back-off starts anew

// Waits for a key and copies it (size at least QUEUE_KEY_SIZE); false when the queue was shut down. Give each key back with queue_done().
bool queue_get(struct queue *queue, char *key, size_t size);
void queue_done(struct queue *queue, const char *key);

void queue_wake(struct queue *queue);
void queue_shutdown(struct queue *queue);

size_t queue_depth(struct queue *queue); // keys that are due
bool queue_may_get(struct queue *queue); // one of them may run now

// For metrics; any thread.
struct queue_stats {
	uint64_t adds;	  // keys that became due
	uint64_t retries; // after a back-off
};

void queue_stats(struct queue *queue, struct queue_stats *ret);

// The time from when a key was due until a worker took it.
const struct histogram *queue_waits(const struct queue *queue);
