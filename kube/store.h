// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What an informer knows of one resource: objects by namespace and name. One writer (the loop thread), many
// readers. A reader gets a reference that it must unref.

#include <stddef.h>

#include "kube/object.h"
#include "kube/resource.h"

struct kube_store;

struct kube_store *kube_store_new(void);
void kube_store_free(struct kube_store *store);

// NULL when there is none.
struct kube_object *kube_store_get(struct kube_store *store, struct kube_name name);

// All objects of a namespace (NULL: of all), in order of namespace and name, each with a reference taken; the
// array is malloc'ed. Release with kube_objects_free().
size_t kube_store_list(struct kube_store *store, const char *namespace, struct kube_object ***ret);
void kube_objects_free(struct kube_object **objects, size_t n);

size_t kube_store_count(struct kube_store *store);

// The writer's side. put and remove return the previous object (the caller's to unref) or NULL; put takes a reference of
// its own.
struct kube_object *kube_store_put(struct kube_store *store, struct kube_object *object);
struct kube_object *kube_store_remove(struct kube_store *store, const struct kube_object *object);
