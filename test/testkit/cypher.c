// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "test/testkit/cypher.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bolt/structure.h"
#include "test/testkit/backend_fault.h"
#include "test/testkit/named.h"
#include "test/testkit/temporal.h"

static yyjson_mut_val *wrap_value(yyjson_mut_doc *doc, const char *name, yyjson_mut_val *value)
{
	yyjson_mut_val *data = yyjson_mut_obj(doc);

	yyjson_mut_obj_add_val(doc, data, "value", value);
	return named_wrap(doc, name, data);
}

static yyjson_mut_val *write_float(yyjson_mut_doc *doc, double number)
{
	if (isnan(number))
		return yyjson_mut_str(doc, "NaN");
	if (isinf(number))
		return yyjson_mut_str(doc, number > 0 ? "+Infinity" : "-Infinity");
	return yyjson_mut_real(doc, number);
}

static yyjson_mut_val *write_bytes(yyjson_mut_doc *doc, const struct bolt_value *value)
{
	_cleanup_free_ char *text = malloc((size_t)value->size * 3 + 1);

	if (!text)
		abort();
	text[0] = '\0';
	for (uint32_t i = 0; i < value->size; i++)
		(void)snprintf(text + (size_t)3 * i - (i > 0), 4, i ? " %02x" : "%02x", value->bytes[i]);
	return yyjson_mut_strcpy(doc, text);
}

static int write_items(yyjson_mut_doc *doc, const struct bolt_value *value, yyjson_mut_val **ret, struct err *err)
{
	yyjson_mut_val *items = yyjson_mut_arr(doc), *item;

	for (uint32_t i = 0; i < value->size; i++) {
		const int r = cypher_write(doc, &value->items[i], &item, err);

		if (r < 0)
			return r;
		yyjson_mut_arr_append(items, item);
	}
	*ret = items;
	return 0;
}

int cypher_write_map(yyjson_mut_doc *doc, const struct bolt_value *map, yyjson_mut_val **ret, struct err *err)
{
	yyjson_mut_val *item;

	*ret = yyjson_mut_null(doc);
	if (!map || map->type != BOLT_MAP)
		return 0;
	*ret = yyjson_mut_obj(doc);
	for (uint32_t i = 0; i < map->size; i++) {
		const int r = cypher_write(doc, &map->entries[i].value, &item, err);

		if (r < 0)
			return r;
		yyjson_mut_obj_put(*ret, yyjson_mut_strcpy(doc, map->entries[i].key), item);
	}
	return 0;
}

static yyjson_mut_val *write_int(yyjson_mut_doc *doc, int64_t number)
{
	return wrap_value(doc, "CypherInt", yyjson_mut_sint(doc, number));
}

static yyjson_mut_val *write_string(yyjson_mut_doc *doc, const char *text)
{
	return wrap_value(doc, "CypherString", yyjson_mut_strcpy(doc, text));
}

static int add(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const struct bolt_value *value, struct err *err)
{
	yyjson_mut_val *written;
	const int r = cypher_write(doc, value, &written, err);

	if (r == 0)
		yyjson_mut_obj_add_val(doc, object, key, written);
	return r;
}

static int write_node(yyjson_mut_doc *doc, const struct bolt_node *node, yyjson_mut_val **ret, struct err *err)
{
	yyjson_mut_val *data = yyjson_mut_obj(doc);

	yyjson_mut_obj_add_val(doc, data, "id", write_int(doc, node->id));
	yyjson_mut_obj_add_val(doc, data, "elementId", write_string(doc, node->element_id));
	int r = add(doc, data, "labels", node->labels, err);

	if (r == 0)
		r = add(doc, data, "props", node->properties, err);
	*ret = named_wrap(doc, "Node", data);
	return r;
}

static int write_relationship(yyjson_mut_doc *doc, const struct bolt_relationship *relationship, yyjson_mut_val **ret, struct err *err)
{
	yyjson_mut_val *data = yyjson_mut_obj(doc);

	yyjson_mut_obj_add_val(doc, data, "id", write_int(doc, relationship->id));
	yyjson_mut_obj_add_val(doc, data, "startNodeId", write_int(doc, relationship->start_id));
	yyjson_mut_obj_add_val(doc, data, "endNodeId", write_int(doc, relationship->end_id));
	yyjson_mut_obj_add_val(doc, data, "type", write_string(doc, relationship->type));
	yyjson_mut_obj_add_val(doc, data, "elementId", write_string(doc, relationship->element_id));
	yyjson_mut_obj_add_val(doc, data, "startNodeElementId", write_string(doc, relationship->start_element_id));
	yyjson_mut_obj_add_val(doc, data, "endNodeElementId", write_string(doc, relationship->end_element_id));
	*ret = named_wrap(doc, "Relationship", data);
	return add(doc, data, "props", relationship->properties, err);
}

