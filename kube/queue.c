// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A key is in the order (due, waiting for a worker), or being processed, or both wishes at once: then
// it is dirty and goes back into the order when it is done. Delayed keys wait in a heap by time.
//
// The order is one list for each group. The groups with due keys stand in a ring; the first one that may have another key worked on
// gives its first key and goes to the end. A group that may not has as many keys worked on as there are free places, or as its share
// of the workers, so few are passed over. A share grows when another group has nothing to do any more, and by time, when a key has been
// worked on for so long that it counts no more: a worker that finds no key for that reason sleeps until then.
//
// One lock, one condition. A signal wakes one worker, which may have slept without an end while
// another slept until a delay; so a worker that leaves with a key hands the baton on: if anything is
// left to wait for, it wakes another one. Without that, a delayed key would be forgotten for as long
// as the one worker that knew of it is busy.

#include "kube/queue.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <uthash.h>
#include <utlist.h>

// There is one while it has keys that are due or worked on.
struct group {
	UT_hash_handle hh;
	struct group *prev, *next; // in the ring, while keys are due
	struct entry *order, **order_end;
	struct entry *worked_on; // a list, the one that was taken first before the others
	int running;		 // its length
	char name[];
};

struct entry {
	UT_hash_handle hh;
	struct entry *next_due; // in the order
	struct entry *prev, *next; // in worked_on
	int64_t taken_ms;	   // while processing: since when
	struct group *group;	// while queued or processing
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
	struct group *groups, *ring;
	struct entry **delayed; // a heap: the earliest first
	size_t n_delayed, cap_delayed;
	size_t depth;
	int running;
	int places; // 0: any number
	int workers; // 0: not shared out
	void (*group)(const char *key, char name[QUEUE_GROUP_SIZE]);
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
	queue->group = options ? options->group : NULL;
	queue->places = options ? options->places : 0;
	queue->workers = options ? options->workers : 0;
	queue->base_delay_ms = options && options->base_delay_ms ? options->base_delay_ms : 1000;
	queue->max_delay_ms = options && options->max_delay_ms ? options->max_delay_ms : 300000;
	queue->clock = options && options->clock ? options->clock : &clock_system;
	queue->seed = (unsigned)clock_monotonic_ms(&clock_system);
	return queue;
}

static void groups_free(struct queue *queue)
{
	struct group *group, *next;

	HASH_ITER(hh, queue->groups, group, next)
	{
		HASH_DEL(queue->groups, group);
		free(group);
	}
}

void queue_free(struct queue *queue)
{
	struct entry *entry, *next;

	if (!queue)
		return;
	groups_free(queue);
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
	assert(!entry->group && !entry->dirty);
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
	assert(entry->place < queue->n_delayed && queue->delayed[entry->place] == entry);
	entry->delayed = false;
	last = queue->delayed[--queue->n_delayed];
	if (last != entry)
		heap_sink(queue, entry->place, last);
}

static struct group *group_of(struct queue *queue, const char *key)
{
	char name[QUEUE_GROUP_SIZE] = "";
	struct group *group;

	if (queue->group)
		queue->group(key, name);
	assert(memchr(name, '\0', sizeof(name)));
	HASH_FIND_STR(queue->groups, name, group);
	if (!group) {
		group = must(calloc(1, sizeof(*group) + strlen(name) + 1));
		memcpy(group->name, name, strlen(name) + 1);
		group->order_end = &group->order;
		HASH_ADD_STR(queue->groups, name, group);
	}
	return group;
}

static void group_settle(struct queue *queue, struct group *group)
{
	assert(group->running >= 0);
	if (group->order || group->running > 0)
		return;
	HASH_DEL(queue->groups, group);
	free(group);
}

static void order_append(struct queue *queue, struct entry *entry)
{
	struct group *group = entry->group = group_of(queue, entry->key);

	entry->next_due = NULL;
	if (!group->order)
		DL_APPEND(queue->ring, group);
	*group->order_end = entry;
	group->order_end = &entry->next_due;
	queue->depth++;
}

// How many workers a group may have: all groups that there are have something to do.
static int share(const struct queue *queue)
{
	int n = (int)HASH_COUNT(queue->groups);

	if (queue->workers == 0 || n == 1)
		return INT_MAX;
	return queue->workers > n ? queue->workers / n : 1;
}

