// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/value.h"

#include <string.h>

struct bolt_value bolt_null(void)
{
	return (struct bolt_value){.type = BOLT_NULL};
}

struct bolt_value bolt_bool(bool v)
{
	return (struct bolt_value){.type = BOLT_BOOL, .boolean = v};
}

struct bolt_value bolt_int(int64_t v)
{
	return (struct bolt_value){.type = BOLT_INT, .integer = v};
}

struct bolt_value bolt_float(double v)
{
	return (struct bolt_value){.type = BOLT_FLOAT, .number = v};
}

struct bolt_value bolt_string(const char *v)
{
	if (!v)
		return bolt_null();
	return (struct bolt_value){.type = BOLT_STRING, .size = (uint32_t)strlen(v), .string = v};
}

struct bolt_value bolt_list(const struct bolt_value *items, uint32_t n)
{
	return (struct bolt_value){.type = BOLT_LIST, .size = n, .items = items};
}

struct bolt_value bolt_map(const struct bolt_entry *entries, uint32_t n)
{
	return (struct bolt_value){.type = BOLT_MAP, .size = n, .entries = entries};
}

const struct bolt_value *bolt_map_get(const struct bolt_value *map, const char *key)
{
	if (!map || map->type != BOLT_MAP)
		return NULL;
	for (uint32_t i = map->size; i > 0; i--) {
		if (strcmp(map->entries[i - 1].key, key) == 0)
			return &map->entries[i - 1].value;
	}
	return NULL;
}

const char *bolt_as_string(const struct bolt_value *v)
{
	return v && v->type == BOLT_STRING ? v->string : NULL;
}

bool bolt_as_bool(const struct bolt_value *v, bool otherwise)
{
	return v && v->type == BOLT_BOOL ? v->boolean : otherwise;
}

int64_t bolt_as_int(const struct bolt_value *v, int64_t otherwise)
{
	return v && v->type == BOLT_INT ? v->integer : otherwise;
}
