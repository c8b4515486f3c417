// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The plan of EXPLAIN or PROFILE as a tree for people: a line a step, what feeds it below it, and what feeds it besides set in.

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/summary.h"

// Prints nothing where the summary has neither. ERR_IO: not all could be written.
int plan_print(const struct bolt_summary *summary, FILE *file, struct arena *arena, struct err *err);
