// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// How long the operator has waited for something that only a person can end: at first the wait may pass by itself, then the deployment is
// Stalled (B7). Pure.

#include <stdbool.h>
#include <stdint.h>

#include "operator/object/reason.h"

#define STALL_AFTER_MS INT64_C(300000)

// Kept between two passes; all zero: nothing.
struct stall {
	enum reason reason;
	int64_t since_ms; // monotonic
};

// REASON_NONE: the operator waits for nothing. told: the status already says that the deployment is stalled for this reason, as an earlier
// operator found. True when the wait has lasted too long; else *ret_left_ms is the time until it has, 0 for never.
bool stall_lasts(struct stall *stall, enum reason reason, bool told, int64_t now_ms, int64_t *ret_left_ms);
