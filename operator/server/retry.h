// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The pace of a question to a server whose answer holds until something that it depends on (its basis) changes: at once when it
// has, after a failure 1 s to 5 min later with jitter, and never again once it was answered. Lives in memory only.

#include <stdbool.h>
#include <stdint.h>

#define PACE_BASIS_SIZE 65
#define PACE_TEXT_SIZE 768

struct pace {
	char basis[PACE_BASIS_SIZE]; // a digest of it
	bool answered;
	unsigned failures;
	int64_t next_ms; // monotonic; not before
	char reason[64]; // of the last failure
	char message[PACE_TEXT_SIZE];
};

enum pace_step {
	PACE_ASK,      // now
	PACE_WAIT,     // it has failed; *ret_left_ms until it is due
	PACE_ANSWERED, // for this basis
};

enum pace_step pace_step(const struct pace *pace, const char *basis, int64_t *ret_left_ms);

void pace_succeed(struct pace *pace, const char *basis);

// Returns the delay. at_least_ms: 0, or what the failure itself asks for.
int64_t pace_fail(struct pace *pace, const char *basis, const char *reason, const char *message, int64_t at_least_ms);

// 1 s, doubled with each failure up to 5 min, and up to a tenth more.
int64_t pace_delay(unsigned failures);
