// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The pace of a question to a server. The answer holds until something that it depends on (its basis) changes: then ask at once, after a failure
// 1 s to 5 min later with jitter, and after an answer not again. Lives in memory only.

#include <stdbool.h>
#include <stdint.h>

#include "operator/object/basis.h"
#include "operator/object/kept.h"
#include "operator/object/reason.h"

struct retry {
	struct basis basis;
	bool answered;
	unsigned failures;
	int64_t next_ms; // monotonic; do not ask before
	enum reason reason; // of the last failure
	char message[KEPT_TEXT_SIZE];
};

enum retry_step {
	RETRY_ASK,      // now
	RETRY_WAIT,     // the last question failed; *ret_left_ms until the next is due
	RETRY_ANSWERED, // for this basis
};

enum retry_step retry_step(const struct retry *retry, const char *basis, int64_t *ret_left_ms);

void retry_succeed(struct retry *retry, const char *basis);

// Returns the delay. at_least_ms: 0, or the least delay after this failure.
int64_t retry_fail(struct retry *retry, const char *basis, enum reason reason, const char *message, int64_t at_least_ms);

// 1 s, doubled with each failure up to 5 min, plus up to a tenth.
int64_t retry_delay(unsigned failures);
