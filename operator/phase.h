// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// status.phase and its message, from what was found and done in this pass. Pure.

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "operator/pod.h"

enum phase { PHASE_PENDING, PHASE_FORMING, PHASE_READY, PHASE_UPDATING, PHASE_DEGRADED, PHASE_FAILED };

const char *phase_name(enum phase phase);

struct phase_facts {
	const char *refused;	     // the spec cannot be carried out, and why: nothing was touched
	const char *refused_reason;  // a word for the condition, e.g. "InvalidSpec", "NameTaken"
	const char *waiting_for;     // what the workload cannot be made without, e.g. the admin Secret
	const char *waiting_reason;  // a word for the condition, e.g. "WaitingForSecret"
	bool workload_exists;
	bool workload_current;	     // the StatefulSet's observedGeneration is its generation
	const char *update_revision; // of the StatefulSet
	const struct pod *pods;
	size_t n_pods;
	int servers;		     // wanted
	bool formed;		     // it has been Ready before
	bool rolling;		     // a pod was taken away for a newer template, and it was not Ready since
};

struct phase_verdict {
	enum phase phase;
	const char *reason;  // of condition Ready
	const char *message;
};

void phase_judge(const struct phase_facts *facts, struct arena *arena, struct phase_verdict *ret);

// Whether a pod runs an older template than the StatefulSet's newest.
bool pod_is_outdated(const struct phase_facts *facts, const struct pod *pod);
