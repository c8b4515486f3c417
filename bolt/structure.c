// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/structure.h"

#include <string.h>

#include "bolt/dialect.h"

#define NANOSECONDS 1000000000
#define DAY_NS ((int64_t)86400 * NANOSECONDS)

// What the fields of a structure must be: a letter each. i integer, f float, s string, l list, m map, b bytes.
static bool has_form(const struct bolt_value *v, uint8_t tag, const char *form)
{
	static const char letters[] = {[BOLT_INT] = 'i', [BOLT_FLOAT] = 'f', [BOLT_STRING] = 's', [BOLT_BYTES] = 'b',
				       [BOLT_LIST] = 'l', [BOLT_MAP] = 'm', [BOLT_UUID] = 'u'};

	if (!v || v->type != BOLT_STRUCT || v->tag != tag || v->size != strlen(form))
		return false;
	for (uint32_t i = 0; i < v->size; i++) {
		if ((unsigned)v->items[i].type >= sizeof(letters) || letters[v->items[i].type] != form[i])
			return false;
	}
	return true;
}

static struct bolt_value structure(uint8_t tag, const struct bolt_value *fields, uint32_t n, struct arena *arena)
{
	struct bolt_value *items = arena_new_array(arena, struct bolt_value, n);

	if (!items)
		return bolt_null();
	memcpy(items, fields, n * sizeof(*items));
	return (struct bolt_value){.type = BOLT_STRUCT, .tag = tag, .size = n, .items = items};
}

bool bolt_as_node(const struct bolt_value *v, struct bolt_node *ret)
{
	if (!ret || !has_form(v, STRUCTURE_NODE, "ilms"))
		return false;
	*ret = (struct bolt_node){v->items[0].integer, v->items[3].string, &v->items[1], &v->items[2]};
	return true;
}

bool bolt_as_relationship(const struct bolt_value *v, struct bolt_relationship *ret)
{
	if (!ret || !has_form(v, STRUCTURE_RELATIONSHIP, "iiismsss"))
		return false;
	*ret = (struct bolt_relationship){
		.id = v->items[0].integer,
		.start_id = v->items[1].integer,
		.end_id = v->items[2].integer,
		.type = v->items[3].string,
		.properties = &v->items[4],
		.element_id = v->items[5].string,
		.start_element_id = v->items[6].string,
		.end_element_id = v->items[7].string,
	};
	return true;
}

// Pairs of a relationship, from 1 on and negative when it is walked against its direction, and of a node, from 0 on. The path
// begins at node 0.
static bool indices_fit(const struct bolt_path *path)
{
	const struct bolt_value *indices = path->indices;

	if (indices->size % 2 != 0 || path->nodes->size == 0)
		return false;
	for (uint32_t i = 0; i < indices->size; i++) {
		int64_t n = indices->items[i].integer, most = i % 2 ? (int64_t)path->nodes->size - 1 : path->relationships->size;

		if (indices->items[i].type != BOLT_INT || n > most || n < (i % 2 ? 0 : -most) || (i % 2 == 0 && n == 0))
			return false;
	}
	return true;
}

bool bolt_as_path(const struct bolt_value *v, struct bolt_path *ret)
{
	struct bolt_node node;

	if (!ret || !has_form(v, STRUCTURE_PATH, "lll"))
		return false;
	*ret = (struct bolt_path){&v->items[0], &v->items[1], &v->items[2], v->items[2].size / 2};
	if (!indices_fit(ret))
		return false;
	for (uint32_t i = 0; i < ret->nodes->size; i++) {
		if (!bolt_as_node(&ret->nodes->items[i], &node))
			return false;
	}
	for (uint32_t i = 0; i < ret->relationships->size; i++) {
		if (!has_form(&ret->relationships->items[i], STRUCTURE_UNBOUND, "isms"))
			return false;
	}
	return true;
}

void bolt_path_node(const struct bolt_path *path, uint32_t i, struct bolt_node *ret)
{
	int64_t index;

	if (!ret)
		return;
	*ret = (struct bolt_node){0};
	if (!path || !path->nodes || i > path->length)
		return;
	index = i ? path->indices->items[2 * (size_t)i - 1].integer : 0;
	(void)bolt_as_node(&path->nodes->items[index], ret);
}

