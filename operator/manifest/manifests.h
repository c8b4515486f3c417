// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The manifests of all children of a deployment, in the order of writing: first the child whose name decides who owns the names, last the
// StatefulSet, since its pods need the others. Pure.

#include <stddef.h>

#include "base/arena.h"
#include "operator/manifest/workload_inputs.h"

enum child_slot { CHILD_ACCOUNT, CHILD_HEADLESS, CHILD_CLIENT, CHILD_CONFIG, CHILD_BUDGET, CHILD_WORKLOAD, CHILD_COUNT };

struct manifest {
	enum child_slot slot;
	const char *name;
	const char *json;
};

// config_map: settings.config_map. Returns how many there are.
size_t manifests_of(const struct workload_inputs *inputs, const char *config_map, struct arena *arena, struct manifest ret[CHILD_COUNT]);
