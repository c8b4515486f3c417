// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which APIs the server has: for those that a cluster may lack. A group is asked for once, in one version, and its answer is kept;
// that it is not there is kept for a short time only, since somebody may be installing it. One thread at a time.
// Source: Kubernetes API concepts, "Discovery API" (unaggregated).

#include <stdbool.h>

#include "base/clock.h"
#include "kube/client.h"

struct discovery;

// client is kept by reference; clock NULL: the system's.
struct discovery *discovery_new(struct kube_client *client, const struct clock *clock);
void discovery_free(struct discovery *discovery); // NULL is allowed
DEFINE_CLEANUP(struct discovery *, discovery_free);

// Whether the server has this resource in this group and version. Fails as kube_get() does, but for ERR_NOT_FOUND.
int discovery_has(struct discovery *discovery, const struct kube_resource *resource, bool *ret, struct err *err);
