// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Two texts line by line, as diff -u shows them. Pure.

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"

// The two texts with their names. NULL: there is no text.
struct line_diff {
	const char *from_name, *from;
	const char *to_name, *to;
};

// Returns whether they differ; writes nothing where they are the same.
bool line_diff_write(const struct line_diff *diff, struct arena *arena, FILE *out);
