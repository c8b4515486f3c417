// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/fleet/roster.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "operator/object/kept.h"

struct entry {
	UT_hash_handle hh;
	int64_t token_expires_ms;
	char identity[ROSTER_IDENTITY_SIZE];
	char key[];
};

struct roster {
	pthread_mutex_t lock;
	struct entry *entries; // of whom something is known
};

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

struct roster *roster_new(void)
{
	struct roster *roster = must(calloc(1, sizeof(*roster)));

	(void)pthread_mutex_init(&roster->lock, NULL);
	return roster;
}

void roster_free(struct roster *roster)
{
	struct entry *entry, *next;

	if (!roster)
		return;
	HASH_ITER(hh, roster->entries, entry, next)
	{
		HASH_DEL(roster->entries, entry);
		free(entry);
	}
	(void)pthread_mutex_destroy(&roster->lock);
	free(roster);
}

static struct entry *find(struct roster *roster, const char *key)
{
	struct entry *entry;

	HASH_FIND_STR(roster->entries, key, entry);
	return entry;
}

// Made when there is none, where there is something to keep.
static struct entry *entry_for(struct roster *roster, const char *key, bool keeps)
{
	struct entry *entry = find(roster, key);
	size_t size = strlen(key) + 1;

	if (entry || !keeps)
		return entry;
	entry = must(calloc(1, sizeof(*entry) + size));
	memcpy(entry->key, key, size);
	HASH_ADD_STR(roster->entries, key, entry);
	return entry;
}

void roster_forget(struct roster *roster, const char *key)
{
	struct entry *entry;

	(void)pthread_mutex_lock(&roster->lock);
	entry = find(roster, key);
	if (entry)
		HASH_DEL(roster->entries, entry);
	(void)pthread_mutex_unlock(&roster->lock);
	free(entry);
}

void roster_set_expiry(struct roster *roster, const char *key, int64_t expires_ms)
{
	struct entry *entry;

	(void)pthread_mutex_lock(&roster->lock);
	entry = entry_for(roster, key, expires_ms != 0);
	if (entry)
		entry->token_expires_ms = expires_ms;
	(void)pthread_mutex_unlock(&roster->lock);
}

int64_t roster_expiry(struct roster *roster, const char *key)
{
	const struct entry *entry;
	int64_t expires_ms;

	(void)pthread_mutex_lock(&roster->lock);
	entry = find(roster, key);
	expires_ms = entry ? entry->token_expires_ms : 0;
	(void)pthread_mutex_unlock(&roster->lock);
	return expires_ms;
}

void roster_set_identity(struct roster *roster, const char *key, const char *identity)
{
	struct entry *entry;

	(void)pthread_mutex_lock(&roster->lock);
	entry = entry_for(roster, key, identity && *identity);
	if (entry)
		kept_set(entry->identity, identity);
	(void)pthread_mutex_unlock(&roster->lock);
}

const char *roster_identity(struct roster *roster, const char *key, struct arena *arena)
{
	const struct entry *entry;
	const char *identity;

	(void)pthread_mutex_lock(&roster->lock);
	entry = find(roster, key);
	identity = entry ? arena_strdup(arena, entry->identity) : "";
	(void)pthread_mutex_unlock(&roster->lock);
	return identity;
}

size_t roster_twins(struct roster *roster, const char *key, const char *identity, struct arena *arena,
		    const char *ret[ROSTER_TWINS_MAX])
{
	struct entry *entry, *next;
	size_t n = 0;

	if (!identity || !*identity)
		return 0;
	(void)pthread_mutex_lock(&roster->lock);
	HASH_ITER(hh, roster->entries, entry, next)
	{
		if (n < ROSTER_TWINS_MAX && strcmp(entry->identity, identity) == 0 && strcmp(entry->key, key) != 0)
			ret[n++] = arena_strdup(arena, entry->key);
	}
	(void)pthread_mutex_unlock(&roster->lock);
	return n;
}

void roster_each_expiry(struct roster *roster, void (*fn)(void *user, const char *key, int64_t expires_ms), void *user)
{
	struct entry *entry, *next;

	(void)pthread_mutex_lock(&roster->lock);
	HASH_ITER(hh, roster->entries, entry, next)
	{
		if (entry->token_expires_ms)
			fn(user, entry->key, entry->token_expires_ms);
	}
	(void)pthread_mutex_unlock(&roster->lock);
}
