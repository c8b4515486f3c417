// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What an informer knows of one resource: objects by namespace and name. One writer (the loop thread), many
// readers. A reader gets an object of its own that it must unref.
//
// The objects rest squeezed (base/squeeze.h), each against one that is much like it: a few hundred bytes instead of ten
// thousand. Whoever asks for one pays some microseconds. Where many are concerned, names are told (kube_store_find()), and the reader takes
// one object after the other: so that no more than one stands unpacked, however many there are and however large.
//
// Of an object that is too large nothing is kept but what identifies it (kube_object_cut_bytes()): of a size that no object of ours has, or
// beyond what its namespace may take of the memory (kube/allowance.h).

#include <stdbool.h>
#include <stddef.h>

#include "kube/allowance.h"
#include "kube/object.h"
#include "kube/resource.h"

struct kube_store;

// Tells by which names, beside its own, an object is found in its namespace: calls add for each.
typedef void (*kube_store_index)(const struct kube_object *object, void (*add)(void *user, const char *name), void *user);

struct kube_store_options {
	kube_store_index index; // NULL: none
	size_t max_bytes; // of an object's text; 0: no limit
	struct allowance *allowance; // what large objects take it from; NULL: no limit. Outlives the store
};

struct kube_store *kube_store_new(const struct kube_store_options *options); // NULL: none of them
void kube_store_free(struct kube_store *store);

// NULL when there is none.
struct kube_object *kube_store_get(struct kube_store *store, struct kube_name name);

// Names of objects of one namespace, sorted.
struct kube_names {
	char **names;
	size_t n;
};

// The objects of a namespace that the index has told this name for, and seldom one that it has not. Release with kube_names_free().
void kube_store_find(struct kube_store *store, const char *namespace, const char *name, struct kube_names *ret);
void kube_names_free(struct kube_names *names);

size_t kube_store_count(struct kube_store *store);

// The writer's side. put and remove return the previous object (the caller's to unref) or NULL.
struct kube_object *kube_store_put(struct kube_store *store, const struct kube_object *object);
struct kube_object *kube_store_remove(struct kube_store *store, struct kube_name name);

// Whether it was cut when it was put.
bool kube_store_has_cut(struct kube_store *store, struct kube_name name);

// A whole list is about to be put, page by page. What it lacked is taken out afterwards, one by one: returns an object that was
// removed since it was not put after the round began, or NULL when there is none left.
void kube_store_begin_round(struct kube_store *store);
struct kube_object *kube_store_remove_stale(struct kube_store *store);
