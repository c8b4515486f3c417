// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Paths of the API server, as they stand in a URL. Pure.

#include "base/buf.h"
#include "kube/resource.h"

// The longest path, and the longest URL with it.
#define KUBE_URL_MAX_BYTES ((size_t)8 * 1024)

// The path of a collection, "/api/v1/namespaces/x/pods" (namespace NULL: all namespaces), or with a name the path of one object. Names are
// percent-encoded.
void kube_path(struct buf *out, const struct kube_resource *resource, const char *namespace, const char *name);

// Appends "?key=value" or "&key=value" with the value percent-encoded; nothing when value is NULL.
void kube_query(struct buf *out, const char *key, const char *value);
