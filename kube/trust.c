// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// What has been handed out stays where it is until the end, since others may be reading it: each change makes a new set. That costs
// a few kilobytes for each rotation, and those are months apart.

#include "kube/trust.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "kube/file.h"

struct source {
	const char *path; // NULL: the text does not change
	const char *text;
	struct timespec changed;
	ino_t inode;
};

struct trust {
	struct arena *arena; // wiped; used by whoever holds busy, and before there are threads
	struct source sources[TRUST_PARTS];
	const char *proxy;
	bool insecure;
	_Atomic(const struct http_tls *) current;
	atomic_flag busy;
};

static void publish(struct trust *trust)
{
	struct http_tls *tls = arena_alloc(trust->arena, sizeof(*tls));

	tls->ca_pem = trust->sources[TRUST_CA].text;
	tls->certificate_pem = trust->sources[TRUST_CERTIFICATE].text;
	tls->key_pem = trust->sources[TRUST_KEY].text;
	tls->proxy = trust->proxy;
	tls->insecure = trust->insecure;
	atomic_store(&trust->current, tls);
}

struct trust *trust_new(void)
{
	struct trust *trust = calloc(1, sizeof(*trust));

	if (!trust)
		abort();
	trust->arena = arena_new();
	arena_wipe_on_free(trust->arena);
	atomic_flag_clear(&trust->busy);
	publish(trust);
	return trust;
}

void trust_free(struct trust *trust)
{
	if (!trust)
		return;
	arena_free(trust->arena);
	free(trust);
}

void trust_set_text(struct trust *trust, enum trust_part part, const char *pem)
{
	trust->sources[part] = (struct source){.text = arena_strdup(trust->arena, pem)};
	publish(trust);
}

void trust_set_insecure(struct trust *trust, const char *proxy, bool insecure)
{
	trust->proxy = proxy ? arena_strdup(trust->arena, proxy) : NULL;
	trust->insecure = insecure;
	publish(trust);
}

// Before the read: what is written during it counts as a further change.
static void note_version(struct source *source, const struct stat *found)
{
	source->changed = found->st_mtim;
	source->inode = found->st_ino;
}

int trust_set_file(struct trust *trust, enum trust_part part, const char *path, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT_SECRET(FILE_MAX_BYTES);
	struct source *source = &trust->sources[part];
	struct stat found = {0};
	int r;

	(void)stat(path, &found);
	r = file_read(path, &text, err);
	if (r < 0)
		return r;
	*source = (struct source){.path = arena_strdup(trust->arena, path), .text = arena_strdup(trust->arena, buf_str(&text))};
	note_version(source, &found);
	publish(trust);
	return 0;
}

static bool has_changed(const struct source *source, struct stat *ret)
{
	if (!source->path || stat(source->path, ret) < 0)
		return false;
	return ret->st_mtim.tv_sec != source->changed.tv_sec || ret->st_mtim.tv_nsec != source->changed.tv_nsec ||
	       ret->st_ino != source->inode;
}

static bool read_again(struct trust *trust, struct source *source)
{
	_cleanup_buf_ struct buf text = BUF_INIT_SECRET(FILE_MAX_BYTES);
	struct err ignored = ERR_INIT;
	struct stat found;

	if (!has_changed(source, &found) || file_read(source->path, &text, &ignored) < 0 || text.len == 0)
		return false;
	note_version(source, &found);
	if (strcmp(source->text, buf_str(&text)) == 0)
		return false;
	source->text = arena_strdup(trust->arena, buf_str(&text));
	return true;
}

// One thread looks, and meanwhile the others go on with what there is.
const struct http_tls *trust_get(struct trust *trust)
{
	bool changed = false;

	if (!atomic_flag_test_and_set(&trust->busy)) {
		for (int i = 0; i < TRUST_PARTS; i++)
			changed = read_again(trust, &trust->sources[i]) || changed;
		if (changed)
			publish(trust);
		atomic_flag_clear(&trust->busy);
	}
	return atomic_load(&trust->current);
}
