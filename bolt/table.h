// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Gathers a whole result: its rows and the names of its fields. Pure.

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/value.h"

// Collected rows: an array that doubles, in the arena.
struct table_rows {
	struct bolt_value *items;
	uint32_t n, room;
};

void table_add(struct table_rows *rows, const struct bolt_value *row, struct arena *arena);

// Reads the fields from the answer to RUN. ERR_PROTOCOL: it names none.
int table_fields(const struct bolt_value *meta, struct arena *arena, const char *const **ret, uint32_t *ret_n, struct err *err);
