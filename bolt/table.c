// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/table.h"

#include <string.h>

void table_add(struct table_rows *rows, const struct bolt_value *row, struct arena *arena)
{
	if (rows->n == rows->room) {
		uint32_t room = rows->room ? rows->room * 2 : 8;
		struct bolt_value *items = arena_new_array(arena, struct bolt_value, room);

		if (rows->n)
			memcpy(items, rows->items, rows->n * sizeof(*items));
		rows->items = items;
		rows->room = room;
	}
	rows->items[rows->n++] = *row;
}

int table_set_fields(struct bolt_table *ret, const struct bolt_value *meta, struct arena *arena, struct err *err)
{
	const struct bolt_value *fields = bolt_map_get(meta, "fields");
	const char **names;

	if (!fields || fields->type != BOLT_LIST)
		return err_set(err, ERR_PROTOCOL, "the answer to RUN names no fields");
	names = arena_new_array(arena, const char *, fields->size);
	for (uint32_t i = 0; i < fields->size; i++) {
		names[i] = bolt_as_string(&fields->items[i]);
		if (!names[i])
			return err_set(err, ERR_PROTOCOL, "a field in the answer to RUN is no string");
	}
	ret->fields = names;
	ret->n_fields = fields->size;
	return 0;
}

const struct bolt_value *bolt_table_get(const struct bolt_table *table, uint32_t row, const char *field)
{
	return row < table->n_rows ? bolt_row_get(table, &table->rows[row], field) : NULL;
}

const struct bolt_value *bolt_row_get(const struct bolt_table *table, const struct bolt_value *row, const char *field)
{
	for (uint32_t i = 0; i < table->n_fields; i++) {
		if (strcmp(table->fields[i], field) == 0)
			return &row->items[i];
	}
	return NULL;
}
