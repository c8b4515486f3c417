// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "api/field.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *join(struct field_reader *reader, struct field parent, const char *key)
{
	if (!key)
		return parent.path;
	return *parent.path ? arena_printf(reader->arena, "%s.%s", parent.path, key) : key;
}

void field_fail(struct field_reader *reader, struct field parent, const char *key, const char *fmt, ...)
{
	char text[480];
	va_list args;

	if (field_failed(reader))
		return;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	(void)err_set(reader->err, ERR_INVALID, "%s: %s", join(reader, parent, key), text);
}

struct field field_any(struct field_reader *reader, struct field parent, const char *key)
{
	yyjson_val *val = yyjson_obj_get(parent.val, key);

	if (yyjson_is_null(val))
		val = NULL;
	return (struct field){.val = val, .path = join(reader, parent, key)};
}

struct field field_object(struct field_reader *reader, struct field parent, const char *key)
{
	struct field field = field_any(reader, parent, key);

	if (field.val && !yyjson_is_obj(field.val)) {
		field_fail(reader, field, NULL, "must be an object");
		field.val = NULL;
	}
	return field;
}

struct field field_list(struct field_reader *reader, struct field parent, const char *key)
{
	struct field field = field_any(reader, parent, key);

	if (field.val && !yyjson_is_arr(field.val)) {
		field_fail(reader, field, NULL, "must be a list");
		field.val = NULL;
	}
	return field;
}

struct field field_item(struct field_reader *reader, struct field list, size_t index, yyjson_val *val)
{
	return (struct field){
		.val = val,
		.path = arena_printf(reader->arena, "%s[%zu]", list.path, index),
	};
}

const char *field_string(struct field_reader *reader, struct field parent, const char *key, const char *otherwise)
{
	struct field field = field_any(reader, parent, key);

	if (!field.val)
		return otherwise;
	if (!yyjson_is_str(field.val)) {
		field_fail(reader, field, NULL, "must be a string");
		return otherwise;
	}
	if (strlen(yyjson_get_str(field.val)) != yyjson_get_len(field.val)) {
		field_fail(reader, field, NULL, "must not hold a NUL character");
		return otherwise;
	}
	return yyjson_get_str(field.val);
}

const char *field_string_required(struct field_reader *reader, struct field parent, const char *key)
{
	const char *text = field_string(reader, parent, key, "");

	if (!*text)
		field_fail(reader, parent, key, "is required and must not be empty");
	return text;
}

bool field_bool(struct field_reader *reader, struct field parent, const char *key, bool otherwise)
{
	struct field field = field_any(reader, parent, key);

	if (!field.val)
		return otherwise;
	if (!yyjson_is_bool(field.val)) {
		field_fail(reader, field, NULL, "must be true or false");
		return otherwise;
	}
	return yyjson_get_bool(field.val);
}

int64_t field_int(struct field_reader *reader, struct field parent, const char *key, struct field_range range)
{
	struct field field = field_any(reader, parent, key);

	if (!field.val)
		return range.otherwise;
	if (!yyjson_is_int(field.val) || yyjson_get_sint(field.val) < range.min || yyjson_get_sint(field.val) > range.max ||
	    (yyjson_is_uint(field.val) && yyjson_get_uint(field.val) > INT64_MAX)) {
		field_fail(reader, field, NULL, "must be a whole number from %lld to %lld", (long long)range.min,
			   (long long)range.max);
		return range.otherwise;
	}
	return yyjson_get_sint(field.val);
}

struct field_strings field_strings(struct field_reader *reader, struct field parent, const char *key)
{
	struct field list = field_list(reader, parent, key);
	const char **items = arena_new_array(reader->arena, const char *, yyjson_arr_size(list.val));
	size_t index, max;
	yyjson_val *val;

	yyjson_arr_foreach(list.val, index, max, val) {
		if (!yyjson_is_str(val) || strlen(yyjson_get_str(val)) != yyjson_get_len(val)) {
			field_fail(reader, field_item(reader, list, index, val), NULL, "must be a string");
			return (struct field_strings){0};
		}
		items[index] = yyjson_get_str(val);
	}
	return (struct field_strings){.items = items, .n = yyjson_arr_size(list.val)};
}

static int compare_pairs(const void *a, const void *b)
{
	return strcmp(((const struct field_pair *)a)->name, ((const struct field_pair *)b)->name);
}

struct field_pairs field_pairs(struct field_reader *reader, struct field parent, const char *key)
{
	struct field map = field_object(reader, parent, key);
	struct field_pair *items = arena_new_array(reader->arena, struct field_pair, yyjson_obj_size(map.val));
	size_t index, max;
	yyjson_val *name, *val;

	if (!map.val)
		return (struct field_pairs){0};
	yyjson_obj_foreach(map.val, index, max, name, val) {
		items[index].name = yyjson_get_str(name);
		if (!yyjson_is_str(val) || strlen(yyjson_get_str(val)) != yyjson_get_len(val)) {
			field_fail(reader, map, items[index].name, "must be a string; put quotes around it");
			return (struct field_pairs){0};
		}
		items[index].value = yyjson_get_str(val);
	}
	if (yyjson_obj_size(map.val) > 1)
		qsort(items, yyjson_obj_size(map.val), sizeof(*items), compare_pairs);
	return (struct field_pairs){.items = items, .n = yyjson_obj_size(map.val)};
}
