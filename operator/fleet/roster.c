// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/fleet/roster.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/must.h"
#include "operator/object/kept.h"
#include "operator/object/key.h"

struct member {
	UT_hash_handle hh;
	int64_t token_expires_ms;
	char digests[ROSTER_MARKS][ROSTER_DIGEST_SIZE];
	char key[];
};

struct roster {
	pthread_mutex_t lock;
	struct member *members; // deployments of which something is known
};

struct roster *roster_new(void)
{
	struct roster *roster = must(calloc(1, sizeof(*roster)));

	(void)pthread_mutex_init(&roster->lock, NULL);
	return roster;
}

void roster_free(struct roster *roster)
{
	struct member *member, *next;

	if (!roster)
		return;
	HASH_ITER(hh, roster->members, member, next)
	{
		HASH_DEL(roster->members, member);
		free(member);
	}
	(void)pthread_mutex_destroy(&roster->lock);
	free(roster);
}

static struct member *find(struct roster *roster, const char *key)
{
	struct member *member;

	HASH_FIND_STR(roster->members, key, member);
	return member;
}

// Makes a member only where there is something to keep.
static struct member *member_for(struct roster *roster, const char *key, bool keeps)
{
	struct member *member = find(roster, key);
	size_t size = strlen(key) + 1;

	if (member || !keeps)
		return member;
	member = must(calloc(1, sizeof(*member) + size));
	memcpy(member->key, key, size);
	HASH_ADD_STR(roster->members, key, member);
	return member;
}

void roster_forget(struct roster *roster, const char *key)
{
	struct member *member;

	(void)pthread_mutex_lock(&roster->lock);
	member = find(roster, key);
	if (member)
		HASH_DEL(roster->members, member);
	(void)pthread_mutex_unlock(&roster->lock);
	free(member);
}

void roster_set_expiry(struct roster *roster, const char *key, int64_t expires_ms)
{
	struct member *member;

	(void)pthread_mutex_lock(&roster->lock);
	member = member_for(roster, key, expires_ms != 0);
	if (member)
		member->token_expires_ms = expires_ms;
	(void)pthread_mutex_unlock(&roster->lock);
}

int64_t roster_expiry(struct roster *roster, const char *key)
{
	const struct member *member;
	int64_t expires_ms;

	(void)pthread_mutex_lock(&roster->lock);
	member = find(roster, key);
	expires_ms = member ? member->token_expires_ms : 0;
	(void)pthread_mutex_unlock(&roster->lock);
	return expires_ms;
}

void roster_set(struct roster *roster, const char *key, struct roster_sign sign)
{
	struct member *member;

	(void)pthread_mutex_lock(&roster->lock);
	member = member_for(roster, key, sign.digest && *sign.digest);
	if (member)
		kept_set(member->digests[sign.mark], sign.digest);
	(void)pthread_mutex_unlock(&roster->lock);
}

const char *roster_digest(struct roster *roster, const char *key, enum roster_mark mark, struct arena *arena)
{
	const struct member *member;
	const char *digest;

	(void)pthread_mutex_lock(&roster->lock);
	member = find(roster, key);
	digest = member ? arena_strdup(arena, member->digests[mark]) : "";
	(void)pthread_mutex_unlock(&roster->lock);
	return digest;
}

size_t roster_twins(struct roster *roster, const char *key, struct roster_sign sign, struct arena *arena, const char *ret[ROSTER_TWINS_MAX])
{
	struct member *member, *next;
	size_t n = 0;

	if (!sign.digest || !*sign.digest || strcmp(sign.digest, ROSTER_NO_TOKEN) == 0)
		return 0;
	(void)pthread_mutex_lock(&roster->lock);
	HASH_ITER(hh, roster->members, member, next)
	{
		if (n < ROSTER_TWINS_MAX && strcmp(member->digests[sign.mark], sign.digest) == 0 && strcmp(member->key, key) != 0)
			ret[n++] = arena_strdup(arena, member->key);
	}
	(void)pthread_mutex_unlock(&roster->lock);
	return n;
}

// How many deployments of a namespace were told.
struct crowd {
	UT_hash_handle hh;
	size_t n;
	char namespace[QUEUE_GROUP_SIZE];
};

static bool has_room(struct crowd **crowds, const char *key)
{
	char namespace[QUEUE_GROUP_SIZE];
	struct crowd *crowd;

	key_group(key, namespace);
	HASH_FIND_STR(*crowds, namespace, crowd);
	if (!crowd) {
		crowd = must(calloc(1, sizeof(*crowd)));
		memcpy(crowd->namespace, namespace, sizeof(namespace));
		HASH_ADD_STR(*crowds, namespace, crowd);
	}
	return crowd->n++ < ROSTER_OF_A_NAMESPACE;
}

static void crowds_free(struct crowd *crowds)
{
	struct crowd *crowd, *next;

	HASH_ITER(hh, crowds, crowd, next)
	{
		HASH_DEL(crowds, crowd);
		free(crowd);
	}
}

void roster_each_expiry(struct roster *roster, void (*fn)(void *user, const char *key, int64_t expires_ms), void *user)
{
	struct member *member, *next;
	struct crowd *crowds = NULL;

	(void)pthread_mutex_lock(&roster->lock);
	HASH_ITER(hh, roster->members, member, next)
	{
		if (member->token_expires_ms && has_room(&crowds, member->key))
			fn(user, member->key, member->token_expires_ms);
	}
	(void)pthread_mutex_unlock(&roster->lock);
	crowds_free(crowds);
}
