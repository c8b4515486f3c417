// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A set that was handed out stays as it is while somebody reads it: each change makes a new set, and an old one goes with its last reader.

#include "kube/trust.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/must.h"
#include "kube/file.h"

struct source {
	char *path; // NULL: the text never changes by itself
	char *text; // NULL: none
	struct timespec changed;
	ino_t inode;
};

struct set {
	struct http_tls tls; // the first member: this is handed out
	char *texts[TRUST_PARTS];
	unsigned readers;
	struct set *older;
};

struct trust {
	pthread_mutex_t looking; // of the sources; readers never wait for it
	struct source sources[TRUST_PARTS];
	char *name, *proxy;
	bool insecure;
	pthread_mutex_t lock; // of the sets
	struct set *sets;     // the newest first: that one is valid
};

static char *copy(const char *text)
{
	return text ? must(strdup(text)) : NULL;
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void set_free(struct set *set)
{
	for (int i = 0; i < TRUST_PARTS; i++)
		wipe(set->texts[i]);
	free(set);
}

// Under the lock: frees old sets without readers.
static void drop_old(struct trust *trust)
{
	struct set **link = &trust->sets->older;

	while (*link) {
		struct set *set = *link;

		if (set->readers > 0) {
			link = &set->older;
			continue;
		}
		*link = set->older;
		set_free(set);
	}
}

// For the looking thread: makes a new valid set from the present sources.
static void publish(struct trust *trust)
{
	struct set *set = must(calloc(1, sizeof(*set)));

	for (int i = 0; i < TRUST_PARTS; i++)
		set->texts[i] = copy(trust->sources[i].text);
	set->tls = (struct http_tls){
		.ca_pem = set->texts[TRUST_CA],
		.certificate_pem = set->texts[TRUST_CERTIFICATE],
		.key_pem = set->texts[TRUST_KEY],
		.server_name = trust->name,
		.insecure = trust->insecure,
		.proxy = trust->proxy,
	};
	(void)pthread_mutex_lock(&trust->lock);
	set->older = trust->sets;
	trust->sets = set;
	drop_old(trust);
	(void)pthread_mutex_unlock(&trust->lock);
}

struct trust *trust_new(void)
{
	struct trust *trust = must(calloc(1, sizeof(*trust)));

	(void)pthread_mutex_init(&trust->looking, NULL);
	(void)pthread_mutex_init(&trust->lock, NULL);
	publish(trust);
	return trust;
}

static void source_clear(struct source *source)
{
	wipe(source->text);
	free(source->path);
	*source = (struct source){0};
}

void trust_free(struct trust *trust)
{
	if (!trust)
		return;
	for (struct set *set = trust->sets, *older; set; set = older) {
		older = set->older;
		set_free(set);
	}
	for (int i = 0; i < TRUST_PARTS; i++)
		source_clear(&trust->sources[i]);
	free(trust->name);
	wipe(trust->proxy); // may hold a password
	(void)pthread_mutex_destroy(&trust->looking);
	(void)pthread_mutex_destroy(&trust->lock);
	free(trust);
}

static void set_text(struct source *source, const char *pem)
{
	source_clear(source);
	source->text = copy(pem);
}

void trust_set_text(struct trust *trust, enum trust_part part, const char *pem)
{
	set_text(&trust->sources[part], pem);
	publish(trust);
}

void trust_set_server(struct trust *trust, const struct trust_server *server)
{
	trust->name = copy(server->name);
	trust->proxy = copy(server->proxy);
	trust->insecure = server->insecure;
	publish(trust);
}

void trust_replace_client(struct trust *trust, const char *certificate, const char *key)
{
	(void)pthread_mutex_lock(&trust->looking);
	set_text(&trust->sources[TRUST_CERTIFICATE], certificate);
	set_text(&trust->sources[TRUST_KEY], key);
	publish(trust);
	(void)pthread_mutex_unlock(&trust->looking);
}

// Noted before the read, so that a write during the read counts as a further change.
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
	set_text(source, buf_str(&text));
	source->path = copy(path);
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

static bool read_again(struct source *source)
{
	_cleanup_buf_ struct buf text = BUF_INIT_SECRET(FILE_MAX_BYTES);
	struct err ignored = ERR_INIT;
	struct stat found;

	if (!has_changed(source, &found) || file_read(source->path, &text, &ignored) < 0 || text.len == 0)
		return false;
	note_version(source, &found);
	if (strcmp(source->text, buf_str(&text)) == 0)
		return false;
	wipe(source->text);
	source->text = copy(buf_str(&text));
	return true;
}

// One thread looks; meanwhile the others go on with the present set.
static void look(struct trust *trust)
{
	bool changed = false;

	if (pthread_mutex_trylock(&trust->looking) != 0)
		return;
	for (int i = 0; i < TRUST_PARTS; i++)
		changed = read_again(&trust->sources[i]) || changed;
	if (changed)
		publish(trust);
	(void)pthread_mutex_unlock(&trust->looking);
}

const struct http_tls *trust_get(struct trust *trust)
{
	struct set *set;

	look(trust);
	(void)pthread_mutex_lock(&trust->lock);
	set = trust->sets;
	set->readers++;
	(void)pthread_mutex_unlock(&trust->lock);
	return &set->tls;
}

void trust_put(struct trust *trust, const struct http_tls *tls)
{
	struct set *set;

	if (!tls)
		return;
	(void)pthread_mutex_lock(&trust->lock);
	for (set = trust->sets; &set->tls != tls; set = set->older)
		;
	set->readers--;
	drop_old(trust);
	(void)pthread_mutex_unlock(&trust->lock);
}
