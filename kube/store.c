// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/store.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#define KEY_SIZE 512

struct slot {
	UT_hash_handle hh;
	struct kube_object *object;
	char key[];
};

struct kube_store {
	pthread_mutex_t lock;
	struct slot *slots;
};

static void key_make(char key[KEY_SIZE], const char *namespace, const char *name)
{
	(void)snprintf(key, KEY_SIZE, "%s/%s", namespace ? namespace : "", name ? name : "");
}

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

struct kube_store *kube_store_new(void)
{
	struct kube_store *store = must(calloc(1, sizeof(*store)));

	(void)pthread_mutex_init(&store->lock, NULL);
	return store;
}

void kube_store_free(struct kube_store *store)
{
	struct slot *slot, *next;

	if (!store)
		return;
	HASH_ITER(hh, store->slots, slot, next)
	{
		HASH_DEL(store->slots, slot);
		kube_object_unref(slot->object);
		free(slot);
	}
	(void)pthread_mutex_destroy(&store->lock);
	free(store);
}

struct kube_object *kube_store_get(struct kube_store *store, struct kube_name name)
{
	struct kube_object *object = NULL;
	char key[KEY_SIZE];
	struct slot *slot;

	key_make(key, name.namespace, name.name);
	(void)pthread_mutex_lock(&store->lock);
	HASH_FIND_STR(store->slots, key, slot);
	if (slot)
		object = kube_object_ref(slot->object);
	(void)pthread_mutex_unlock(&store->lock);
	return object;
}

static int by_name(const void *a, const void *b)
{
	const struct kube_object *const *x = a, *const *y = b;
	int order = strcmp(kube_object_namespace(*x), kube_object_namespace(*y));

	return order ? order : strcmp(kube_object_name(*x), kube_object_name(*y));
}

size_t kube_store_list(struct kube_store *store, const char *namespace, struct kube_object ***ret)
{
	struct kube_object **objects;
	struct slot *slot, *next;
	size_t n = 0;

	(void)pthread_mutex_lock(&store->lock);
	objects = must(calloc(HASH_COUNT(store->slots) + 1, sizeof(struct kube_object *)));
	HASH_ITER(hh, store->slots, slot, next)
	{
		if (!namespace || strcmp(kube_object_namespace(slot->object), namespace) == 0)
			objects[n++] = kube_object_ref(slot->object);
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
	n = HASH_COUNT(store->slots);
	(void)pthread_mutex_unlock(&store->lock);
	return n;
}

struct kube_object *kube_store_put(struct kube_store *store, struct kube_object *object)
{
	struct kube_object *previous = NULL;
	char key[KEY_SIZE];
	struct slot *slot;

	key_make(key, kube_object_namespace(object), kube_object_name(object));
	(void)pthread_mutex_lock(&store->lock);
	HASH_FIND_STR(store->slots, key, slot);
	if (slot) {
		previous = slot->object;
		slot->object = kube_object_ref(object);
	} else {
		slot = must(calloc(1, sizeof(*slot) + strlen(key) + 1));
		memcpy(slot->key, key, strlen(key) + 1);
		slot->object = kube_object_ref(object);
		HASH_ADD_STR(store->slots, key, slot);
	}
	(void)pthread_mutex_unlock(&store->lock);
	return previous;
}

struct kube_object *kube_store_remove(struct kube_store *store, const struct kube_object *object)
{
	struct kube_object *previous = NULL;
	char key[KEY_SIZE];
	struct slot *slot;

	key_make(key, kube_object_namespace(object), kube_object_name(object));
	(void)pthread_mutex_lock(&store->lock);
	HASH_FIND_STR(store->slots, key, slot);
	if (slot) {
		HASH_DEL(store->slots, slot);
		previous = slot->object;
		free(slot);
	}
	(void)pthread_mutex_unlock(&store->lock);
	return previous;
}