static int write_path(yyjson_mut_doc *doc, const struct bolt_path *path, yyjson_mut_val **ret, struct err *err)
{
	yyjson_mut_val *nodes = yyjson_mut_arr(doc), *relationships = yyjson_mut_arr(doc), *data = yyjson_mut_obj(doc), *item;
	struct bolt_node node;
	struct bolt_step step;

	for (uint32_t i = 0; i <= path->length; i++) {
		bolt_path_node(path, i, &node);
		const int r = write_node(doc, &node, &item, err);

		if (r < 0)
			return r;
		yyjson_mut_arr_append(nodes, item);
	}
	for (uint32_t i = 0; i < path->length; i++) {
		bolt_path_step(path, i, &step);
		const int r = write_relationship(doc, &step.relationship, &item, err);

		if (r < 0)
			return r;
		yyjson_mut_arr_append(relationships, item);
	}
	yyjson_mut_obj_add_val(doc, data, "nodes", wrap_value(doc, "CypherList", nodes));
	yyjson_mut_obj_add_val(doc, data, "relationships", wrap_value(doc, "CypherList", relationships));
	*ret = named_wrap(doc, "Path", data);
	return 0;
}

static int write_structure(yyjson_mut_doc *doc, const struct bolt_value *value, yyjson_mut_val **ret, struct err *err)
{
	struct bolt_node node;
	struct bolt_relationship relationship;
	struct bolt_path path;

	if (bolt_as_node(value, &node))
		return write_node(doc, &node, ret, err);
	if (bolt_as_relationship(value, &relationship))
		return write_relationship(doc, &relationship, ret, err);
	if (bolt_as_path(value, &path))
		return write_path(doc, &path, ret, err);
	return temporal_write(doc, value, ret, err);
}

static int write_collection(yyjson_mut_doc *doc, const struct bolt_value *value, yyjson_mut_val **ret, struct err *err)
{
	yyjson_mut_val *items;
	int r;

	if (value->type == BOLT_STRUCT)
		return write_structure(doc, value, ret, err);
	r = value->type == BOLT_LIST ? write_items(doc, value, &items, err) : cypher_write_map(doc, value, &items, err);
	if (r == 0)
		*ret = wrap_value(doc, value->type == BOLT_LIST ? "CypherList" : "CypherMap", items);
	return r;
}

int cypher_write(yyjson_mut_doc *doc, const struct bolt_value *value, yyjson_mut_val **ret, struct err *err)
{
	switch (value->type) {
	case BOLT_NULL:
		*ret = wrap_value(doc, "CypherNull", yyjson_mut_null(doc));
		return 0;
	case BOLT_BOOL:
		*ret = wrap_value(doc, "CypherBool", yyjson_mut_bool(doc, value->boolean));
		return 0;
	case BOLT_INT:
		*ret = write_int(doc, value->integer);
		return 0;
	case BOLT_FLOAT:
		*ret = wrap_value(doc, "CypherFloat", write_float(doc, value->number));
		return 0;
	case BOLT_STRING:
		*ret = wrap_value(doc, "CypherString", yyjson_mut_strncpy(doc, value->string, value->size));
		return 0;
	case BOLT_BYTES:
		*ret = wrap_value(doc, "CypherBytes", write_bytes(doc, value));
		return 0;
	case BOLT_UUID: // testkit has no word for it yet
	case BOLT_LIST:
	case BOLT_MAP:
	case BOLT_STRUCT:
		break;
	}
	return write_collection(doc, value, ret, err);
}

