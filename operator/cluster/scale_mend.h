// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What becomes of a server whose volume is lost. Its pod came back with a new volume and a new server in it, and the cluster still counts the
// old one: one more loss, and a database may have no majority. Pure.
//
// The operator replaces it by itself where nothing can be lost by that: all pods are ready with servers that are Enabled and Available, this is
// the only server that no pod accounts for, and each database has a leader, thus a majority of its copies on servers that run. The cluster then
// makes the lost server's copies anew on the others (DEALLOCATE DATABASES), and forgets it (DROP SERVER). Everything else wants a word from a
// person, and the decision says why (docs/decisions/0039).

#include <stdbool.h>

#include "operator/cluster/scale_decision.h"
#include "operator/cluster/scale_facts.h"

// Fills ret and returns true where there is a step to make. Where there is a lost server and no step, ret has only words about it. The servers
// must have answered.
bool scale_mend(const struct scale_facts *facts, struct arena *arena, struct scale_decision *ret);
