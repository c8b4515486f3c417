// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a pass does with the servers of a cluster: asks them how they are, at a pace, and carries out what scale_decide() has
// chosen. Every call is bounded; a server that cannot be asked is an outcome, kept in the survey, not an error.

#include "base/arena.h"
#include "base/err.h"
#include "operator/cluster/scale.h"
#include "operator/context.h"
#include "operator/object/basis.h"
#include "operator/object/kept.h"
#include "operator/object/deployment.h"

// What the servers of a cluster said last, and when they are asked again.
struct cluster_memory {
	struct survey *last; // owned; NULL: none yet
	struct basis basis;  // the pods as they were
	bool fresh;	     // not judged yet
	bool acted;	     // a step was taken on it: only the next one shows what came of it
	bool settled;	     // all was as it should be
	unsigned unsettled;  // surveys since something was on its way
	unsigned refusals;   // steps that the servers refused, one after the other
	int64_t taken_ms, next_ms; // monotonic
	int64_t outsiders_ms; // monotonic; servers that are not listed are not asked before: one has refused the password
	char refused[KEPT_TEXT_SIZE]; // what the servers said to the step
};

// The survey of the pods as they are now, asked anew when they have changed or when it is time to; NULL when there is nobody to
// ask. It stays in memory until the next one. ERR_CONFLICT: too little of the lease is left to ask; the key is to be
// reconciled anew.
int cluster_survey(const struct context *context, struct cluster_memory *memory, const struct deployment *deployment, bool at_once,
		   const struct survey **ret, struct err *err);

// Whether the last survey was taken since a point of the monotonic clock. Evicting a pod or removing a server needs a survey from the same pass:
// nobody tells us when a database goes down or the lead moves.
bool cluster_is_recent(const struct cluster_memory *memory, int64_t since_ms);

// What the survey means for the number of servers; ret->replicas is spec.topology.servers unless servers are to leave first. True when
// something is taken away on it, so that it must be of this pass.
bool cluster_scale(const struct deployment *deployment, const struct survey *survey, struct arena *arena, struct scale_decision *ret);

// When the next survey is due: soon while something is on its way, every ten minutes or up to one more when all is settled.
int64_t cluster_pace(struct cluster_memory *memory, bool settled);

// The step on the servers or the claims. What the servers refuse is kept for the status (memory->refused) and tried again
// at the next survey, a few seconds later, and a minute later at last.
int cluster_act(const struct context *context, struct cluster_memory *memory, const struct deployment *deployment,
		const struct scale_decision *decision, struct err *err);
