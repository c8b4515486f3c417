// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which outdated pod is replaced next (B6). Pure.
//
// One that is not ready serves nobody: it goes first. A ready one goes only when all others are back: ready, and for a cluster
// full members with every database online; the leader of database system last, so that it moves once.

#include "operator/phase.h"

struct roll_decision {
	const struct pod *evict; // NULL: none now
	const char *waiting;	 // why none of the outdated ones may go; NULL: none is left, or one goes
};

void roll_decide(const struct phase_facts *facts, struct arena *arena, struct roll_decision *ret);
