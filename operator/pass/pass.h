// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// One pass over a deployment, and the larger of its steps: each is a function of what the steps before it have found. Used by
// operator/pass/reconcile_dbms only.

#include "base/clock.h"
#include "operator/cluster/scale.h"
#include "operator/fleet/plugin_entry.h"
#include "operator/fleet/registration_attempt.h"
#include "operator/object/reason.h"
#include "operator/pass/gather.h"
#include "operator/pass/memory.h"
#include "operator/pass/status.h"

// What keeps the operator from working with the servers, or Aura from telling them apart; see struct status_problem.
enum { PROBLEM_CREDENTIALS, PROBLEM_CERTIFICATE, PROBLEM_PLUGINS, PROBLEM_TWINS };

struct pass {
	const struct context *context;
	struct memory *memory;
	struct arena *arena;
	struct inputs inputs;
	struct phase_facts facts;
	struct status_wanted wanted;
	struct scale_decision scale; // of a cluster
	bool created;		    // the StatefulSet was made in this pass
	bool just_registered;
	bool announce; // a Ready is to be told before the exchange: publish, and see to the registration again
	bool announced;
	struct plugin_entry entry;
	const char *malformed;	    // why NEO4J_PLUGINS cannot be merged; NULL: it can
	enum reason fleet_warning;  // of the Warning that the fleet message deserves
	enum reason warning_reason; // of a Warning event that the new status deserves
	char registered_at[TIME_TEXT_SIZE];
	int64_t started_ms; // monotonic
	int64_t again_ms;   // 0: not before something changes
};

static inline void pass_again(struct pass *pass, int64_t ms)
{
	if (ms > 0 && (pass->again_ms == 0 || ms < pass->again_ms))
		pass->again_ms = ms;
}

static inline void pass_refuse(struct pass *pass, enum reason reason, const char *message)
{
	pass->facts.refused_reason = reason;
	pass->facts.refused = message;
	pass->warning_reason = reason;
}

// How many servers there are to be now, in the light of what a cluster says of itself. ERR_CONFLICT: look again.
int pass_measure(struct pass *pass, struct err *err);

// Builds and applies the children, unless something forbids it.
int pass_shape(struct pass *pass, struct err *err);

// Whether the operator gets into the servers; shown in any phase.
void pass_check_access(struct pass *pass);

// The registration with Fleet Manager, and the look at the connection. ERR_CONFLICT: look again.
int pass_see_to_fleet(struct pass *pass, struct err *err);
