// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A key is in the order (due, waiting for a worker), or being processed, or both wishes at once: then it is dirty and goes
// back into the order when it is done. Delayed keys wait in a list sorted by time. One lock, one condition.

#include "kube/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <uthash.h>

struct entry {
	UT_hash_handle hh;
	struct entry *next_due;	    // in the order
	struct entry *next_delayed; // in the delayed list
	int64_t due_ms;		    // while delayed
	unsigned failures;
	bool queued, processing, dirty, delayed;
	char key[];
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct entry *entries;
	struct entry *order, **order_end;
	struct entry *delayed;
	size_t depth;
	int base_delay_ms, max_delay_ms;
	const struct clock *clock;
	unsigned seed;
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
	(void)pthread_cond_destroy(&queue->changed);
	(void)pthread_mutex_destroy(&queue->lock);
	free(queue);
}

static struct entry *entry_of(struct queue *queue, const char *key)
{
	struct entry *entry;

	HASH_FIND_STR(queue->entries, key, entry);
	if (!entry) {
		entry = must(calloc(1, sizeof(*entry) + strlen(key) + 1));
		strcpy(entry->key, key);
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

static void undelay(struct queue *queue, struct entry *entry)
{
	if (!entry->delayed)
		return;
	for (struct entry **link = &queue->delayed; *link; link = &(*link)->next_delayed) {
		if (*link == entry) {
			*link = entry->next_delayed;
			break;
		}
	}
	entry->delayed = false;
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
	entry->next_due = NULL;
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
	struct entry **link;

	if (entry->queued || (entry->delayed && entry->due_ms <= due))
		return;
	undelay(queue, entry);
	entry->due_ms = due;
	entry->delayed = true;
	for (link = &queue->delayed; *link && (*link)->due_ms <= due; link = &(*link)->next_delayed)
		;
	entry->next_delayed = *link;
	*link = entry;
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
	ms += rand_r(&queue->seed) % (ms / 10 + 1);
	entry->failures++;
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

	while (queue->delayed && queue->delayed->due_ms <= now) {
		struct entry *entry = queue->delayed;

		queue->delayed = entry->next_delayed;
		entry->delayed = false;
		enqueue(queue, entry);
	}
	return queue->delayed ? queue->delayed->due_ms - now : -1;
}

static void wait_for_change(struct queue *queue, int64_t ms)
{
	struct timespec until;

	// A test's clock moves without us: it wakes the queue.
	if (ms < 0 || queue->clock != &clock_system) {
		(void)pthread_cond_wait(&queue->changed, &queue->lock);
		return;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000 + 1) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
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
	(void)strncpy(key, entry->key, size - 1);
	key[size - 1] = '\0';
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
	depth = queue->depth;
	(void)pthread_mutex_unlock(&queue->lock);
	return depth;
}
