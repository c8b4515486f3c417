// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "aura/bearers.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/must.h"

#define DIGEST_SIZE 32
#define BEARER_MAX ((size_t)16 * 1024)
#define REFUSED_MS 60000
// A bearer is replaced this long before it ends.
#define EARLY_MS INT64_C(60000)

struct entry {
	unsigned char digest[DIGEST_SIZE];
	struct buf text;
	int64_t fetched_ms, ends_ms, used_ms;
	bool fetching;
	unsigned waiting; // who waits for the fetch: the entry stays
	int64_t barred_until_ms;
	struct err refusal;
};

struct bearers {
	pthread_mutex_t lock; // of all below
	pthread_cond_t changed;
	struct entry *entries[BEARERS_MAX];
	size_t n;
};

struct bearers *bearers_new(void)
{
	struct bearers *bearers = must(calloc(1, sizeof(*bearers)));
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&bearers->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
	(void)pthread_mutex_init(&bearers->lock, NULL);
	return bearers;
}

static void entry_free(struct entry *entry)
{
	buf_release(&entry->text);
	free(entry);
}

void bearers_free(struct bearers *bearers)
{
	for (size_t i = 0; i < bearers->n; i++)
		entry_free(bearers->entries[i]);
	(void)pthread_cond_destroy(&bearers->changed);
	(void)pthread_mutex_destroy(&bearers->lock);
	free(bearers);
}

// The id ends with its NUL, so that no other pair has the same text.
static void digest_of(const struct aura_credential *credential, unsigned char ret[DIGEST_SIZE])
{
	_cleanup_buf_ struct buf text = BUF_INIT_SECRET((size_t)64 * 1024);

	buf_append(&text, credential->id, strlen(credential->id) + 1);
	buf_add(&text, credential->secret);
	assert(!text.overflow);
	if (EVP_Digest(text.data, text.len, ret, NULL, EVP_sha256(), NULL) != 1)
		abort(); // only when the library cannot allocate
}

static bool is_idle(const struct entry *entry)
{
	return !entry->fetching && !entry->waiting;
}

// The place that was used least lately. There are fewer callers than places, so one is idle.
static struct entry **place_for(struct bearers *bearers)
{
	struct entry **oldest = NULL;

	if (bearers->n < BEARERS_MAX)
		return &bearers->entries[bearers->n++];
	for (size_t i = 0; i < bearers->n; i++) {
		if (is_idle(bearers->entries[i]) && (!oldest || bearers->entries[i]->used_ms < (*oldest)->used_ms))
			oldest = &bearers->entries[i];
	}
	assert(oldest);
	entry_free(*oldest);
	return oldest;
}

static struct entry *find(struct bearers *bearers, const unsigned char digest[DIGEST_SIZE])
{
	for (size_t i = 0; i < bearers->n; i++) {
		if (memcmp(bearers->entries[i]->digest, digest, DIGEST_SIZE) == 0)
			return bearers->entries[i];
	}
	return NULL;
}

static struct entry *entry_of(struct bearers *bearers, const unsigned char digest[DIGEST_SIZE])
{
	struct entry *entry = find(bearers, digest);

	if (entry)
		return entry;
	entry = must(calloc(1, sizeof(*entry)));
	memcpy(entry->digest, digest, DIGEST_SIZE);
	entry->text = BUF_INIT_SECRET(BEARER_MAX);
	*place_for(bearers) = entry;
	return entry;
}

static int wait_for_fetch(struct bearers *bearers, struct entry *entry, int timeout_ms, struct err *err)
{
	int64_t deadline = deadline_in_ms(timeout_ms);
	struct timespec until = deadline_timespec(deadline);

	entry->waiting++;
	while (entry->fetching && deadline_left_ms(deadline) > 0)
		(void)pthread_cond_timedwait(&bearers->changed, &bearers->lock, &until);
	entry->waiting--;
	return entry->fetching ? err_set(err, ERR_TIMEOUT, "the Aura API has not given a bearer within %d s", timeout_ms / 1000) : 0;
}

static int barred(const struct entry *entry, int64_t now_ms, struct err *err)
{
	*err = entry->refusal;
	err->retry_after_ms = (int)(entry->barred_until_ms - now_ms);
	return err->class;
}

static int hand_out(struct entry *entry, int64_t now_ms, struct bearer *ret)
{
	entry->used_ms = now_ms;
	ret->fetched_ms = entry->fetched_ms;
	buf_clear(&ret->text);
	buf_append(&ret->text, entry->text.data, entry->text.len);
	return 0;
}

static int keep(struct entry *entry, int r, const struct err *failure, int64_t now_ms, int64_t lives_ms)
{
	int ms = r < 0 ? failure->retry_after_ms : 0;

	entry->barred_until_ms = 0;
	if (r == 0) {
		entry->fetched_ms = now_ms;
		entry->ends_ms = now_ms + (lives_ms > 2 * EARLY_MS ? lives_ms - EARLY_MS : lives_ms / 2);
		return 0;
	}
	if (!ms && r != ERR_IO && r != ERR_TIMEOUT && r != ERR_CANCELLED)
		ms = REFUSED_MS;
	entry->refusal = *failure;
	entry->barred_until_ms = now_ms + ms;
	return r;
}

static int fetch(struct bearers *bearers, struct entry *entry, const struct aura_credential *credential, const struct bearer_source *source,
		 int64_t now_ms, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT_SECRET(BEARER_MAX);
	int64_t lives_ms = 0;
	int r;

	entry->fetching = true;
	(void)pthread_mutex_unlock(&bearers->lock);
	r = source->fetch(source->user, credential, &text, &lives_ms, err);
	(void)pthread_mutex_lock(&bearers->lock);
	entry->fetching = false;
	buf_clear(&entry->text);
	buf_append(&entry->text, text.data, text.len);
	(void)pthread_cond_broadcast(&bearers->changed);
	return keep(entry, r, err, now_ms, lives_ms);
}

static int get(struct bearers *bearers, const struct aura_credential *credential, const struct bearer_source *source, int64_t now_ms,
	       struct bearer *ret, struct err *err)
{
	unsigned char digest[DIGEST_SIZE];
	struct entry *entry;
	int r = 0;

	digest_of(credential, digest);
	entry = entry_of(bearers, digest);
	entry->used_ms = now_ms;
	if (entry->fetching)
		r = wait_for_fetch(bearers, entry, source->timeout_ms, err);
	if (r == 0 && entry->barred_until_ms > now_ms)
		return barred(entry, now_ms, err);
	if (r == 0 && (entry->text.len == 0 || entry->ends_ms <= now_ms))
		r = fetch(bearers, entry, credential, source, now_ms, err);
	return r < 0 ? r : hand_out(entry, now_ms, ret);
}

int bearers_get(struct bearers *bearers, const struct aura_credential *credential, const struct bearer_source *source, int64_t now_ms,
		struct bearer *ret, struct err *err)
{
	int r;

	(void)pthread_mutex_lock(&bearers->lock);
	r = get(bearers, credential, source, now_ms, ret, err);
	(void)pthread_mutex_unlock(&bearers->lock);
	return r;
}

void bearers_drop(struct bearers *bearers, const struct aura_credential *credential, const struct bearer *refused)
{
	unsigned char digest[DIGEST_SIZE];
	struct entry *entry;

	digest_of(credential, digest);
	(void)pthread_mutex_lock(&bearers->lock);
	entry = find(bearers, digest);
	if (entry && !entry->fetching && strcmp(buf_str(&entry->text), buf_str(&refused->text)) == 0)
		buf_clear(&entry->text);
	(void)pthread_mutex_unlock(&bearers->lock);
}
