// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// An object rests in one block, its slot: the key ("namespace/name") and the squeezed text behind it. A first object becomes the
// dictionary of those that come after it; one that is little like it becomes another dictionary, up to a few. Dictionaries are
// kept as long as the store. Only the writer changes anything; what the lock guards is the tables.

#include "kube/store.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/squeeze.h"

#define KEY_SIZE 512
#define DICTIONARIES 4
#define DICTIONARY_MAX (SQUEEZE_REACH / 2)
// An object that is squeezed to less than this part is like enough.
#define LIKE_ENOUGH 3

struct link {
	struct link *next;
	uint32_t hash;
};

struct table {
	struct link **buckets;
	size_t size; // a power of two, or 0
	size_t n;
};

struct slot {
	struct link link; // by key; the first member
	uint32_t round;
	uint32_t text_len, squeezed_len;
	uint16_t key_size;
	int16_t dictionary; // -1: none
	unsigned char data[]; // key, with its NUL, and the squeezed text
};

// An object's place under one name of the index.
struct mark {
	struct link link;
	struct slot *slot;
};

struct kube_store {
	pthread_mutex_t lock;
	kube_store_index index;
	struct table slots, marks;
	struct squeeze_text dictionaries[DICTIONARIES];
	int n_dictionaries;
	uint32_t round;
	size_t stale_from; // the bucket to look for stale ones next
};

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static void key_make(char key[KEY_SIZE], const char *namespace, const char *name)
{
	(void)snprintf(key, KEY_SIZE, "%s/%s", namespace ? namespace : "", name ? name : "");
}

// FNV-1a.
static uint32_t hash_of(const char *key)
{
	uint32_t hash = UINT32_C(2166136261);

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * UINT32_C(16777619);
	return hash;
}

static struct link **bucket_of(const struct table *table, uint32_t hash)
{
	return &table->buckets[hash & (table->size - 1)];
}

static void table_grow(struct table *table)
{
	struct table grown = {.size = table->size ? table->size * 2 : 16, .n = table->n};

	grown.buckets = must(calloc(grown.size, sizeof(struct link *)));
	for (size_t i = 0; i < table->size; i++) {
		struct link *next;

		for (struct link *link = table->buckets[i]; link; link = next) {
			next = link->next;
			link->next = *bucket_of(&grown, link->hash);
			*bucket_of(&grown, link->hash) = link;
		}
	}
	free(table->buckets);
	*table = grown;
}

static void table_add(struct table *table, struct link *link)
{
	if (table->n == table->size)
		table_grow(table);
	link->next = *bucket_of(table, link->hash);
	*bucket_of(table, link->hash) = link;
	table->n++;
}

static void table_remove(struct table *table, struct link **place)
{
	*place = (*place)->next;
	table->n--;
}

static const char *slot_key(const struct slot *slot)
{
	return (const char *)slot->data;
}

// The place of the link that leads to the key's slot; NULL when there is none.
static struct link **slot_place(const struct table *slots, const char *key)
{
	uint32_t hash = hash_of(key);

	if (!slots->size)
		return NULL;
	for (struct link **place = bucket_of(slots, hash); *place; place = &(*place)->next) {
		if ((*place)->hash == hash && strcmp(slot_key((struct slot *)*place), key) == 0)
			return place;
	}
	return NULL;
}

static struct squeeze_text dictionary_of(const struct kube_store *store, int dictionary)
{
	return dictionary < 0 ? (struct squeeze_text){"", 0} : store->dictionaries[dictionary];
}

// The object's text as it was put; malloc'ed.
static char *slot_text(const struct kube_store *store, const struct slot *slot)
{
	struct squeeze_text squeezed = {slot->data + slot->key_size, slot->squeezed_len};
	char *text = must(malloc(slot->text_len + KUBE_OBJECT_PADDING));

	if (!unsqueeze(dictionary_of(store, slot->dictionary), squeezed, text, slot->text_len))
		abort();
	return text;
}

static struct kube_object *slot_object(const struct kube_store *store, const struct slot *slot)
{
	return must(kube_object_take_text(slot_text(store, slot), slot->text_len));
}

struct kube_store *kube_store_new(kube_store_index index)
{
	struct kube_store *store = must(calloc(1, sizeof(*store)));

