// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A table under one lock, which is held for copies only. A deployment has an entry from the first refusal until a server takes the password or
// the deployment goes. A plugin's login may outlast its deployment and leave an entry behind: setting a bar sweeps those that nobody has used
// for long.

#include "operator/server/login_bars.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/clock.h"
#include "base/must.h"

#define SWEEP_MS INT64_C(3600000)

struct entry {
	UT_hash_handle hh;
	struct login_bar bar;
	char key[];
};

struct login_bars {
	pthread_mutex_t lock;
	struct entry *entries;
};

struct login_bars *login_bars_new(void)
{
	struct login_bars *bars = must(calloc(1, sizeof(*bars)));

	(void)pthread_mutex_init(&bars->lock, NULL);
	return bars;
}

static void drop(struct login_bars *bars, struct entry *entry)
{
	HASH_DEL(bars->entries, entry);
	free(entry);
}

void login_bars_free(struct login_bars *bars)
{
	struct entry *entry, *next;

	if (!bars)
		return;
	HASH_ITER(hh, bars->entries, entry, next)
	{
		drop(bars, entry);
	}
	(void)pthread_mutex_destroy(&bars->lock);
	free(bars);
}

static struct entry *find(struct login_bars *bars, const char *key)
{
	struct entry *entry;

	HASH_FIND_STR(bars->entries, key, entry);
	return entry;
}

// With hold_ms the caller is about to log in.
static bool look(struct login_bars *bars, const char *key, const char *basis, int64_t hold_ms, struct login_bar *ret)
{
	struct entry *entry;
	bool holds = false;

	if (!bars)
		return false;
	(void)pthread_mutex_lock(&bars->lock);
	entry = find(bars, key);
	if (entry && basis_is(&entry->bar.basis, basis)) {
		holds = deadline_left_ms(entry->bar.until_ms) > 0;
		if (holds)
			*ret = entry->bar;
		else if (hold_ms)
			entry->bar.until_ms = deadline_in_ms(hold_ms);
	}
	(void)pthread_mutex_unlock(&bars->lock);
	return holds;
}

bool login_bars_hold(struct login_bars *bars, const char *key, const char *basis, struct login_bar *ret)
{
	return look(bars, key, basis, 0, ret);
}

bool login_bars_enter(struct login_bars *bars, const char *key, const char *basis, int64_t hold_ms, struct login_bar *ret)
{
	return look(bars, key, basis, hold_ms, ret);
}

static void sweep(struct login_bars *bars)
{
	int64_t now_ms = clock_monotonic_ms(&clock_system);
	struct entry *entry, *next;

	HASH_ITER(hh, bars->entries, entry, next)
	{
		if (now_ms - entry->bar.until_ms > SWEEP_MS)
			drop(bars, entry);
	}
}

static struct entry *entry_for(struct login_bars *bars, const char *key)
{
	struct entry *entry = find(bars, key);
	size_t size = strlen(key) + 1;

	if (entry)
		return entry;
	entry = must(calloc(1, sizeof(*entry) + size));
	memcpy(entry->key, key, size);
	HASH_ADD_STR(bars->entries, key, entry);
	return entry;
}

void login_bars_set(struct login_bars *bars, const char *key, const struct login_bar *bar)
{
	if (!bars)
		return;
	(void)pthread_mutex_lock(&bars->lock);
	sweep(bars);
	entry_for(bars, key)->bar = *bar;
	(void)pthread_mutex_unlock(&bars->lock);
}

static void change(struct login_bars *bars, const char *key, void (*deed)(struct login_bars *, struct entry *))
{
	struct entry *entry;

	if (!bars)
		return;
	(void)pthread_mutex_lock(&bars->lock);
	entry = find(bars, key);
	if (entry)
		deed(bars, entry);
	(void)pthread_mutex_unlock(&bars->lock);
}

void login_bars_lift(struct login_bars *bars, const char *key)
{
	change(bars, key, drop);
}

static void open_now(struct login_bars *bars, struct entry *entry)
{
	(void)bars;
	entry->bar.until_ms = clock_monotonic_ms(&clock_system);
}

void login_bars_release(struct login_bars *bars, const char *key)
{
	change(bars, key, open_now);
}
