// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which APIs the server has, for APIs that a cluster may lack. It asks for a group once, in one version, and keeps the answer; it keeps a
// missing group for a short time only, since somebody may be installing it. One thread at a time. Source: Kubernetes API concepts, "Discovery
// API" (unaggregated).

#include <stdbool.h>

#include "base/clock.h"
#include "kube/client.h"

struct discovery;

// client is kept by reference; clock NULL: the system's.
struct discovery *discovery_new(struct kube_client *client, const struct clock *clock);
void discovery_free(struct discovery *discovery); // NULL is allowed
DEFINE_CLEANUP(struct discovery *, discovery_free);

// Whether the server has this resource in this group and version. Errors are those of kube_get(), without ERR_NOT_FOUND.
int discovery_has(struct discovery *discovery, const struct kube_resource *resource, bool *ret, struct err *err);
