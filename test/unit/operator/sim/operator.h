// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// One pass of the operator over the simulated cluster: what operator/pass/reconcile_dbms and operator/cluster/cluster_steps do around the deciding functions,
// which are the real ones.

#include "base/arena.h"
#include "sim/world.h"

enum operator_death { DIES_NEVER, DIES_AFTER_THE_WORKLOAD, DIES_AFTER_THE_STEP, DIES_AFTER_THE_EVICTION };

struct operator_pass {
	bool ask; // the servers, even if the last answer will do
	enum operator_death death;
};

// How it left off.
struct operator_rest {
	bool refused; // fewer servers were refused, by the operator or by the servers
	bool removing;
};

// The arena is reset.
void operator_run(struct world *world, const struct operator_pass *pass, struct arena *arena, struct operator_rest *ret);
