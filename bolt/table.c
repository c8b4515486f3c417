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

int table_fields(const struct bolt_value *meta, struct arena *arena, const char *const **ret, uint32_t *ret_n, struct err *err)
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
	*ret = names;
	*ret_n = fields->size;
	return 0;
}
