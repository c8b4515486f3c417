// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The objects of one resource by namespace and name, as an informer knows them. One writer (the loop thread), many readers. A reader gets an
// object of its own and must unref it.
//
// The objects rest squeezed (base/squeeze.h), each against one that resembles it: a few hundred bytes instead of ten thousand. Reading one costs
// some microseconds. For many objects the store tells names (kube_store_find()), and the reader takes one object after the other, so that only
// one is unpacked at a time, however many and however large they are.
//
// The store keeps only the identity of an object that is too large (kube_object_cut_bytes()). Too large means: larger than any object of
// ours, or beyond its namespace's share of the memory (kube/allowance.h).

#include <stdbool.h>
#include <stddef.h>

#include "kube/allowance.h"
#include "kube/object.h"
#include "kube/resource.h"
#include "kube/shelf.h"

struct kube_store;

// Tells the further names by which an object is found in its namespace: calls add for each.
typedef void (*kube_store_index)(const struct kube_object *object, void (*add)(void *user, const char *name), void *user);

struct kube_store_options {
	kube_store_index index; // NULL: none
	size_t max_bytes; // of an object's text; 0: no limit
	struct allowance *allowance; // large objects take their room from it; NULL: no limit. Outlives the store
	struct shelf *shelf; // what rests lies on it; NULL: on the heap. Outlives the store
};

struct kube_store *kube_store_new(const struct kube_store_options *options); // NULL: no options
void kube_store_free(struct kube_store *store);

// NULL when there is none.
struct kube_object *kube_store_get(struct kube_store *store, struct kube_name name);

// Names of objects of one namespace, sorted.
struct kube_names {
	char **names;
	size_t n;
};

// The objects of a namespace under this name of the index; seldom also an object that is not. Release with kube_names_free().
void kube_store_find(struct kube_store *store, const char *namespace, const char *name, struct kube_names *ret);
void kube_names_free(struct kube_names *names);

size_t kube_store_count(struct kube_store *store);

// For the writer. put and remove return the previous object (the caller unrefs it) or NULL.
struct kube_object *kube_store_put(struct kube_store *store, const struct kube_object *object);
struct kube_object *kube_store_remove(struct kube_store *store, struct kube_name name);

// Whether the store has cut the object.
bool kube_store_has_cut(struct kube_store *store, struct kube_name name);

// Begin a round before putting a whole list, page by page. Afterwards kube_store_remove_stale() takes out the objects that the list lacked, one
// by one: it returns an object that was not put since the round began, or NULL when there is none left.
void kube_store_begin_round(struct kube_store *store);
struct kube_object *kube_store_remove_stale(struct kube_store *store);
