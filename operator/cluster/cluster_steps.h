// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a pass does with the servers of a cluster: it asks them how they are, at a pace, and carries out what scale_decide() has chosen. Every
// call is bounded; a server that cannot be asked is an outcome, kept in the survey, not an error.

#include "base/arena.h"
#include "base/err.h"
#include "operator/cluster/scale.h"
#include "operator/context.h"
#include "operator/object/basis.h"
#include "operator/object/kept.h"
#include "operator/object/deployment.h"

// What the servers of a cluster said last, and when to ask them again.
struct cluster_memory {
	struct survey *last; // owned; NULL: none yet
	struct basis basis;  // the pods at that time
	bool fresh;	     // not judged yet
	bool acted;	     // a step was taken on it: only the next survey shows the result
	bool done;	     // and the servers took it
	bool settled;	     // all was as it should be
	unsigned unsettled;  // surveys since a change began
	unsigned refusals;   // steps that the servers refused in a row
	int64_t taken_ms, next_ms; // monotonic
	int64_t outsiders_ms; // monotonic; do not ask unlisted servers before: one has refused the password
	char refused[KEPT_TEXT_SIZE]; // the servers' answer to the step
};

// The survey of the pods as they are now. Asks anew when the pods have changed or when the survey is old; NULL when there is no server to ask.
// The survey stays in memory until the next one. ERR_CONFLICT: the lease is too short to ask; reconcile the key anew.
int cluster_survey(const struct context *context, struct cluster_memory *memory, const struct deployment *deployment, bool at_once,
		   const struct survey **ret, struct err *err);

// Keeps what a standalone's server has told, in the place of a survey, until it is in the status: cluster_drop_told().
void cluster_keep_told(struct cluster_memory *memory, const struct topology *topology);
void cluster_drop_told(struct cluster_memory *memory);

// Whether the last survey was taken since a point of the monotonic clock. Evicting a pod or removing a server needs a survey from the same pass:
// nobody tells us when a database goes down or the lead moves.
bool cluster_is_recent(const struct cluster_memory *memory, int64_t since_ms);

// What the survey means for the number of servers; ret->replicas is spec.topology.servers unless servers must leave first. True when the step
// takes something away, so that the survey must be of this pass.
bool cluster_scale(const struct deployment *deployment, const struct survey *survey, struct arena *arena, struct scale_decision *ret);

// When the next survey is due: soon while something changes, every ten to eleven minutes when all is settled.
int64_t cluster_pace(struct cluster_memory *memory, bool settled);

// Takes the step on the servers or the claims. A refusal of the servers is kept for the status (memory->refused), and the step is tried again at
// the next survey: a few seconds later at first, a minute later at last.
int cluster_act(const struct context *context, struct cluster_memory *memory, const struct deployment *deployment,
		const struct scale_decision *decision, struct err *err);