void bolt_path_step(const struct bolt_path *path, uint32_t i, struct bolt_step *ret)
{
	const struct bolt_node *start, *end;
	const struct bolt_value *fields;
	int64_t index;

	if (!ret)
		return;
	*ret = (struct bolt_step){0};
	if (!path || !path->nodes || i >= path->length)
		return;
	index = path->indices->items[2 * (size_t)i].integer;
	fields = path->relationships->items[(index < 0 ? -index : index) - 1].items;
	start = index < 0 ? &ret->to : &ret->from;
	end = index < 0 ? &ret->from : &ret->to;
	bolt_path_node(path, i, &ret->from);
	bolt_path_node(path, i + 1, &ret->to);
	ret->relationship = (struct bolt_relationship){
		.id = fields[0].integer,
		.type = fields[1].string,
		.properties = &fields[2],
		.element_id = fields[3].string,
		.start_id = start->id,
		.end_id = end->id,
		.start_element_id = start->element_id,
		.end_element_id = end->element_id,
	};
}

bool bolt_as_date(const struct bolt_value *v, struct bolt_date *ret)
{
	if (!ret || !has_form(v, STRUCTURE_DATE, "i"))
		return false;
	ret->days = v->items[0].integer;
	return true;
}

struct bolt_value bolt_from_date(const struct bolt_date *date, struct arena *arena)
{
	const struct bolt_value days = bolt_int(date ? date->days : 0);

	return date ? structure(STRUCTURE_DATE, &days, 1, arena) : bolt_null();
}

static bool is_within(int64_t v, int64_t low, int64_t high)
{
	return v >= low && v <= high;
}

bool bolt_as_time(const struct bolt_value *v, struct bolt_time *ret)
{
	bool local = has_form(v, STRUCTURE_LOCAL_TIME, "i");

	if (!ret || (!local && !has_form(v, STRUCTURE_TIME, "ii")))
		return false;
	if (!is_within(v->items[0].integer, 0, DAY_NS - 1) || (!local && !is_within(v->items[1].integer, INT32_MIN, INT32_MAX)))
		return false;
	*ret = (struct bolt_time){v->items[0].integer, local ? 0 : (int32_t)v->items[1].integer, local};
	return true;
}

struct bolt_value bolt_from_time(const struct bolt_time *time, struct arena *arena)
{
	if (!time)
		return bolt_null();

	const struct bolt_value fields[] = {bolt_int(time->nanoseconds), bolt_int(time->offset_s)};

	return time->local ? structure(STRUCTURE_LOCAL_TIME, fields, 1, arena) : structure(STRUCTURE_TIME, fields, 2, arena);
}

// The fourth field of a zoned time is ours (bolt/dialect.c): a value that was made here can be looked at, too.
static bool read_zoned(const struct bolt_value *v, struct bolt_date_time *ret)
{
	if (has_form(v, STRUCTURE_ZONED, "iisi") || has_form(v, STRUCTURE_WALL_ZONED, "iisi")) {
		ret->offset_s = (int32_t)v->items[3].integer;
		ret->has_offset = true;
	} else if (!has_form(v, STRUCTURE_ZONED, "iis") && !has_form(v, STRUCTURE_WALL_ZONED, "iis")) {
		return false;
	}
	ret->zone = v->items[2].string;
	ret->wall = v->tag == STRUCTURE_WALL_ZONED;
	return true;
}

static bool read_offset(const struct bolt_value *v, struct bolt_date_time *ret)
{
	if (!has_form(v, STRUCTURE_DATE_TIME, "iii") || !is_within(v->items[2].integer, INT32_MIN, INT32_MAX))
		return false;
	ret->offset_s = (int32_t)v->items[2].integer;
	ret->has_offset = true;
	return true;
}

