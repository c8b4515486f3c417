// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A key is in the order (due, waiting for a worker), or being processed, or both at once: then
// it is dirty and goes back into the order when it is done. Delayed keys wait in a heap by time (kube/waiting.h). kube/turns.h keeps
// the order: when a worker finds no key because a group has used up its share of the workers, it sleeps until a member no longer counts.
//
// One lock, one condition. A signal wakes one worker, which may have slept without an end while
// another slept until a delay; so a worker that leaves with a key hands the baton on: if anything is
// left to wait for, it wakes another one. Without that, a delayed key would be forgotten for as long
// as the one worker that knew of it is busy.

#include "kube/queue.h"

#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <uthash.h>

#include "base/must.h"
#include "kube/turns.h"
#include "kube/waiting.h"

#define ENTRY_OF(part, member) ((struct entry *)(void *)((char *)(part) - offsetof(struct entry, member)))

struct entry {
	UT_hash_handle hh;
	struct waiting waiting; // while the key is delayed
	struct turn turn;	// while the key is queued or processing
	int64_t due_ms;		// while it is in the order: since when
	unsigned failures;
	bool queued, processing, dirty;
	char key[];
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct entry *entries;
	struct waiting_heap delayed;
	struct turns turns;
	void (*group)(const char *key, char name[QUEUE_GROUP_SIZE]);
	int base_delay_ms, max_delay_ms;
	const struct clock *clock;
	unsigned seed;
	struct queue_stats stats;
	struct histogram waits;
	bool stopped;
};

struct queue *queue_new(const struct queue_options *options)
{
	struct queue *queue = must(calloc(1, sizeof(*queue)));
	pthread_condattr_t attr;

	(void)pthread_mutex_init(&queue->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&queue->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
	queue->group = options ? options->group : NULL;
	queue->turns.places = options ? options->places : 0;
	queue->turns.workers = options ? options->workers : 0;
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
	turns_release(&queue->turns);
	waiting_release(&queue->delayed);
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

// Frees an entry of which nothing is known any more.
static void entry_settle(struct queue *queue, struct entry *entry)
{
	if (entry->queued || entry->processing || entry->waiting.is_in || entry->failures)
		return;
	assert(!entry->turn.group && !entry->dirty);
	HASH_DEL(queue->entries, entry);
	free(entry);
}

static void append(struct queue *queue, struct entry *entry)
{
	char name[QUEUE_GROUP_SIZE] = "";

	if (queue->group)
		queue->group(entry->key, name);
	assert(memchr(name, '\0', sizeof(name)));
	turns_append(&queue->turns, &entry->turn, name);
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
	queue->stats.adds++;
	append(queue, entry);
	(void)pthread_cond_signal(&queue->changed);
}

static void add(struct queue *queue, struct entry *entry)
{
	// The key runs now, so this run replaces any later one.
	waiting_remove(&queue->delayed, &entry->waiting);
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

	if (entry->queued || (entry->waiting.is_in && entry->waiting.due_ms <= due))
		return;
	waiting_remove(&queue->delayed, &entry->waiting);
	waiting_add(&queue->delayed, &entry->waiting, due);
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

// Moves keys that have become due into the order; returns the milliseconds until the next, -1 for none.
static int64_t ripen(struct queue *queue)
{
	int64_t now = clock_monotonic_ms(queue->clock);
	struct waiting *first;

	while ((first = waiting_first(&queue->delayed)) && first->due_ms <= now) {
		waiting_remove(&queue->delayed, first);
		enqueue(queue, ENTRY_OF(first, waiting));
	}
	return first ? first->due_ms - now : -1;
}

static void wait_for_change(struct queue *queue, int64_t ms)
{
	struct timespec until;

	// A test's clock moves by itself, and the test wakes the queue.
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
	struct turn *turn;

	(void)pthread_mutex_lock(&queue->lock);
	for (;;) {
		int64_t next = ripen(queue);

		if (queue->stopped) {
			(void)pthread_mutex_unlock(&queue->lock);
			return false;
		}
		turn = turns_take(&queue->turns, clock_monotonic_ms(queue->clock), &next);
		if (turn)
			break;
		wait_for_change(queue, next);
	}
	entry = ENTRY_OF(turn, turn);
	assert(entry->queued && !entry->processing && strlen(entry->key) < size);
	entry->queued = false;
	entry->processing = true;
	histogram_add(&queue->waits, clock_monotonic_ms(queue->clock) - entry->due_ms);
	memcpy(key, entry->key, strlen(entry->key) + 1);
	if (queue->turns.due > 0 || waiting_first(&queue->delayed))
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
		turns_leave(&queue->turns, &entry->turn);
		if (queue->turns.due > 0)
			(void)pthread_cond_signal(&queue->changed);
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
	depth = queue->turns.due;
	(void)pthread_mutex_unlock(&queue->lock);
	return depth;
}

bool queue_may_get(struct queue *queue)
{
	bool may;

	(void)pthread_mutex_lock(&queue->lock);
	(void)ripen(queue);
	may = turns_may_take(&queue->turns, clock_monotonic_ms(queue->clock));
	(void)pthread_mutex_unlock(&queue->lock);
	return may;
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
