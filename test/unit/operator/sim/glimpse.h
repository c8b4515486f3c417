// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The simulated world in the words of the operator: pods, claims and a survey, without an allocation.

#include "operator/cluster/phase.h"
#include "operator/cluster/scale.h"
#include "sim/world.h"

struct glimpse {
	struct names names;
	struct pod pods[REALM_ORDINALS];
	int ordinals[REALM_ORDINALS]; // of the pods
	size_t n_pods;
	struct data_volume volumes[REALM_ORDINALS];
	size_t n_volumes;
	struct survey survey;
	bool surveyed;
	struct topology_server servers[REALM_MEMBERS];
	struct topology_copy copies[REALM_MEMBERS * (REALM_DATABASES + 1)];
};

// The pods and claims as the informers show them.
void glimpse_objects(const struct world *world, struct glimpse *ret);

// An answer as a survey; of an answer without a cluster, a problem.
void glimpse_survey(const struct world_answer *answer, struct glimpse *glimpse);

// The member, or the ordinal, that a text of a glimpse stands for.
int glimpse_member(const char *id);
int glimpse_ordinal(const struct glimpse *glimpse, const struct pod *pod);
const char *glimpse_revision(uint8_t revision);
