// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A random history of the simulated world: a beginning, events, and then a time without faults in which the operator must come to rest. One
// that breaks a promise is cut down to the fewest events that still break one, and told step by step.

#include <stdio.h>

#include "sim/incident.h"

#define HISTORY_EVENTS_MAX 64

struct history {
	uint64_t seed; // that it was drawn with
	enum world_rule rule;
	uint8_t servers, first; // at the beginning
	bool anew;		// over claims of an earlier deployment
	size_t n;
	struct incident events[HISTORY_EVENTS_MAX];
};

void history_draw(uint64_t seed, enum world_rule rule, struct history *ret);

// The promise that it breaks; NULL: none. Tells the steps to out, if there is one.
const char *history_run(const struct history *history, struct arena *arena, FILE *out);

// Without the n events from at on.
void history_cut(struct history *history, size_t at, size_t n);

void history_shrink(struct history *history, struct arena *arena);
