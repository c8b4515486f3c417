// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Dates, times, durations and UUIDs in words (bolt/text.h), with the offset that this machine's time zones (cmd/zone.h) tell of a zone.

#include "base/arena.h"
#include "bolt/value.h"

// The text of such a value, in the arena; NULL: it is none.
const char *isotime_text(const struct bolt_value *value, struct arena *arena);

// An offset from UTC: Z, +02:00, -01:02:03.
const char *isotime_offset(int32_t offset_s, struct arena *arena);
