// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a server says after the rows: counters, notifications, plan.

#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "bolt/summary.h"

// For people: a line for each notification, each with this before it, and a line for all that was changed; nothing where there is neither.
void outcome_tell(const struct bolt_summary *summary, FILE *file, const char *before);

// For programs: an object of JSON on a line.
void outcome_write(const struct bolt_summary *summary, unsigned statement, uint64_t rows, FILE *file, struct arena *arena);
