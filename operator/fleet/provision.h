// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Makes a deployment in Aura and its token for a deployment that stands at the registration (F4): carries out one step of
// operator/fleet/provision_plan.h in a pass. Each step ends with something written down, whose change wakes the next pass. Every call has a
// deadline, and none is made twice in a pass but for a token, which the service gives by one of two calls.

#include "base/arena.h"
#include "base/err.h"
#include "operator/context.h"
#include "operator/fleet/provision_work.h"

// ERR_CONFLICT: the object has changed since the pass read it, or too little of the lease is left.
int provision_step_once(const struct context *context, struct provision_memory *memory, const struct provision_inputs *inputs, struct arena *arena,
			struct provision_result *ret, struct err *err);

// The Secret's token turned out to be of no use before it was registered. Another one is made, but not more than one an hour.
void provision_note_useless(struct provision_memory *memory);
