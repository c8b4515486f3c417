// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Servers and claims that belong to no pod of a cluster and that no step will take: their names, and what to do with them. Pure.

#include "base/arena.h"
#include "operator/cluster/scale_facts.h"

// replicas: the wanted number of the StatefulSet. NULL: nothing is left over.
const char *scale_leftovers(const struct scale_facts *facts, int replicas, struct arena *arena);
