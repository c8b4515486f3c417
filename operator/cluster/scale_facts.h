// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The facts for a decision about the number of servers. Borrowed.

#include <stdbool.h>
#include <stddef.h>

#include "operator/cluster/survey.h"
#include "operator/object/data_volume.h"

struct scale_facts {
	const struct names *names;
	const struct survey *survey; // of the pods as they are; NULL: none
	const struct pod *pods;
	size_t n_pods;
	const struct data_volume *volumes;
	size_t n_volumes;
	int wanted;   // spec.topology.servers
	int replicas; // of the StatefulSet; 0: there is none
	const char *update_revision; // of the StatefulSet; NULL: not known at the moment
};

// Whether the servers have answered.
static inline bool scale_has_survey(const struct scale_facts *facts)
{
	return facts->survey && !facts->survey->problem;
}
