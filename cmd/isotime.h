// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Dates, times and durations in words, as ISO 8601 and Cypher write them. Pure but for the machine's time zones (cmd/zone.h).

#include "base/arena.h"
#include "bolt/value.h"

// The text of a temporal value, in the arena; NULL: it is none.
const char *isotime_text(const struct bolt_value *value, struct arena *arena);

// An offset from UTC: Z, +02:00, -01:02:03.
const char *isotime_offset(int32_t offset_s, struct arena *arena);
