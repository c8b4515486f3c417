// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A key is in the order (due, waiting for a worker), or being processed, or both wishes at once: then
// it is dirty and goes back into the order when it is done. Delayed keys wait in a heap by time.
//
// One lock, one condition. A signal wakes one worker, which may have slept without an end while
// another slept until a delay; so a worker that leaves with a key hands the baton on: if anything is
// left to wait for, it wakes another one. Without that, a delayed key would be forgotten for as long
// as the one worker that knew of it is busy.

#include "kube/queue.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <uthash.h>

struct entry {
	UT_hash_handle hh;
	struct entry *next_due; // in the order
	int64_t due_ms;		// while delayed; while it is in the order: since when
	size_t place;		// in the heap, while delayed
	unsigned failures;
	bool queued, processing, dirty, delayed;
	char key[];
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct entry *entries;
	struct entry *order, **order_end;
	struct entry **delayed; // a heap: the earliest first
	size_t n_delayed, cap_delayed;
	size_t depth;
	int base_delay_ms, max_delay_ms;
	const struct clock *clock;
	unsigned seed;
	struct queue_stats stats;
	struct histogram waits;
	bool stopped;
};

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

struct queue *queue_new(const struct queue_options *options)
{
	struct queue *queue = must(calloc(1, sizeof(*queue)));
	pthread_condattr_t attr;

	(void)pthread_mutex_init(&queue->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&queue->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
	queue->order_end = &queue->order;
	queue->base_delay_ms = options && options->base_delay_ms ? options->base_delay_ms : 1000;
	queue->max_delay_ms = options && options->max_delay_ms ? options->max_delay_ms : 300000;
	queue->clock = options && options->clock ? options->clock : &clock_system;
	queue->seed = (unsigned)clock_monotonic_ms(&clock_system);
	return queue;
}

void queue_free(struct queue *queue)
{
	struct entry *entry, *next;

	if (!queue)
		return;
	HASH_ITER(hh, queue->entries, entry, next)
	{
		HASH_DEL(queue->entries, entry);
		free(entry);
	}
	free(queue->delayed);
	(void)pthread_cond_destroy(&queue->changed);
	(void)pthread_mutex_destroy(&queue->lock);
	free(queue);
}

static struct entry *entry_of(struct queue *queue, const char *key)
{
	struct entry *entry;

