// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// An object rests in one block, its slot: the key ("namespace/name"), followed by the squeezed text. Only the writer changes anything; the lock
// guards the tables.
//
// Small objects are always kept. Larger ones count against the memory of their namespace, so that one namespace cannot take it all.

#include "kube/store.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "base/squeeze.h"
#include "kube/dictionary.h"
#include "kube/hash_table.h"

#define KEY_SIZE 512
// The first bytes of a squeezed object that do not count.
#define SMALL ((size_t)1024)

struct slot {
	struct hash_link link; // by key; the first member
	uint32_t round;
	uint32_t text_len, squeezed_len;
	uint32_t counted; // bytes that it took from the allowance
	uint16_t key_size;
	int8_t dictionary; // -1: none
	bool cut;
	unsigned char data[]; // key, with its NUL, and the squeezed text
};

// An object's entry under one name of the index.
struct mark {
	struct hash_link link;
	struct slot *slot;
};

struct kube_store {
	pthread_mutex_t lock;
	struct kube_store_options options;
	struct hash_table slots, marks;
	struct dictionaries dictionaries;
	uint32_t round;
	size_t stale_from; // the bucket where the search for stale objects goes on
};

static void key_make(char key[KEY_SIZE], const char *namespace, const char *name)
{
	(void)snprintf(key, KEY_SIZE, "%s/%s", namespace ? namespace : "", name ? name : "");
}

static const char *slot_key(const struct slot *slot)
{
	return (const char *)slot->data;
}

// The pointer to the link of the key's slot; NULL when there is none.
static struct hash_link **slot_place(const struct hash_table *slots, const char *key)
{
	uint32_t hash = hash_of_key(key);

	if (!slots->size)
		return NULL;
	for (struct hash_link **place = hash_table_bucket(slots, hash); *place; place = &(*place)->next) {
		if ((*place)->hash == hash && strcmp(slot_key((struct slot *)*place), key) == 0)
			return place;
	}
	return NULL;
}

// The object's text as it was stored; malloc'ed.
static char *slot_text(const struct kube_store *store, const struct slot *slot)
{
	struct squeeze_text squeezed = {slot->data + slot->key_size, slot->squeezed_len};
	char *text = must(malloc(slot->text_len + KUBE_OBJECT_PADDING));

	if (!unsqueeze(dictionaries_get(&store->dictionaries, slot->dictionary), squeezed, text, slot->text_len))
		abort();
	return text;
}

static struct kube_object *slot_object(const struct kube_store *store, const struct slot *slot)
{
	return must(kube_object_take_text(slot_text(store, slot), slot->text_len));
}

struct kube_store *kube_store_new(const struct kube_store_options *options)
{
	struct kube_store *store = must(calloc(1, sizeof(*store)));

	(void)pthread_mutex_init(&store->lock, NULL);
	if (options)
		store->options = *options;
	return store;
}

static void slot_free(const struct kube_store *store, struct slot *slot)
{
	shelf_give(store->options.shelf, slot, sizeof(*slot) + slot->key_size + slot->squeezed_len);
}

static void mark_free(const struct kube_store *store, struct mark *mark)
{
	shelf_give(store->options.shelf, mark, sizeof(*mark));
}

static void give_slot(void *user, struct hash_link *link)
{
	slot_free(user, (struct slot *)link);
}

static void give_mark(void *user, struct hash_link *link)
{
	mark_free(user, (struct mark *)link);
}

void kube_store_free(struct kube_store *store)
{
	if (!store)
		return;
	hash_table_release(&store->marks, give_mark, store);
	hash_table_release(&store->slots, give_slot, store);
	dictionaries_release(&store->dictionaries);
	(void)pthread_mutex_destroy(&store->lock);
	free(store);
}

struct kube_object *kube_store_get(struct kube_store *store, struct kube_name name)
{
	char key[KEY_SIZE], *text = NULL;
	struct hash_link **place;
	size_t len = 0;

