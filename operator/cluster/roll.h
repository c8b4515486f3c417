// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which outdated pod is replaced next (B6). Pure.
//
// A pod that was not ready before the roll began serves nobody: it goes first. Any other pod goes only when all others are back: ready and steady
// (operator/object/pod.h), and in a cluster full members with every database online. The leader of database system goes last, so that the lead
// moves once. So the operator never takes two servers away, even where a pod of the new template does not come back and an old one fails for a
// moment.
//
// Before it evicts anything, the operator notes on the StatefulSet which pods were not ready when the roll began, so that any later operator
// knows it.

#include "operator/cluster/phase.h"

struct roll_decision {
	const struct pod *evict; // NULL: none now
	bool surveyed;		 // it goes because a survey says that all others are back; that survey must be of the same pass
	bool stopped;		 // the roll stops at a pod that does not come back
	const char *waiting;	 // why no outdated pod may go; NULL: none is left, or one goes
};

void roll_decide(const struct phase_facts *facts, struct arena *arena, struct roll_decision *ret);

// The note for facts->update_revision: the revision's name, and for each outdated pod that is not ready its uid and since when. facts->unready
// is the present note, which stays while it is of this revision or nothing is outdated. While the noted roll has not ended, a pod that was once
// ready is not added: it fails while another pod is away by our doing.
const char *roll_record(const struct phase_facts *facts, struct arena *arena);