// The milliseconds until a group whose share is used up has one key less that counts; 0: its share is not used up.
static int64_t share_wait(const struct queue *queue, const struct group *group, int64_t now)
{
	int more = group->running - share(queue);
	const struct entry *entry;

	if (more < 0)
		return 0;
	// The list begins with those that were taken first: so many of them must be old.
	for (entry = group->worked_on; more > 0; more--)
		entry = entry->next;
	return entry->taken_ms + QUEUE_PATIENCE_MS > now ? entry->taken_ms + QUEUE_PATIENCE_MS - now : 0;
}

static bool has_place(const struct queue *queue, const struct group *group)
{
	return queue->places == 0 || group->running < queue->places - queue->running;
}

// Whether the group may have another key worked on. If not, but for time alone, *ret_wait_ms is made as small as the time is.
static bool may_run(const struct queue *queue, const struct group *group, int64_t now, int64_t *ret_wait_ms)
{
	int64_t wait_ms;

	if (group->running == 0)
		return true;
	if (!has_place(queue, group))
		return false;
	wait_ms = share_wait(queue, group, now);
	if (wait_ms > 0 && (*ret_wait_ms < 0 || wait_ms < *ret_wait_ms))
		*ret_wait_ms = wait_ms;
	return wait_ms == 0;
}

// The group whose turn it is; NULL: nothing is due, or may be taken now. *ret_wait_ms: see may_run().
static struct group *next_group(const struct queue *queue, int64_t now, int64_t *ret_wait_ms)
{
	struct group *group = queue->ring;

	while (group && !may_run(queue, group, now, ret_wait_ms))
		group = group->next;
	return group;
}

// The next one to be worked on; NULL: as next_group().
static struct entry *order_take(struct queue *queue, int64_t *ret_wait_ms)
{
	int64_t now = clock_monotonic_ms(queue->clock);
	struct group *group = next_group(queue, now, ret_wait_ms);
	struct entry *entry;

	if (!group)
		return NULL;
	entry = group->order;
	assert(entry && entry->queued && !entry->processing && queue->depth > 0);
	group->order = entry->next_due;
	if (!group->order)
		group->order_end = &group->order;
	DL_DELETE(queue->ring, group);
	if (group->order)
		DL_APPEND(queue->ring, group);
	entry->taken_ms = now;
	DL_APPEND(group->worked_on, entry);
	group->running++;
	queue->running++;
	queue->depth--;
	return entry;
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
	order_append(queue, entry);
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
		entry = order_take(queue, &next);
		if (entry)
			break;
		wait_for_change(queue, next);
	}
	entry->queued = false;
	entry->processing = true;
	histogram_add(&queue->waits, clock_monotonic_ms(queue->clock) - entry->due_ms);
	assert(strlen(entry->key) < size);
	memcpy(key, entry->key, strlen(entry->key) + 1);
	if (queue->ring || queue->n_delayed > 0)
		(void)pthread_cond_signal(&queue->changed);
	(void)pthread_mutex_unlock(&queue->lock);
	return true;
}

// There is a place more, which a group may have waited for.
static void leave(struct queue *queue, struct entry *entry)
{
	struct group *group = entry->group;

	// Two runs of one key at once would come from a second call.
	assert(group && group->running > 0 && queue->running > 0);
	entry->group = NULL;
	DL_DELETE(group->worked_on, entry);
	group->running--;
	queue->running--;
	group_settle(queue, group);
	if (queue->ring)
		(void)pthread_cond_signal(&queue->changed);
}

void queue_done(struct queue *queue, const char *key)
{
	struct entry *entry;

	(void)pthread_mutex_lock(&queue->lock);
	HASH_FIND_STR(queue->entries, key, entry);
	if (entry) {
		entry->processing = false;
		leave(queue, entry);
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

bool queue_may_get(struct queue *queue)
{
	int64_t wait_ms = -1;
	bool may;

	(void)pthread_mutex_lock(&queue->lock);
	(void)ripen(queue);
	may = next_group(queue, clock_monotonic_ms(queue->clock), &wait_ms) != NULL;
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
