// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Paths of the API server, as they stand in a URL. Pure.

#include "base/buf.h"
#include "kube/resource.h"

// What a path, and the URL that it makes, may have.
#define KUBE_URL_MAX_BYTES ((size_t)8 * 1024)

// The path of a collection, "/api/v1/namespaces/x/pods" (namespace NULL: of all), or with a name of one object. Names are percent-encoded.
void kube_path(struct buf *out, const struct kube_resource *resource, const char *namespace, const char *name);

// Appends "?key=value" or "&key=value", the value percent-encoded; nothing when it is NULL.
void kube_query(struct buf *out, const char *key, const char *value);
