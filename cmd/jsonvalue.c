// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cmd/jsonvalue.h"

#include <math.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/json.h"
#include "bolt/pack.h"
#include "bolt/structure.h"
#include "cmd/isotime.h"

static yyjson_mut_val *of_bytes(yyjson_mut_doc *doc, const struct bolt_value *value, struct arena *arena)
{
	char *text = arena_alloc(arena, (size_t)value->size / 3 * 4 + 5);
	int len = EVP_EncodeBlock((unsigned char *)text, value->bytes, (int)value->size);

	return yyjson_mut_strn(doc, text, (size_t)len);
}

static yyjson_mut_val *of_float(yyjson_mut_doc *doc, double number)
{
	if (isnan(number))
		return yyjson_mut_str(doc, "NaN");
	if (isinf(number))
		return yyjson_mut_str(doc, number > 0 ? "Infinity" : "-Infinity");
	return yyjson_mut_real(doc, number);
}

static void add(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const struct bolt_value *value, struct arena *arena)
{
	(void)yyjson_mut_obj_add(object, yyjson_mut_strcpy(doc, key), jsonvalue_of(doc, value, arena));
}

static yyjson_mut_val *of_node(yyjson_mut_doc *doc, const struct bolt_node *node, struct arena *arena)
{
	yyjson_mut_val *object = yyjson_mut_obj(doc);

	(void)yyjson_mut_obj_add_str(doc, object, "elementId", node->element_id);
	add(doc, object, "labels", node->labels, arena);
	add(doc, object, "properties", node->properties, arena);
	return object;
}

static yyjson_mut_val *of_relationship(yyjson_mut_doc *doc, const struct bolt_relationship *relationship, struct arena *arena)
{
	yyjson_mut_val *object = yyjson_mut_obj(doc);

	(void)yyjson_mut_obj_add_str(doc, object, "elementId", relationship->element_id);
	(void)yyjson_mut_obj_add_str(doc, object, "type", relationship->type);
	(void)yyjson_mut_obj_add_str(doc, object, "startNodeElementId", relationship->start_element_id);
	(void)yyjson_mut_obj_add_str(doc, object, "endNodeElementId", relationship->end_element_id);
	add(doc, object, "properties", relationship->properties, arena);
	return object;
}

static yyjson_mut_val *of_path(yyjson_mut_doc *doc, const struct bolt_path *path, struct arena *arena)
{
	yyjson_mut_val *object = yyjson_mut_obj(doc), *nodes = yyjson_mut_arr(doc), *relationships = yyjson_mut_arr(doc);
	struct bolt_node node;
	struct bolt_step step;

	for (uint32_t i = 0; i <= path->length; i++) {
		bolt_path_node(path, i, &node);
		(void)yyjson_mut_arr_append(nodes, of_node(doc, &node, arena));
	}
	for (uint32_t i = 0; i < path->length; i++) {
		bolt_path_step(path, i, &step);
		(void)yyjson_mut_arr_append(relationships, of_relationship(doc, &step.relationship, arena));
	}
	(void)yyjson_mut_obj_add_val(doc, object, "nodes", nodes);
	(void)yyjson_mut_obj_add_val(doc, object, "relationships", relationships);
	return object;
}

static yyjson_mut_val *of_point(yyjson_mut_doc *doc, const struct bolt_point *point)
{
	yyjson_mut_val *object = yyjson_mut_obj(doc);

	(void)yyjson_mut_obj_add_sint(doc, object, "srid", point->srid);
	(void)yyjson_mut_obj_add_val(doc, object, "x", of_float(doc, point->x));
	(void)yyjson_mut_obj_add_val(doc, object, "y", of_float(doc, point->y));
	if (point->dimensions == 3)
		(void)yyjson_mut_obj_add_val(doc, object, "z", of_float(doc, point->z));
	return object;
}

static yyjson_mut_val *of_vector(yyjson_mut_doc *doc, const struct bolt_vector *vector)
{
	yyjson_mut_val *array = yyjson_mut_arr(doc);
	bool floats = vector->element == BOLT_FLOAT32 || vector->element == BOLT_FLOAT64;

	for (uint32_t i = 0; i < vector->n; i++)
		(void)yyjson_mut_arr_append(array, floats ? of_float(doc, bolt_vector_float(vector, i))
							   : yyjson_mut_sint(doc, bolt_vector_int(vector, i)));
	return array;
}

// An unknown structure is shown as it is built.
static yyjson_mut_val *of_unknown(yyjson_mut_doc *doc, const struct bolt_value *value, struct arena *arena)
{
	const struct bolt_value fields = bolt_list(value->items, value->size);
	yyjson_mut_val *object = yyjson_mut_obj(doc);

	(void)yyjson_mut_obj_add_sint(doc, object, "structure", value->tag);
	add(doc, object, "fields", &fields, arena);
	return object;
}

static yyjson_mut_val *of_struct(yyjson_mut_doc *doc, const struct bolt_value *value, struct arena *arena)
{
	const char *text = isotime_text(value, arena);
	struct bolt_unsupported unsupported;
	struct bolt_relationship relationship;
	struct bolt_vector vector;
	struct bolt_point point;
	struct bolt_node node;
	struct bolt_path path;

	if (text)
		return yyjson_mut_str(doc, text);
	if (bolt_as_node(value, &node))
		return of_node(doc, &node, arena);
	if (bolt_as_relationship(value, &relationship))
		return of_relationship(doc, &relationship, arena);
	if (bolt_as_path(value, &path))
		return of_path(doc, &path, arena);
	if (bolt_as_point(value, &point))
		return of_point(doc, &point);
	if (bolt_as_vector(value, &vector))
		return of_vector(doc, &vector);
	if (bolt_as_unsupported(value, &unsupported)) {
		yyjson_mut_val *object = yyjson_mut_obj(doc);

		(void)yyjson_mut_obj_add_strcpy(doc, object, "unsupported", unsupported.name);
		return object;
	}
	return of_unknown(doc, value, arena);
}

