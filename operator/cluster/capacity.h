// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Whether the servers that stay have room for every database. Pure.

#include "operator/cluster/scale_facts.h"

// Before the first server is drained: why the servers with ordinals from target on cannot leave, and the cure. NULL when they can. The servers
// themselves refuse what only they know.
const char *capacity_problem(const struct scale_facts *facts, int target, struct arena *arena);
