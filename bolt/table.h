// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// How a table of bolt/link.h is made. Pure.

#include "bolt/link.h"

// Rows as they come: an array that doubles, in the arena.
struct table_rows {
	struct bolt_value *items;
	uint32_t n, room;
};

void table_add(struct table_rows *rows, const struct bolt_value *row, struct arena *arena);

// The fields from the answer to RUN. ERR_PROTOCOL: it names none.
int table_set_fields(struct bolt_table *ret, const struct bolt_value *meta, struct arena *arena, struct err *err);