yyjson_mut_val *jsonvalue_of(yyjson_mut_doc *doc, const struct bolt_value *value, struct arena *arena)
{
	yyjson_mut_val *json;

	switch (value->type) {
	case BOLT_BOOL:
		return yyjson_mut_bool(doc, value->boolean);
	case BOLT_INT:
		return yyjson_mut_sint(doc, value->integer);
	case BOLT_FLOAT:
		return of_float(doc, value->number);
	case BOLT_STRING:
		return yyjson_mut_strn(doc, value->string, value->size);
	case BOLT_BYTES:
		return of_bytes(doc, value, arena);
	case BOLT_UUID:
		return yyjson_mut_str(doc, isotime_text(value, arena));
	case BOLT_LIST:
		json = yyjson_mut_arr(doc);
		for (uint32_t i = 0; i < value->size; i++)
			(void)yyjson_mut_arr_append(json, jsonvalue_of(doc, &value->items[i], arena));
		return json;
	case BOLT_MAP:
		json = yyjson_mut_obj(doc);
		for (uint32_t i = 0; i < value->size; i++)
			add(doc, json, value->entries[i].key, &value->entries[i].value, arena);
		return json;
	case BOLT_STRUCT:
		return of_struct(doc, value, arena);
	default:
		return yyjson_mut_null(doc);
	}
}

static const char *text_of(const struct bolt_value *value, struct arena *arena)
{
	const char *text = value->type == BOLT_STRUCT || value->type == BOLT_UUID ? isotime_text(value, arena) : NULL;
	yyjson_mut_doc *doc;

	if (text)
		return text;
	doc = json_doc_new(arena);
	yyjson_mut_doc_set_root(doc, jsonvalue_of(doc, value, arena));
	return json_text(arena, doc);
}

const char *jsonvalue_text(const struct bolt_value *value, struct arena *arena, size_t *ret_size)
{
	const char *text;

	if (value->type == BOLT_STRING) {
		*ret_size = value->size;
		return value->string;
	}
	text = value->type == BOLT_NULL ? "" : text_of(value, arena);
	*ret_size = strlen(text);
	return text;
}

static int from(yyjson_val *json, unsigned depth, struct arena *arena, struct bolt_value *ret, struct err *err);

static int from_array(yyjson_val *json, unsigned depth, struct arena *arena, struct bolt_value *ret, struct err *err)
{
	size_t n = yyjson_arr_size(json), at, max;
	struct bolt_value *items = arena_new_array(arena, struct bolt_value, n);
	yyjson_val *item;
	int r = 0;

	yyjson_arr_foreach(json, at, max, item)
	{
		if (r == 0)
			r = from(item, depth + 1, arena, &items[at], err);
	}
	*ret = bolt_list(items, (uint32_t)n);
	return r;
}

static int from_object(yyjson_val *json, unsigned depth, struct arena *arena, struct bolt_value *ret, struct err *err)
{
	size_t n = yyjson_obj_size(json), at, max;
	struct bolt_entry *entries = arena_new_array(arena, struct bolt_entry, n);
	yyjson_val *key, *item;
	int r = 0;

	yyjson_obj_foreach(json, at, max, key, item)
	{
		entries[at].key = yyjson_get_str(key);
		if (r == 0 && strlen(entries[at].key) != yyjson_get_len(key))
			r = err_set(err, ERR_INVALID, "has a key with U+0000 in it, which no key can hold");
		if (r == 0)
			r = from(item, depth + 1, arena, &entries[at].value, err);
	}
	*ret = bolt_map(entries, (uint32_t)n);
	return r;
}

static int from(yyjson_val *json, unsigned depth, struct arena *arena, struct bolt_value *ret, struct err *err)
{
	if (depth == PACK_DEPTH_MAX)
		return err_set(err, ERR_INVALID, "is nested deeper than %d levels", PACK_DEPTH_MAX);
	if (yyjson_is_arr(json))
		return from_array(json, depth, arena, ret, err);
	if (yyjson_is_obj(json))
		return from_object(json, depth, arena, ret, err);
	if (yyjson_is_bool(json))
		*ret = bolt_bool(yyjson_get_bool(json));
	else if (yyjson_is_sint(json) || (yyjson_is_uint(json) && yyjson_get_uint(json) <= INT64_MAX))
		*ret = bolt_int(yyjson_get_sint(json));
	else if (yyjson_is_real(json))
		*ret = bolt_float(yyjson_get_real(json));
	else if (yyjson_is_uint(json) || yyjson_is_raw(json)) // a float would be near it, and another number
		return err_set(err, ERR_INVALID, "holds a number that is larger than an integer of 64 bits or a float can be");
	else if (yyjson_is_str(json)) // may hold U+0000
		*ret = (struct bolt_value){.type = BOLT_STRING, .size = (uint32_t)yyjson_get_len(json), .string = yyjson_get_str(json)};
	else
		*ret = bolt_null();
	return 0;
}

int jsonvalue_parse(const char *text, struct arena *arena, struct bolt_value *ret, struct err *err)
{
	yyjson_val *json = json_parse_exact(arena, text, strlen(text));

	if (!json)
		return err_set(err, ERR_INVALID, "is no JSON; a string stands in double quotes");
	return from(json, 0, arena, ret, err);
}
