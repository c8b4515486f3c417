// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Lengths of time in words. Pure.

#include <stdint.h>

#include "base/arena.h"

// "45s", "12m", "5h", "63d", "3y": in the largest unit of which there are at least two.
const char *timespan_short(int64_t ms, struct arena *arena);

// "in 63 days", "5 hours ago", "now".
const char *timespan_from_now(int64_t ms, struct arena *arena);
