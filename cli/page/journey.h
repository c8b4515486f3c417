// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A deployment's way into Fleet Management as a line of steps, with its present step. Pure.

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
	const char *message; // of the present step, in the operator's words; else ""
};

enum { JOURNEY_STEPS = 7 };

struct journey {
	struct journey_step steps[JOURNEY_STEPS];
	bool off; // the deployment does not take part
};

// object: the deployment. Its texts are not yet safe for a terminal.
void journey_read(yyjson_val *object, struct journey *ret);

const char *journey_state_name(enum journey_state state);
