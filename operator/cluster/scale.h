// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// How many pods a cluster needs at this moment, and which step brings it nearer to the spec. Pure.
//
// More servers come at once. Fewer go in an order that loses nothing: the operator marks the claims of all servers that leave and drains the
// servers together (Cypher). Then, from the highest ordinal down, it sets the second mark on a claim when its own server is seen Deallocated,
// drops the server, takes the pod away and deletes the claim. It never deletes a claim without the second mark. It believes only servers that
// stay. A server that no pod accounts for, or a ready pod that no server accounts for, stops the removal: something that nobody can tell apart
// may hold the only copy of a database. A pod that somebody else took away earlier comes back. The state is read off the cluster, the claims and
// the StatefulSet, so any operator goes on where another was killed.

#include <stdbool.h>

#include "operator/cluster/scale_decision.h"
#include "operator/cluster/scale_facts.h"

void scale_decide(const struct scale_facts *facts, struct arena *arena, struct scale_decision *ret);

// Whether servers are leaving, so that nothing else may be taken away.
bool scale_is_removing(const struct scale_decision *decision);

// Whether a decision about removal needs a survey.
bool scale_needs_survey(const struct scale_facts *facts);

// Whether a decision takes something away, so that it needs a survey of the same pass.
bool scale_is_grave(const struct scale_facts *facts, const struct scale_decision *decision);
