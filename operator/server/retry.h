// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The pace of a question to a server whose answer holds until something that it depends on (its basis) changes: at once when it
// has, after a failure 1 s to 5 min later with jitter, and never again once it was answered. Lives in memory only.

#include <stdbool.h>
#include <stdint.h>

#include "operator/object/basis.h"
#include "operator/object/kept.h"
#include "operator/object/reason.h"

struct retry {
	struct basis basis;
	bool answered;
	unsigned failures;
	int64_t next_ms; // monotonic; not before
	enum reason reason; // of the last failure
	char message[KEPT_TEXT_SIZE];
};

enum retry_step {
	RETRY_ASK,      // now
	RETRY_WAIT,     // it has failed; *ret_left_ms until it is due
	RETRY_ANSWERED, // for this basis
};

enum retry_step retry_step(const struct retry *retry, const char *basis, int64_t *ret_left_ms);

void retry_succeed(struct retry *retry, const char *basis);

// Returns the delay. at_least_ms: 0, or what the failure itself asks for.
int64_t retry_fail(struct retry *retry, const char *basis, enum reason reason, const char *message, int64_t at_least_ms);

// 1 s, doubled with each failure up to 5 min, and up to a tenth more.
int64_t retry_delay(unsigned failures);
