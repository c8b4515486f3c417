// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The domain of this Kubernetes cluster, as the resolv.conf of the operator's own pod tells it. Servers find each other by names in
// spec.clusterDomain; where that is another one, a cluster waits for ever. Pure.

#include <stdbool.h>

#include "base/arena.h"

// "cluster.local" of "search NAMESPACE.svc.cluster.local svc.cluster.local cluster.local"; NULL: it does not say. In the arena.
const char *own_domain_of(const char *text, struct arena *arena);

// What to look at where wanted is another domain than own (NULL: unknown); NULL: nothing.
const char *own_domain_hint(const char *own, const char *wanted, struct arena *arena);