bool bolt_as_date_time(const struct bolt_value *v, struct bolt_date_time *ret)
{
	if (!ret)
		return false;
	*ret = (struct bolt_date_time){.local = has_form(v, STRUCTURE_LOCAL_DATE_TIME, "ii")};
	if (!ret->local && !read_offset(v, ret) && !read_zoned(v, ret))
		return false;
	if (!is_within(v->items[1].integer, 0, NANOSECONDS - 1))
		return false;
	ret->seconds = v->items[0].integer;
	ret->nanoseconds = (int32_t)v->items[1].integer;
	return true;
}

struct bolt_value bolt_from_date_time(const struct bolt_date_time *date_time, struct arena *arena)
{
	if (!date_time)
		return bolt_null();

	const struct bolt_value offset = bolt_int(date_time->offset_s);
	const struct bolt_value fields[] = {bolt_int(date_time->seconds), bolt_int(date_time->nanoseconds),
					    date_time->zone ? bolt_string(date_time->zone) : offset, offset};

	if (date_time->local)
		return structure(STRUCTURE_LOCAL_DATE_TIME, fields, 2, arena);
	if (!date_time->zone)
		return structure(date_time->wall ? STRUCTURE_WALL_DATE_TIME : STRUCTURE_DATE_TIME, fields, 3, arena);
	return structure(date_time->wall ? STRUCTURE_WALL_ZONED : STRUCTURE_ZONED, fields, date_time->has_offset ? 4 : 3, arena);
}

bool bolt_as_duration(const struct bolt_value *v, struct bolt_duration *ret)
{
	if (!ret || !has_form(v, STRUCTURE_DURATION, "iiii") || !is_within(v->items[3].integer, INT32_MIN, INT32_MAX))
		return false;
	*ret = (struct bolt_duration){v->items[0].integer, v->items[1].integer, v->items[2].integer, (int32_t)v->items[3].integer};
	return true;
}

struct bolt_value bolt_from_duration(const struct bolt_duration *duration, struct arena *arena)
{
	if (!duration)
		return bolt_null();

	const struct bolt_value fields[] = {bolt_int(duration->months), bolt_int(duration->days), bolt_int(duration->seconds),
					    bolt_int(duration->nanoseconds)};

	return structure(STRUCTURE_DURATION, fields, 4, arena);
}

bool bolt_as_point(const struct bolt_value *v, struct bolt_point *ret)
{
	unsigned dimensions = has_form(v, STRUCTURE_POINT_2D, "iff") ? 2 : has_form(v, STRUCTURE_POINT_3D, "ifff") ? 3 : 0;

	if (!ret || dimensions == 0)
		return false;
	*ret = (struct bolt_point){v->items[0].integer, dimensions, v->items[1].number, v->items[2].number,
				   dimensions == 3 ? v->items[3].number : 0};
	return true;
}

struct bolt_value bolt_from_point(const struct bolt_point *point, struct arena *arena)
{
	if (!point)
		return bolt_null();

	const struct bolt_value fields[] = {bolt_int(point->srid), bolt_float(point->x), bolt_float(point->y), bolt_float(point->z)};

	return point->dimensions == 3 ? structure(STRUCTURE_POINT_3D, fields, 4, arena) : structure(STRUCTURE_POINT_2D, fields, 3, arena);
}

// A vector says what its elements are by the marker that PackStream has for such a number.
static const struct {
	unsigned char marker;
	uint32_t size;
} elements[] = {
	[BOLT_INT8] = {0xC8, 1},  [BOLT_INT16] = {0xC9, 2},   [BOLT_INT32] = {0xCA, 4},
	[BOLT_INT64] = {0xCB, 8}, [BOLT_FLOAT32] = {0xC6, 4}, [BOLT_FLOAT64] = {0xC1, 8},
};

static bool is_element(enum bolt_element element)
{
	return (unsigned)element <= BOLT_FLOAT64;
}

uint32_t bolt_element_size(enum bolt_element element)
{
	return is_element(element) ? elements[element].size : 0;
}

