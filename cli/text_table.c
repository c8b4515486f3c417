// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/text_table.h"

void colour_write(FILE *out, bool colours, enum colour colour, const char *text)
{
	static const char *const codes[] = {[COLOUR_GOOD] = "32", [COLOUR_BUSY] = "33", [COLOUR_BAD] = "31", [COLOUR_FAINT] = "2"};

	if (colours && colour != COLOUR_NONE)
		(void)fprintf(out, "\033[%sm%s\033[0m", codes[colour], text);
	else
		(void)fputs(text, out);
}

void table_column(struct table *table, const char *head)
{
	table->heads[table->n_columns++] = head;
}

void table_row(struct table *table)
{
	table->rows = arena_grow(table->arena, table->rows, table->n_rows, &table->room);
	table->rows[table->n_rows++] = (struct table_row){0};
}

void table_cell(struct table *table, size_t column, const char *text, enum colour colour)
{
	table->rows[table->n_rows - 1].cells[column] = (struct table_cell){text, colour};
}

// In letters, not bytes.
static size_t width_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xC0) != 0x80;
	return n;
}

static void write_cell(const struct table_cell *cell, size_t width, FILE *out, bool colours)
{
	colour_write(out, colours, cell->colour, cell->text);
	for (size_t n = width_of(cell->text); n < width; n++)
		(void)fputc(' ', out);
}

void table_write(const struct table *table, FILE *out, bool colours)
{
	size_t widths[TABLE_COLUMNS] = {0}, last = table->n_columns - 1;

	for (size_t column = 0; column < last; column++) {
		widths[column] = width_of(table->heads[column]) + 2;
		for (size_t row = 0; row < table->n_rows; row++) {
			size_t width = width_of(table->rows[row].cells[column].text) + 2;

			widths[column] = width > widths[column] ? width : widths[column];
		}
	}
	for (size_t column = 0; column <= last; column++)
		write_cell(&(struct table_cell){table->heads[column], COLOUR_NONE}, widths[column], out, false);
	(void)fputc('\n', out);
	for (size_t row = 0; row < table->n_rows; row++) {
		for (size_t column = 0; column <= last; column++)
			write_cell(&table->rows[row].cells[column], widths[column], out, colours);
		(void)fputc('\n', out);
	}
}