	(void)pthread_mutex_init(&store->lock, NULL);
	store->index = index;
	return store;
}

static void table_free(struct table *table)
{
	for (size_t i = 0; i < table->size; i++) {
		while (table->buckets[i]) {
			struct link *link = table->buckets[i];

			table->buckets[i] = link->next;
			free(link);
		}
	}
	free(table->buckets);
}

void kube_store_free(struct kube_store *store)
{
	if (!store)
		return;
	table_free(&store->marks);
	table_free(&store->slots);
	for (int i = 0; i < store->n_dictionaries; i++) {
		const void *data = store->dictionaries[i].data;
		void *block;

		memcpy(&block, &data, sizeof(block)); // made by us; the member lacks const only for readers
		free(block);
	}
	(void)pthread_mutex_destroy(&store->lock);
	free(store);
}

struct kube_object *kube_store_get(struct kube_store *store, struct kube_name name)
{
	char key[KEY_SIZE], *text = NULL;
	struct link **place;
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
	const struct kube_object *const *x = a, *const *y = b;
	int order = strcmp(kube_object_namespace(*x), kube_object_namespace(*y));

	return order ? order : strcmp(kube_object_name(*x), kube_object_name(*y));
}

static bool is_in(const struct slot *slot, const char *namespace)
{
	size_t len = namespace ? strlen(namespace) : 0;

	return !namespace || (strncmp(slot_key(slot), namespace, len) == 0 && slot_key(slot)[len] == '/');
}

size_t kube_store_list(struct kube_store *store, const char *namespace, struct kube_object ***ret)
{
	struct kube_object **objects;
	size_t n = 0;

	(void)pthread_mutex_lock(&store->lock);
	objects = must(calloc(store->slots.n + 1, sizeof(struct kube_object *)));
	for (size_t i = 0; i < store->slots.size; i++) {
		for (struct link *link = store->slots.buckets[i]; link; link = link->next) {
			if (is_in((struct slot *)link, namespace))
				objects[n++] = slot_object(store, (struct slot *)link);
		}
	}
	(void)pthread_mutex_unlock(&store->lock);
	qsort(objects, n, sizeof(struct kube_object *), by_name);
	*ret = objects;
	return n;
}

size_t kube_store_find(struct kube_store *store, const char *namespace, const char *name, struct kube_object ***ret)
{
	struct kube_object **objects = must(calloc(1, sizeof(struct kube_object *)));
	char key[KEY_SIZE];
	size_t n = 0;
	uint32_t hash;

	key_make(key, namespace, name);
	hash = hash_of(key);
	(void)pthread_mutex_lock(&store->lock);
	for (struct link *link = store->marks.size ? *bucket_of(&store->marks, hash) : NULL; link; link = link->next) {
		const struct slot *slot = ((struct mark *)link)->slot;

		if (link->hash != hash || !is_in(slot, namespace))
			continue;
		objects = must(reallocarray(objects, n + 1, sizeof(struct kube_object *)));
		objects[n++] = slot_object(store, slot);
	}
	(void)pthread_mutex_unlock(&store->lock);
	qsort(objects, n, sizeof(struct kube_object *), by_name);
	*ret = objects;
	return n;
}

void kube_objects_free(struct kube_object **objects, size_t n)
{
	for (size_t i = 0; i < n; i++)
		kube_object_unref(objects[i]);
	free(objects);
}

size_t kube_store_count(struct kube_store *store)
{
	size_t n;

	(void)pthread_mutex_lock(&store->lock);
	n = store->slots.n;
	(void)pthread_mutex_unlock(&store->lock);
	return n;
}

static void add_dictionary(struct kube_store *store, const char *text, size_t len)
{
	char *copy = must(malloc(len));

	memcpy(copy, text, len);
	store->dictionaries[store->n_dictionaries++] = (struct squeeze_text){copy, len};
}

