// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which outdated pod is replaced next (B6). Pure.
//
// One that was not ready before the roll began serves nobody: it goes first. Any other goes only when all others are back: ready, and for a
// cluster full members with every database online; the leader of database system last, so that it moves once. So no two servers are away
// by our doing, also where a pod of the new template does not come back and an old one fails for a moment.
//
// What was not ready before is noted on the StatefulSet when a roll is seen and before anything is evicted, so that any operator knows it.

#include "operator/cluster/phase.h"

struct roll_decision {
	const struct pod *evict; // NULL: none now
	bool surveyed;		 // it goes because the survey says that all others are back, which must be of the same pass
	bool stopped;		 // by a pod that does not come back
	const char *waiting;	 // why none of the outdated ones may go; NULL: none is left, or one goes
};

void roll_decide(const struct phase_facts *facts, struct arena *arena, struct roll_decision *ret);

// The note for facts->update_revision: its name, and of each outdated pod that is not ready the uid and since when. facts->unready is the note
// that is there, which stays while it is of this revision or nothing is outdated. Where it is of a roll that has not come to its end, a pod that
// was ready once is only noted again, not anew: it fails while another is away by our doing.
const char *roll_record(const struct phase_facts *facts, struct arena *arena);