bool bolt_as_vector(const struct bolt_value *v, struct bolt_vector *ret)
{
	if (!ret || !has_form(v, STRUCTURE_VECTOR, "bb") || v->items[0].size != 1)
		return false;
	for (unsigned i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
		if (elements[i].marker != v->items[0].bytes[0] || v->items[1].size % elements[i].size != 0)
			continue;
		*ret = (struct bolt_vector){(enum bolt_element)i, v->items[1].size / elements[i].size, v->items[1].bytes};
		return true;
	}
	return false;
}

struct bolt_value bolt_from_vector(const struct bolt_vector *vector, struct arena *arena)
{
	if (!vector || !is_element(vector->element) || (vector->n && !vector->bytes))
		return bolt_null();

	const struct bolt_value fields[] = {bolt_bytes(&elements[vector->element].marker, 1),
					    bolt_bytes(vector->bytes, vector->n * elements[vector->element].size)};

	return structure(STRUCTURE_VECTOR, fields, 2, arena);
}

static uint64_t element_bits(const struct bolt_vector *vector, uint32_t i)
{
	uint32_t size = elements[vector->element].size;
	const unsigned char *bytes = vector->bytes + (size_t)i * size;
	uint64_t bits = 0;

	while (size-- > 0)
		bits = bits << 8 | *bytes++;
	return bits;
}

// The nearest integer towards zero; the bounds where it is beyond them, 0 for what is no number.
static int64_t to_int(double v)
{
	if (v != v)
		return 0;
	if (v >= 9223372036854775808.0)
		return INT64_MAX;
	return v < -9223372036854775808.0 ? INT64_MIN : (int64_t)v;
}

static bool has_element(const struct bolt_vector *vector, uint32_t i)
{
	return vector && vector->bytes && i < vector->n && is_element(vector->element);
}

int64_t bolt_vector_int(const struct bolt_vector *vector, uint32_t i)
{
	uint64_t bits;

	if (!has_element(vector, i))
		return 0;
	bits = element_bits(vector, i);
	switch (vector->element) {
	case BOLT_INT8:
		return (int8_t)bits;
	case BOLT_INT16:
		return (int16_t)bits;
	case BOLT_INT32:
		return (int32_t)bits;
	case BOLT_INT64:
		return (int64_t)bits;
	default:
		return to_int(bolt_vector_float(vector, i));
	}
}

double bolt_vector_float(const struct bolt_vector *vector, uint32_t i)
{
	uint64_t bits;
	uint32_t half;
	double number;
	float narrow;

	if (!has_element(vector, i))
		return 0;
	bits = element_bits(vector, i);
	half = (uint32_t)bits;
	switch (vector->element) {
	case BOLT_FLOAT32:
		memcpy(&narrow, &half, sizeof(narrow));
		return (double)narrow;
	case BOLT_FLOAT64:
		memcpy(&number, &bits, sizeof(number));
		return number;
	default:
		return (double)bolt_vector_int(vector, i);
	}
}

struct bolt_value bolt_from_floats(const double *numbers, uint32_t n, struct arena *arena)
{
	unsigned char *bytes = arena_alloc_array(arena, n, sizeof(*numbers));
	const struct bolt_vector vector = {BOLT_FLOAT64, n, bytes};

	if (!bytes || (n && !numbers))
		return bolt_null();
	for (uint32_t i = 0; i < n; i++) {
		uint64_t bits;

		memcpy(&bits, &numbers[i], sizeof(bits));
		for (unsigned shift = 64; shift > 0; shift -= 8)
			*bytes++ = (unsigned char)(bits >> (shift - 8));
	}
	return bolt_from_vector(&vector, arena);
}

bool bolt_as_unsupported(const struct bolt_value *v, struct bolt_unsupported *ret)
{
	if (!ret || !has_form(v, STRUCTURE_UNSUPPORTED, "siim") || !is_within(v->items[1].integer, 0, UINT8_MAX) ||
	    !is_within(v->items[2].integer, 0, UINT8_MAX))
		return false;
	*ret = (struct bolt_unsupported){v->items[0].string, (unsigned)v->items[1].integer, (unsigned)v->items[2].integer,
					 bolt_as_string(bolt_map_get(&v->items[3], "message"))};
	return true;
}
