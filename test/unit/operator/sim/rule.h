// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The operator's rules, or in their place a faulty one (enum world_rule) that the simulation must find.

#include "operator/cluster/roll.h"
#include "operator/cluster/scale.h"
#include "sim/world.h"

void rule_scale(const struct world *world, const struct scale_facts *facts, struct arena *arena, struct scale_decision *ret);
void rule_roll(const struct world *world, const struct phase_facts *facts, struct arena *arena, struct roll_decision *ret);
const char *rule_record(const struct world *world, const struct phase_facts *facts, struct arena *arena);

const char *rule_name(enum world_rule rule);