	assert(strlen(key) < QUEUE_KEY_SIZE);
	HASH_FIND_STR(queue->entries, key, entry);
	if (!entry) {
		entry = must(calloc(1, sizeof(*entry) + strlen(key) + 1));
		memcpy(entry->key, key, strlen(key) + 1);
		HASH_ADD_STR(queue->entries, key, entry);
	}
	return entry;
}

// An entry that nothing is known of any more need not be kept.
static void entry_settle(struct queue *queue, struct entry *entry)
{
	if (entry->queued || entry->processing || entry->delayed || entry->failures)
		return;
	HASH_DEL(queue->entries, entry);
	free(entry);
}

static void heap_set(struct queue *queue, size_t place, struct entry *entry)
{
	queue->delayed[place] = entry;
	entry->place = place;
}

// Moves an entry from a place towards the root while it is earlier than its parent.
static void heap_rise(struct queue *queue, size_t place, struct entry *entry)
{
	while (place > 0 && entry->due_ms < queue->delayed[(place - 1) / 2]->due_ms) {
		heap_set(queue, place, queue->delayed[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	heap_set(queue, place, entry);
}

static void heap_sink(struct queue *queue, size_t place, struct entry *entry)
{
	size_t child;

	while ((child = 2 * place + 1) < queue->n_delayed) {
		if (child + 1 < queue->n_delayed &&
		    queue->delayed[child + 1]->due_ms < queue->delayed[child]->due_ms)
			child++;
		if (entry->due_ms <= queue->delayed[child]->due_ms)
			break;
		heap_set(queue, place, queue->delayed[child]);
		place = child;
	}
	// The last entry may belong above the gap it fills, in another branch.
	heap_rise(queue, place, entry);
}

static void heap_add(struct queue *queue, struct entry *entry)
{
	if (queue->n_delayed == queue->cap_delayed) {
		queue->cap_delayed = queue->cap_delayed ? queue->cap_delayed * 2 : 16;
		queue->delayed = must(reallocarray(queue->delayed, queue->cap_delayed,
						   sizeof(struct entry *)));
	}
	queue->n_delayed++;
	heap_rise(queue, queue->n_delayed - 1, entry);
	entry->delayed = true;
}

static void undelay(struct queue *queue, struct entry *entry)
{
	struct entry *last;

	if (!entry->delayed)
		return;
	entry->delayed = false;
	last = queue->delayed[--queue->n_delayed];
	if (last != entry)
		heap_sink(queue, entry->place, last);
}

static void enqueue(struct queue *queue, struct entry *entry)
{
	if (entry->processing) {
		entry->dirty = true;
		return;
	}
	if (entry->queued)
		return;
	entry->queued = true;
	entry->due_ms = clock_monotonic_ms(queue->clock);
	entry->next_due = NULL;
	queue->stats.adds++;
	*queue->order_end = entry;
	queue->order_end = &entry->next_due;
	queue->depth++;
	(void)pthread_cond_signal(&queue->changed);
}

static void add(struct queue *queue, struct entry *entry)
{
	// It runs now, so whatever was to come later has come.
	undelay(queue, entry);
	enqueue(queue, entry);
}

void queue_add(struct queue *queue, const char *key)
{
	(void)pthread_mutex_lock(&queue->lock);
	if (!queue->stopped)
		add(queue, entry_of(queue, key));
	(void)pthread_mutex_unlock(&queue->lock);
}

static void delay(struct queue *queue, struct entry *entry, int64_t ms)
{
	int64_t due = clock_monotonic_ms(queue->clock) + ms;

	if (entry->queued || (entry->delayed && entry->due_ms <= due))
		return;
	undelay(queue, entry);
	entry->due_ms = due;
	heap_add(queue, entry);
	(void)pthread_cond_signal(&queue->changed);
}

void queue_add_after(struct queue *queue, const char *key, int64_t delay_ms)
{
	(void)pthread_mutex_lock(&queue->lock);
	if (queue->stopped)
		;
	else if (delay_ms <= 0)
		add(queue, entry_of(queue, key));
	else
		delay(queue, entry_of(queue, key), delay_ms);
	(void)pthread_mutex_unlock(&queue->lock);
}

int64_t queue_add_backoff(struct queue *queue, const char *key)
{
	return queue_add_backoff_at_least(queue, key, 0);
}

int64_t queue_add_backoff_at_least(struct queue *queue, const char *key, int64_t at_least_ms)
{
	struct entry *entry;
	int64_t ms;

	(void)pthread_mutex_lock(&queue->lock);
	if (queue->stopped) {
		(void)pthread_mutex_unlock(&queue->lock);
		return 0;
	}
	entry = entry_of(queue, key);
	ms = queue->base_delay_ms;
	for (unsigned i = 0; i < entry->failures && ms < queue->max_delay_ms; i++)
		ms *= 2;
	if (ms > queue->max_delay_ms)
		ms = queue->max_delay_ms;
	if (ms < at_least_ms)
		ms = at_least_ms;
	ms += rand_r(&queue->seed) % (ms / 10 + 1);
	entry->failures++;
	queue->stats.retries++;
	delay(queue, entry, ms);
	(void)pthread_mutex_unlock(&queue->lock);
	return ms;
}

void queue_forget(struct queue *queue, const char *key)
{
	struct entry *entry;

	(void)pthread_mutex_lock(&queue->lock);
	HASH_FIND_STR(queue->entries, key, entry);
	if (entry) {
		entry->failures = 0;
		entry_settle(queue, entry);
	}
	(void)pthread_mutex_unlock(&queue->lock);
}

// Moves what has become due into the order; the milliseconds until the next, -1 for none.
static int64_t ripen(struct queue *queue)
{
	int64_t now = clock_monotonic_ms(queue->clock);

	while (queue->n_delayed > 0 && queue->delayed[0]->due_ms <= now) {
		struct entry *entry = queue->delayed[0];

		undelay(queue, entry);
		enqueue(queue, entry);
	}
	return queue->n_delayed > 0 ? queue->delayed[0]->due_ms - now : -1;
}

static void wait_for_change(struct queue *queue, int64_t ms)
{
	struct timespec until;

	// A test's clock moves without us: it wakes the queue.
	if (ms < 0 || queue->clock != &clock_system) {
		(void)pthread_cond_wait(&queue->changed, &queue->lock);
		return;
	}
	until = deadline_timespec(deadline_in_ms(ms + 1));
	(void)pthread_cond_timedwait(&queue->changed, &queue->lock, &until);
}

bool queue_get(struct queue *queue, char *key, size_t size)
{
	struct entry *entry;

	(void)pthread_mutex_lock(&queue->lock);
	for (;;) {
		int64_t next = ripen(queue);

		if (queue->stopped) {
			(void)pthread_mutex_unlock(&queue->lock);
			return false;
		}
		if (queue->order)
			break;
		wait_for_change(queue, next);
	}
	entry = queue->order;
	queue->order = entry->next_due;
	if (!queue->order)
		queue->order_end = &queue->order;
	queue->depth--;
	entry->queued = false;
	entry->processing = true;
	histogram_add(&queue->waits, clock_monotonic_ms(queue->clock) - entry->due_ms);
	assert(strlen(entry->key) < size);
	memcpy(key, entry->key, strlen(entry->key) + 1);
	if (queue->order || queue->n_delayed > 0)
		(void)pthread_cond_signal(&queue->changed);
	(void)pthread_mutex_unlock(&queue->lock);
	return true;
}

void queue_done(struct queue *queue, const char *key)
{
	struct entry *entry;

	(void)pthread_mutex_lock(&queue->lock);
	HASH_FIND_STR(queue->entries, key, entry);
	if (entry) {
		entry->processing = false;
		if (entry->dirty) {
			entry->dirty = false;
			add(queue, entry);
		} else {
			entry_settle(queue, entry);
		}
	}
	(void)pthread_mutex_unlock(&queue->lock);
}

void queue_wake(struct queue *queue)
{
	(void)pthread_mutex_lock(&queue->lock);
	(void)pthread_cond_broadcast(&queue->changed);
	(void)pthread_mutex_unlock(&queue->lock);
}

void queue_shutdown(struct queue *queue)
{
	(void)pthread_mutex_lock(&queue->lock);
	queue->stopped = true;
	(void)pthread_cond_broadcast(&queue->changed);
	(void)pthread_mutex_unlock(&queue->lock);
}

size_t queue_depth(struct queue *queue)
{
	size_t depth;

	(void)pthread_mutex_lock(&queue->lock);
	(void)ripen(queue);
	depth = queue->depth;
	(void)pthread_mutex_unlock(&queue->lock);
	return depth;
}

void queue_stats(struct queue *queue, struct queue_stats *ret)
{
	(void)pthread_mutex_lock(&queue->lock);
	*ret = queue->stats;
	(void)pthread_mutex_unlock(&queue->lock);
}

const struct histogram *queue_waits(const struct queue *queue)
{
	return &queue->waits;
}
