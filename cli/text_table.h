// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Columns for people: as wide as their widest cell, with two spaces between them; the last column is not padded. Cells may have a colour.

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"

enum colour { COLOUR_NONE, COLOUR_GOOD, COLOUR_BUSY, COLOUR_BAD, COLOUR_FAINT };

// Writes a text in its colour, if there are colours. The end of a colour has the same length everywhere.
void colour_write(FILE *out, bool colours, enum colour colour, const char *text);

#define TABLE_COLUMNS 16

struct table_cell {
	const char *text; // safe to show
	enum colour colour;
};

struct table_row {
	struct table_cell cells[TABLE_COLUMNS];
};

struct table {
	struct arena *arena;
	const char *heads[TABLE_COLUMNS];
	size_t n_columns;
	struct table_row *rows;
	size_t n_rows, room;
};

void table_column(struct table *table, const char *head);

// Begins a new row; table_cell() fills its cells one by one.
void table_row(struct table *table);
void table_cell(struct table *table, size_t column, const char *text, enum colour colour);
void table_write(const struct table *table, FILE *out, bool colours);