static yyjson_mut_val *plain_collection(yyjson_mut_doc *doc, const struct bolt_value *value)
{
	yyjson_mut_val *collection = value->type == BOLT_LIST ? yyjson_mut_arr(doc) : yyjson_mut_obj(doc);

	for (uint32_t i = 0; i < value->size; i++)
		if (value->type == BOLT_LIST)
			yyjson_mut_arr_append(collection, cypher_plain(doc, &value->items[i]));
		else
			yyjson_mut_obj_put(collection, yyjson_mut_strcpy(doc, value->entries[i].key), cypher_plain(doc, &value->entries[i].value));
	return collection;
}

yyjson_mut_val *cypher_plain(yyjson_mut_doc *doc, const struct bolt_value *value)
{
	switch (value->type) {
	case BOLT_BOOL:
		return yyjson_mut_bool(doc, value->boolean);
	case BOLT_INT:
		return yyjson_mut_sint(doc, value->integer);
	case BOLT_FLOAT:
		return write_float(doc, value->number);
	case BOLT_STRING:
		return yyjson_mut_strncpy(doc, value->string, value->size);
	case BOLT_LIST:
	case BOLT_MAP:
		return plain_collection(doc, value);
	case BOLT_NULL:
	case BOLT_BYTES:
	case BOLT_STRUCT:
	case BOLT_UUID:
		break;
	}
	return yyjson_mut_null(doc);
}

static struct bolt_value read_float(yyjson_val *value)
{
	const char *text = yyjson_get_str(value);

	if (!text)
		return bolt_float(yyjson_get_num(value));
	return bolt_float(!strcmp(text, "NaN") ? (double)NAN : text[0] == '-' ? -(double)INFINITY : (double)INFINITY);
}

// "ff 01"
static struct bolt_value read_bytes(const char *text, struct arena *arena)
{
	const size_t n = text[0] ? (strlen(text) + 1) / 3 : 0;
	unsigned char *bytes = arena_alloc(arena, n);

	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)strtoul(text + 3 * i, NULL, 16);
	return bolt_bytes(bytes, (uint32_t)n);
}

static int read_list(yyjson_val *json, struct arena *arena, struct bolt_value *ret, struct err *err)
{
	struct bolt_value *items = arena_new_array(arena, struct bolt_value, yyjson_arr_size(json));
	size_t i, n;
	yyjson_val *item;

	yyjson_arr_foreach(json, i, n, item)
	{
		const int r = cypher_read(item, arena, &items[i], err);

		if (r < 0)
			return r;
	}
	*ret = bolt_list(items, (uint32_t)yyjson_arr_size(json));
	return 0;
}

int cypher_read_map(yyjson_val *json, struct arena *arena, struct bolt_value *ret, struct err *err)
{
	struct bolt_entry *entries = arena_new_array(arena, struct bolt_entry, yyjson_obj_size(json));
	size_t i, n;
	yyjson_val *key, *item;

	*ret = bolt_null();
	if (!yyjson_is_obj(json))
		return 0;
	yyjson_obj_foreach(json, i, n, key, item)
	{
		entries[i].key = yyjson_get_str(key);
		const int r = cypher_read(item, arena, &entries[i].value, err);

		if (r < 0)
			return r;
	}
	*ret = bolt_map(entries, (uint32_t)yyjson_obj_size(json));
	return 0;
}

int cypher_read(yyjson_val *json, struct arena *arena, struct bolt_value *ret, struct err *err)
{
	const char *name = yyjson_get_str(yyjson_obj_get(json, "name"));
	yyjson_val *data = yyjson_obj_get(json, "data"), *value = yyjson_obj_get(data, "value");

	if (!name)
		return backend_fault(err, "a value has no name");
	if (!strcmp(name, "CypherList"))
		return read_list(value, arena, ret, err);
	if (!strcmp(name, "CypherMap"))
		return cypher_read_map(value, arena, ret, err);
	if (!strcmp(name, "CypherNull"))
		*ret = bolt_null();
	else if (!strcmp(name, "CypherBool"))
		*ret = bolt_bool(yyjson_get_bool(value));
	else if (!strcmp(name, "CypherInt"))
		*ret = bolt_int(yyjson_get_sint(value));
	else if (!strcmp(name, "CypherFloat"))
		*ret = read_float(value);
	else if (!strcmp(name, "CypherString"))
		*ret = bolt_string(yyjson_get_str(value));
	else if (!strcmp(name, "CypherBytes"))
		*ret = read_bytes(yyjson_get_str(value), arena);
	else
		return temporal_read(name, data, arena, ret, err);
	return 0;
}