// Squeezes with the dictionary that does best, the newest first; returns it. Makes one of the text where none does well.
static int squeeze_best(struct kube_store *store, struct squeeze_text text, unsigned char *out, size_t *ret_len)
{
	size_t best = SIZE_MAX;
	int chosen = -1;

	for (int i = store->n_dictionaries - 1; i >= 0 && best > text.len / LIKE_ENOUGH; i--) {
		size_t len = squeeze(store->dictionaries[i], text, out);

		if (len < best) {
			best = len;
			chosen = i;
		}
	}
	if (best > text.len / LIKE_ENOUGH && store->n_dictionaries < DICTIONARIES && text.len <= DICTIONARY_MAX) {
		add_dictionary(store, text.data, text.len);
		chosen = store->n_dictionaries - 1;
	}
	*ret_len = squeeze(dictionary_of(store, chosen), text, out);
	return chosen;
}

static struct slot *slot_new(struct kube_store *store, const char *key, const struct kube_object *object)
{
	size_t len, key_size = strlen(key) + 1, squeezed_len;
	char *text = must(kube_object_text(object, &len));
	unsigned char *squeezed = must(malloc(squeeze_bound(len)));
	int dictionary = squeeze_best(store, (struct squeeze_text){text, len}, squeezed, &squeezed_len);
	struct slot *slot = must(malloc(sizeof(*slot) + key_size + squeezed_len));

	*slot = (struct slot){
		.link.hash = hash_of(key),
		.round = store->round,
		.text_len = (uint32_t)len,
		.squeezed_len = (uint32_t)squeezed_len,
		.key_size = (uint16_t)key_size,
		.dictionary = (int16_t)dictionary,
	};
	memcpy(slot->data, key, key_size);
	memcpy(slot->data + key_size, squeezed, squeezed_len);
	free(squeezed);
	free(text);
	return slot;
}

struct marking {
	struct kube_store *store;
	struct slot *slot;
	const char *namespace;
	bool unmark;
};

static void remove_mark(struct table *marks, const struct slot *slot, uint32_t hash)
{
	if (!marks->size)
		return;
	for (struct link **place = bucket_of(marks, hash); *place; place = &(*place)->next) {
		struct link *link = *place;

		if (link->hash == hash && ((struct mark *)link)->slot == slot) {
			table_remove(marks, place);
			free(link);
			return;
		}
	}
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
		remove_mark(&marking->store->marks, marking->slot, hash_of(key));
		return;
	}
	mark = must(malloc(sizeof(*mark)));
	*mark = (struct mark){.link.hash = hash_of(key), .slot = marking->slot};
	table_add(&marking->store->marks, &mark->link);
}

// Under the lock.
static void mark_all(struct kube_store *store, struct slot *slot, const struct kube_object *object, bool unmark)
{
	struct marking marking = {.store = store, .slot = slot, .namespace = kube_object_namespace(object), .unmark = unmark};

	if (store->index)
		store->index(object, on_index, &marking);
}

// Takes the slot of a place out of the tables and frees it; returns the object.
static struct kube_object *take_out(struct kube_store *store, struct link **place)
{
	struct slot *slot = (struct slot *)*place;
	struct kube_object *object = slot_object(store, slot);

	mark_all(store, slot, object, true);
	table_remove(&store->slots, place);
	free(slot);
	return object;
}

struct kube_object *kube_store_put(struct kube_store *store, const struct kube_object *object)
{
	struct kube_object *previous = NULL;
	char key[KEY_SIZE];
	struct link **place;
	struct slot *slot;

	key_make(key, kube_object_namespace(object), kube_object_name(object));
	slot = slot_new(store, key, object);
	(void)pthread_mutex_lock(&store->lock);
	place = slot_place(&store->slots, key);
	if (place)
		previous = take_out(store, place);
	table_add(&store->slots, &slot->link);
	mark_all(store, slot, object, false);
	(void)pthread_mutex_unlock(&store->lock);
	return previous;
}

struct kube_object *kube_store_remove(struct kube_store *store, const struct kube_object *object)
{
	struct kube_object *previous = NULL;
	char key[KEY_SIZE];
	struct link **place;

	key_make(key, kube_object_namespace(object), kube_object_name(object));
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
		struct link **place = &store->slots.buckets[store->stale_from];

		while (*place && ((struct slot *)*place)->round == store->round)
			place = &(*place)->next;
		if (*place)
			stale = take_out(store, place);
	}
	(void)pthread_mutex_unlock(&store->lock);
	return stale;
}
