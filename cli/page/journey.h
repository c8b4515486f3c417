// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The way of a deployment into Fleet Management as a line of steps, with the one that it stands at. Pure.

#include <stdbool.h>

#include <yyjson.h>

enum journey_state {
	JOURNEY_DONE,
	JOURNEY_WAITS, // it goes on by itself
	JOURNEY_STOPS, // somebody has to do something
	JOURNEY_AHEAD,
};

struct journey_step {
	const char *name;
	enum journey_state state;
	const char *message; // of the step that it stands at, as the operator says it; else ""
};

enum { JOURNEY_STEPS = 7 };

struct journey {
	struct journey_step steps[JOURNEY_STEPS];
	bool off; // it does not take part
};

// object: the deployment. What it says is not yet safe to be shown on a terminal.
void journey_read(yyjson_val *object, struct journey *ret);

const char *journey_state_name(enum journey_state state);
