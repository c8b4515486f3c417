// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/value.h"

#include <string.h>

#include "bolt/misuse.h"

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

struct bolt_value bolt_string_n(const char *v, uint32_t size)
{
	if (!v)
		return bolt_null();
	return (struct bolt_value){.type = BOLT_STRING, .size = size, .string = v};
}

struct bolt_value bolt_list(const struct bolt_value *items, uint32_t n)
{
	if (!items && n)
		return bolt_null();
	return (struct bolt_value){.type = BOLT_LIST, .size = n, .items = items};
}

struct bolt_value bolt_map(const struct bolt_entry *entries, uint32_t n)
{
	if (!entries && n)
		return bolt_null();
	return (struct bolt_value){.type = BOLT_MAP, .size = n, .entries = entries};
}

struct bolt_value bolt_bytes(const void *data, uint32_t size)
{
	if (!data && size)
		return bolt_null();
	return (struct bolt_value){.type = BOLT_BYTES, .size = size, .bytes = data};
}

struct bolt_value bolt_uuid(const unsigned char *bytes)
{
	if (!bytes)
		return bolt_null();
	return (struct bolt_value){.type = BOLT_UUID, .size = BOLT_UUID_SIZE, .bytes = bytes};
}

static struct bolt_value copy_items(const struct bolt_value *v, struct arena *arena)
{
	struct bolt_value *items = arena_new_array(arena, struct bolt_value, v->size), copy = *v;

	for (uint32_t i = 0; i < v->size; i++)
		items[i] = bolt_copy(&v->items[i], arena);
	copy.items = items;
	return copy;
}

static struct bolt_value copy_entries(const struct bolt_value *v, struct arena *arena)
{
	struct bolt_entry *entries = arena_new_array(arena, struct bolt_entry, v->size);

	for (uint32_t i = 0; i < v->size; i++)
		entries[i] = (struct bolt_entry){arena_strdup(arena, v->entries[i].key), bolt_copy(&v->entries[i].value, arena)};
	return bolt_map(entries, v->size);
}

struct bolt_value bolt_copy(const struct bolt_value *v, struct arena *arena)
{
	struct bolt_value copy = v ? *v : bolt_null();

	if (!v || !arena)
		return bolt_null();
	switch (v->type) {
	case BOLT_STRING:
	case BOLT_BYTES:
	case BOLT_UUID:
		copy.string = arena_memdup0(arena, v->string, v->size);
		return copy;
	case BOLT_LIST:
	case BOLT_STRUCT:
		return copy_items(v, arena);
	case BOLT_MAP:
		return copy_entries(v, arena);
	default:
		return copy;
	}
}

const struct bolt_value *bolt_map_get(const struct bolt_value *map, const char *key)
{
	char first;

	if (!map || !key || map->type != BOLT_MAP || !map->entries)
		return NULL;
	first = *key;
	for (const struct bolt_entry *entry = map->entries + map->size; entry > map->entries;) {
		entry--;
		if (entry->key && *entry->key == first && strcmp(entry->key, key) == 0)
			return &entry->value;
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

double bolt_as_float(const struct bolt_value *v, double otherwise)
{
	if (v && v->type == BOLT_INT)
		return (double)v->integer;
	return v && v->type == BOLT_FLOAT ? v->number : otherwise;
}

const char *bolt_type_name(enum bolt_type type)
{
	static const char *const names[] = {
		[BOLT_NULL] = "null",	  [BOLT_BOOL] = "boolean", [BOLT_INT] = "integer", [BOLT_FLOAT] = "float",	    [BOLT_STRING] = "string",
		[BOLT_BYTES] = "bytes", [BOLT_LIST] = "list",	 [BOLT_MAP] = "map",	 [BOLT_STRUCT] = "structure",
		[BOLT_UUID] = "uuid",
	};

	return (unsigned)type <= BOLT_UUID ? names[type] : "unknown";
}

static int find(const struct bolt_value *v, enum bolt_type type, struct err *err)
{
	if (!v)
		return err_set(err, ERR_NOT_FOUND, "there is no value, where one of type %s was expected", bolt_type_name(type));
	if (v->type == BOLT_NULL)
		return err_set(err, ERR_NOT_FOUND, "the value is null, where one of type %s was expected", bolt_type_name(type));
	if (v->type != type)
		return err_set(err, ERR_INVALID, "the value is of type %s, where one of type %s was expected", bolt_type_name(v->type), bolt_type_name(type));
	return 0;
}

int bolt_read_string(const struct bolt_value *v, const char **ret, uint32_t *ret_size, struct err *err)
{
	int r;

	ENTER(err);
	if (ret)
		*ret = NULL;
	if (ret_size)
		*ret_size = 0;
	r = MISUSED(err, NEED(ret)) ? err->class : find(v, BOLT_STRING, err);
	if (r < 0)
		return r;
	*ret = v->string;
	if (ret_size)
		*ret_size = v->size;
	return 0;
}

int bolt_read_bytes(const struct bolt_value *v, const unsigned char **ret, uint32_t *ret_size, struct err *err)
{
	int r;

	ENTER(err);
	if (ret)
		*ret = NULL;
	if (ret_size)
		*ret_size = 0;
	r = MISUSED(err, NEED(ret), NEED(ret_size)) ? err->class : find(v, BOLT_BYTES, err);
	if (r < 0)
		return r;
	*ret = v->bytes;
	*ret_size = v->size;
	return 0;
}

int bolt_read_uuid(const struct bolt_value *v, const unsigned char **ret, struct err *err)
{
	int r;

	ENTER(err);
	if (ret)
		*ret = NULL;
	r = MISUSED(err, NEED(ret)) ? err->class : find(v, BOLT_UUID, err);
	if (r == 0)
		*ret = v->bytes;
	return r;
}

int bolt_read_bool(const struct bolt_value *v, bool *ret, struct err *err)
{
	int r;

	ENTER(err);
	if (ret)
		*ret = false;
	r = MISUSED(err, NEED(ret)) ? err->class : find(v, BOLT_BOOL, err);
	if (r == 0)
		*ret = v->boolean;
	return r;
}

int bolt_read_int(const struct bolt_value *v, int64_t *ret, struct err *err)
{
	int r;

	ENTER(err);
	if (ret)
		*ret = 0;
	r = MISUSED(err, NEED(ret)) ? err->class : find(v, BOLT_INT, err);
	if (r == 0)
		*ret = v->integer;
	return r;
}

int bolt_read_float(const struct bolt_value *v, double *ret, struct err *err)
{
	int r;

	ENTER(err);
	if (ret)
		*ret = 0;
	r = MISUSED(err, NEED(ret)) ? err->class : v && v->type == BOLT_INT ? 0 : find(v, BOLT_FLOAT, err);
	if (r == 0)
		*ret = bolt_as_float(v, 0);
	return r;
}
