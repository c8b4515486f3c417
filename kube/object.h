// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// An immutable, reference-counted JSON object as the API server sent it (or its metadata alone). Stores and workers share it; any thread may
// read, ref and unref. Objects stay JSON; there are typed views only of what we read. metadata.managedFields is never kept.

#include <stddef.h>

#include <yyjson.h>

#include "base/cleanup.h"

struct kube_object;

// Parses and takes a copy. NULL when the text is no JSON object.
struct kube_object *kube_object_parse(const char *json, size_t len);
struct kube_object *kube_object_parse_secret(const char *json, size_t len); // wiped when freed

// The object's JSON text, malloc'ed; and the object of a malloc'ed text followed by KUBE_OBJECT_PADDING more bytes, which it takes over. NULL
// when the text is no JSON object.
#define KUBE_OBJECT_PADDING YYJSON_PADDING_SIZE
char *kube_object_text(const struct kube_object *object, size_t *ret_len);
struct kube_object *kube_object_take_text(char *text, size_t len);

// A copy of a value of a larger document, e.g. an item of a list. NULL when it is no JSON object.
struct kube_object *kube_object_copy(yyjson_val *val);

// A copy of what identifies it (see below), of its labels, ownerReferences and annotations, and of the members at these JSON pointers; the list
// ends with NULL.
struct kube_object *kube_object_copy_parts(yyjson_val *val, const char *const *pointers);

// A copy of what identifies it: the name, namespace, uid, resourceVersion, generation and deletionTimestamp of its metadata. Members that
// somebody else may fill stay out, such as annotations, which may quote a Secret's data. NULL when it is no JSON object.
struct kube_object *kube_object_copy_metadata(yyjson_val *val);

// The rest of an object that is too large to be kept: its name, namespace, uid, resourceVersion, generation and deletionTimestamp, its status if
// that is small, and its size in bytes.
struct kube_object *kube_object_cut(const struct kube_object *object, size_t bytes);
size_t kube_object_cut_bytes(const struct kube_object *object); // 0: it is complete

struct kube_object *kube_object_ref(struct kube_object *object);
void kube_object_unref(struct kube_object *object); // NULL is allowed
DEFINE_CLEANUP(struct kube_object *, kube_object_unref);

// The root value, valid while a reference is held.
yyjson_val *kube_object_root(const struct kube_object *object);

// By JSON pointer ("/metadata/labels/app.kubernetes.io~1name"); NULL when absent.
yyjson_val *kube_object_get(const struct kube_object *object, const char *pointer);
const char *kube_object_str(const struct kube_object *object, const char *pointer);
// The item of status.conditions with this type; NULL when there is none. Source: API conventions, "Typical status properties".
yyjson_val *kube_object_condition(const struct kube_object *object, const char *type);
long long kube_object_int(const struct kube_object *object, const char *pointer, long long otherwise);

const char *kube_object_name(const struct kube_object *object);
const char *kube_object_namespace(const struct kube_object *object); // "" when cluster-scoped
const char *kube_object_uid(const struct kube_object *object);
const char *kube_object_resource_version(const struct kube_object *object);

// The owner reference with controller: true; NULL when there is none. Fields: apiVersion, kind, name, uid.
yyjson_val *kube_object_controller(const struct kube_object *object);

// The same for the JSON of an object.
yyjson_val *kube_controller_of(yyjson_val *root);

// An allocator that wipes memory when it frees it: for documents that hold a secret.
extern const yyjson_alc kube_wiping_alc;