	key_make(key, name.namespace, name.name);
	(void)pthread_mutex_lock(&store->lock);
	place = slot_place(&store->slots, key);
	if (place) {
		text = slot_text(store, (struct slot *)*place);
		len = ((struct slot *)*place)->text_len;
	}
	(void)pthread_mutex_unlock(&store->lock);
	return text ? must(kube_object_take_text(text, len)) : NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_in(const struct slot *slot, const char *namespace)
{
	size_t len = strlen(namespace);

	return strncmp(slot_key(slot), namespace, len) == 0 && slot_key(slot)[len] == '/';
}

void kube_store_find(struct kube_store *store, const char *namespace, const char *name, struct kube_names *ret)
{
	char key[KEY_SIZE];
	size_t room = 0;
	uint32_t hash;

	*ret = (struct kube_names){0};
	key_make(key, namespace, name);
	hash = hash_of_key(key);
	(void)pthread_mutex_lock(&store->lock);
	for (struct hash_link *link = store->marks.size ? *hash_table_bucket(&store->marks, hash) : NULL; link; link = link->next) {
		const struct slot *slot = ((struct mark *)link)->slot;

		if (link->hash != hash || !is_in(slot, namespace))
			continue;
		if (ret->n == room) {
			room = room ? room * 2 : 8;
			ret->names = must(reallocarray(ret->names, room, sizeof(char *)));
		}
		ret->names[ret->n++] = must(strdup(slot_key(slot) + strlen(namespace) + 1));
	}
	(void)pthread_mutex_unlock(&store->lock);
	if (ret->n)
		qsort(ret->names, ret->n, sizeof(char *), by_name);
}

void kube_names_free(struct kube_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->names[i]);
	free(names->names);
	*names = (struct kube_names){0};
}

size_t kube_store_count(struct kube_store *store)
{
	size_t n;

	(void)pthread_mutex_lock(&store->lock);
	n = store->slots.n;
	(void)pthread_mutex_unlock(&store->lock);
	return n;
}

// A new block with the text, squeezed with the dictionary.
static struct slot *slot_make(const struct kube_store *store, const char *key, struct squeeze_text text, int dictionary)
{
	size_t key_size = strlen(key) + 1, len;
	unsigned char *squeezed = must(malloc(squeeze_bound(text.len)));
	struct slot *slot;

	len = squeeze(dictionaries_get(&store->dictionaries, dictionary), text, squeezed);
	slot = shelf_take(store->options.shelf, sizeof(*slot) + key_size + len);
	*slot = (struct slot){
		.link.hash = hash_of_key(key),
		.round = store->round,
		.text_len = (uint32_t)text.len,
		.squeezed_len = (uint32_t)len,
		.key_size = (uint16_t)key_size,
		.dictionary = (int8_t)dictionary,
	};
	memcpy(slot->data, key, key_size);
	memcpy(slot->data + key_size, squeezed, len);
	free(squeezed);
	return slot;
}

struct marking {
	struct kube_store *store;
	struct slot *slot;
	const char *namespace;
	bool unmark;
};

static void remove_mark(struct kube_store *store, const struct slot *slot, uint32_t hash)
{
	assert(store->marks.size > 0);
	for (struct hash_link **place = hash_table_bucket(&store->marks, hash); *place; place = &(*place)->next) {
		struct hash_link *link = *place;

		if (link->hash == hash && ((struct mark *)link)->slot == slot) {
			hash_table_remove(&store->marks, place);
			mark_free(store, (struct mark *)link);
			return;
		}
	}
	// The mark would stay and lead to a freed slot.
	assert(!"a slot has each mark that its object's index gives");
}

