// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The incidents of the simulated world, one at a time: a pass of the operator, a step of somebody else, a fault, an edit. An incident that
// has no object does nothing, so any list of them is a history.

#include "sim/operator.h"

struct incident {
	uint8_t kind;
	uint8_t a, b; // of what, and how
};

struct random {
	uint64_t state;
};

uint64_t random_next(struct random *random);

struct incident incident_draw(struct random *random);
void incident_apply(const struct incident *incident, struct world *world, struct arena *arena);

// All faults end, and the user mends what only a user can: the template, servers whose volumes are lost.
void incident_heal(struct world *world);
