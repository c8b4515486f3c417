// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What an informer knows of one resource: objects by namespace and name. One writer (the loop thread), many
// readers. A reader gets an object of its own that it must unref.
//
// The objects rest squeezed (base/squeeze.h), each against one that is much like it: a few hundred bytes instead of ten
// thousand. Whoever asks for one pays some microseconds, so that nobody asks for all without need: kube_store_find().

#include <stddef.h>

#include "kube/object.h"
#include "kube/resource.h"

struct kube_store;

// Tells by which names, beside its own, an object is found in its namespace: calls add for each.
typedef void (*kube_store_index)(const struct kube_object *object, void (*add)(void *user, const char *name), void *user);

struct kube_store *kube_store_new(kube_store_index index); // NULL: none
void kube_store_free(struct kube_store *store);

// NULL when there is none.
struct kube_object *kube_store_get(struct kube_store *store, struct kube_name name);

// All objects of a namespace (NULL: of all), in order of namespace and name; the array is malloc'ed. Release with
// kube_objects_free().
size_t kube_store_list(struct kube_store *store, const char *namespace, struct kube_object ***ret);

// As above: the objects of a namespace that the index has told this name for, and seldom one that it has not.
size_t kube_store_find(struct kube_store *store, const char *namespace, const char *name, struct kube_object ***ret);
void kube_objects_free(struct kube_object **objects, size_t n);

size_t kube_store_count(struct kube_store *store);

// The writer's side. put and remove return the previous object (the caller's to unref) or NULL.
struct kube_object *kube_store_put(struct kube_store *store, const struct kube_object *object);
struct kube_object *kube_store_remove(struct kube_store *store, const struct kube_object *object);

// A whole list is about to be put, page by page. What it lacked is taken out afterwards, one by one: returns an object that was
// removed since it was not put after the round began, or NULL when there is none left.
void kube_store_begin_round(struct kube_store *store);
struct kube_object *kube_store_remove_stale(struct kube_store *store);