static void on_index(void *user, const char *name)
{
	struct marking *marking = user;
	char key[KEY_SIZE];
	struct mark *mark;

	if (!name)
		return;
	key_make(key, marking->namespace, name);
	if (marking->unmark) {
		remove_mark(marking->store, marking->slot, hash_of_key(key));
		return;
	}
	mark = shelf_take(marking->store->options.shelf, sizeof(*mark));
	*mark = (struct mark){.link.hash = hash_of_key(key), .slot = marking->slot};
	hash_table_add(&marking->store->marks, &mark->link);
}

// Under the lock.
static void mark_all(struct kube_store *store, struct slot *slot, const struct kube_object *object, bool unmark)
{
	struct marking marking = {.store = store, .slot = slot, .namespace = kube_object_namespace(object), .unmark = unmark};

	if (store->options.index)
		store->options.index(object, on_index, &marking);
}

static void count_user(struct kube_store *store, const struct slot *slot, bool more)
{
	assert(more || slot->dictionary < 0 || store->dictionaries.users[slot->dictionary] > 0);
	if (slot->dictionary >= 0)
		store->dictionaries.users[slot->dictionary] += more ? 1 : (size_t)-1;
}

static void put_in(struct kube_store *store, struct slot *slot, const struct kube_object *object)
{
	hash_table_add(&store->slots, &slot->link);
	mark_all(store, slot, object, false);
	count_user(store, slot, true);
}

static void give_back(struct kube_store *store, struct slot *slot, const char *namespace)
{
	if (slot->counted)
		allowance_give(store->options.allowance, namespace, slot->counted);
	slot->counted = 0;
}

// Takes a slot out of the tables and frees it; returns its object.
static struct kube_object *take_out(struct kube_store *store, struct hash_link **place)
{
	struct slot *slot = (struct slot *)*place;
	struct kube_object *object = slot_object(store, slot);

	mark_all(store, slot, object, true);
	count_user(store, slot, false);
	hash_table_remove(&store->slots, place);
	give_back(store, slot, kube_object_namespace(object));
	slot_free(store, slot);
	return object;
}

// Squeezes a slot anew, without a dictionary; under the lock.
static void set_free(struct kube_store *store, struct hash_link **place)
{
	struct slot *slot = (struct slot *)*place, *fresh;
	_cleanup_free_ char *text = slot_text(store, slot);
	_cleanup_(kube_object_unrefp) struct kube_object *object = slot_object(store, slot);

	fresh = slot_make(store, slot_key(slot), (struct squeeze_text){text, slot->text_len}, -1);
	fresh->round = slot->round;
	fresh->counted = slot->counted;
	fresh->cut = slot->cut;
	mark_all(store, slot, object, true);
	hash_table_remove(&store->slots, place);
	slot_free(store, slot);
	put_in(store, fresh, object);
}

// Makes a text the dictionary at a place; users of the old one are squeezed without a dictionary.
static void replace_dictionary(struct kube_store *store, int place, struct squeeze_text text)
{
	(void)pthread_mutex_lock(&store->lock);
	for (size_t i = 0; i < store->slots.size && place < store->dictionaries.n; i++) {
		struct hash_link **link = &store->slots.buckets[i];

		// set_free() puts the new slot first in its bucket, so the walk meets it again.
		while (*link) {
			if (((struct slot *)*link)->dictionary == place) {
				set_free(store, link);
				link = &store->slots.buckets[i];
			} else {
				link = &(*link)->next;
			}
		}
	}
	dictionaries_set(&store->dictionaries, place, text);
	(void)pthread_mutex_unlock(&store->lock);
}

static struct slot *slot_new(struct kube_store *store, const char *key, struct squeeze_text text)
{
	_cleanup_free_ unsigned char *squeezed = must(malloc(squeeze_bound(text.len)));
	size_t len;
	bool like;
	int dictionary = dictionaries_squeeze(&store->dictionaries, text, squeezed, &len, &like), place;

