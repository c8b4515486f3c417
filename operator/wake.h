// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which keys a change of an object wakes. The functions are handlers of informers (kube/informer.h) and indexes of their stores (kube/store.h);
// user is the struct context. They run on the loop thread.

#include "kube/object.h"
#include "kube/resource.h"

// A deployment; a Neo4jPlugin.
void wake_by_root(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous);
void wake_by_plugin(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous);

// A child that its deployment controls; a pod; the claim of a volume; a Secret.
void wake_by_child(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous);
void wake_by_pod(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous);
void wake_by_volume(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous);
void wake_by_secret(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous);

// A deployment is found by the Secrets that it refers to, a plugin by its deployment, a pod and a claim by the deployment that their labels tell.
void index_by_secret(const struct kube_object *root, void (*add)(void *user, const char *name), void *user);
void index_by_target(const struct kube_object *plugin, void (*add)(void *user, const char *name), void *user);
void index_by_instance(const struct kube_object *object, void (*add)(void *user, const char *name), void *user);