	place = like ? -1 : dictionaries_place(&store->dictionaries, text);
	if (place >= 0) {
		replace_dictionary(store, place, text);
		dictionary = place;
	}
	return slot_make(store, key, text, dictionary);
}

// Whether there is room for it; counts the room that it takes.
static bool is_granted(const struct kube_store *store, struct slot *slot, const char *namespace)
{
	size_t bytes = slot->squeezed_len > SMALL ? slot->squeezed_len - SMALL : 0;

	if (!store->options.allowance || !bytes)
		return true;
	if (!allowance_take(store->options.allowance, namespace, bytes))
		return false;
	slot->counted = (uint32_t)bytes;
	return true;
}

// Makes the slot of an object; *ret_cut is what is kept of one that is too large.
static struct slot *slot_of(struct kube_store *store, const char *key, const struct kube_object *object, struct kube_object **ret_cut)
{
	size_t len, max = store->options.max_bytes, bytes;
	_cleanup_free_ char *text = must(kube_object_text(object, &len));
	struct slot *slot;

	bytes = len;
	if (!max || len <= max) {
		slot = slot_new(store, key, (struct squeeze_text){text, len});
		if (is_granted(store, slot, kube_object_namespace(object)))
			return slot;
		slot_free(store, slot);
	}
	*ret_cut = must(kube_object_cut(object, bytes));
	free(text);
	text = must(kube_object_text(*ret_cut, &len));
	slot = slot_new(store, key, (struct squeeze_text){text, len});
	slot->cut = true;
	return slot;
}

struct kube_object *kube_store_put(struct kube_store *store, const struct kube_object *object)
{
	_cleanup_(kube_object_unrefp) struct kube_object *cut = NULL;
	struct kube_object *previous = NULL;
	char key[KEY_SIZE];
	struct hash_link **place;
	struct slot *slot;

	key_make(key, kube_object_namespace(object), kube_object_name(object));
	place = slot_place(&store->slots, key);
	// The old slot's room is free for the new one.
	if (place)
		give_back(store, (struct slot *)*place, kube_object_namespace(object));
	slot = slot_of(store, key, object, &cut);
	(void)pthread_mutex_lock(&store->lock);
	place = slot_place(&store->slots, key);
	if (place)
		previous = take_out(store, place);
	put_in(store, slot, cut ? cut : object);
	(void)pthread_mutex_unlock(&store->lock);
	return previous;
}

bool kube_store_has_cut(struct kube_store *store, struct kube_name name)
{
	char key[KEY_SIZE];
	struct hash_link **place;
	bool cut;

	key_make(key, name.namespace, name.name);
	(void)pthread_mutex_lock(&store->lock);
	place = slot_place(&store->slots, key);
	cut = place && ((struct slot *)*place)->cut;
	(void)pthread_mutex_unlock(&store->lock);
	return cut;
}

struct kube_object *kube_store_remove(struct kube_store *store, struct kube_name name)
{
	struct kube_object *previous = NULL;
	char key[KEY_SIZE];
	struct hash_link **place;

	key_make(key, name.namespace, name.name);
	(void)pthread_mutex_lock(&store->lock);
	place = slot_place(&store->slots, key);
	if (place)
		previous = take_out(store, place);
	(void)pthread_mutex_unlock(&store->lock);
	return previous;
}

void kube_store_begin_round(struct kube_store *store)
{
	store->round++;
	store->stale_from = 0;
}

struct kube_object *kube_store_remove_stale(struct kube_store *store)
{
	struct kube_object *stale = NULL;

	(void)pthread_mutex_lock(&store->lock);
	for (; !stale && store->stale_from < store->slots.size; store->stale_from += !stale) {
		struct hash_link **place = &store->slots.buckets[store->stale_from];

		while (*place && ((struct slot *)*place)->round == store->round)
			place = &(*place)->next;
		if (*place)
			stale = take_out(store, place);
	}
	(void)pthread_mutex_unlock(&store->lock);
	return stale;
}
