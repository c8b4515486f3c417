// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Everything is written in the form that leaves the server the least to interpret: durations and instants of a zone by their numbers, since a
// text of them means what the reader's calendar and zones make of it. No text has an offset with seconds, which a server reads as a zone's name.

#include "cmd/expression.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "bolt/structure.h"
#include "cmd/isotime.h"

#define NS 1000000000

static void add_string(struct buf *out, const char *text, size_t size)
{
	buf_addc(out, '\'');
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\'' || c == '\\')
			buf_addf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buf_addf(out, "\\u%04X", c);
		else
			buf_addc(out, (char)c);
	}
	buf_addc(out, '\'');
}

// A backslash by its number: the server makes characters of all \uXXXX before it reads the text, in names too, so that one of those in a name
// could end it. What it has made so is not looked at again.
void expression_add_name(struct buf *out, const char *name)
{
	buf_addc(out, '`');
	for (; *name; name++)
		buf_add(out, *name == '`' ? "``" : *name == '\\' ? "\\u005C" : (char[]){*name, '\0'});
	buf_addc(out, '`');
}

// The shortest that reads back as the same number.
static void add_float(struct buf *out, double number)
{
	char text[40];

	if (isnan(number) || isinf(number)) {
		buf_add(out, isnan(number) ? "(0.0/0.0)" : number > 0 ? "(1.0/0.0)" : "(-1.0/0.0)");
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	buf_add(out, text);
	if (!text[strcspn(text, ".e")])
		buf_add(out, ".0");
}

static int add_list(struct buf *out, const struct bolt_value *list, struct err *err)
{
	buf_addc(out, '[');
	for (uint32_t i = 0; i < list->size; i++) {
		buf_add(out, i ? ", " : "");
		if (expression_add(out, &list->items[i], err) < 0)
			return err->class;
	}
	buf_addc(out, ']');
	return 0;
}

static int add_map(struct buf *out, const struct bolt_value *map, struct err *err)
{
	buf_addc(out, '{');
	for (uint32_t i = 0; i < map->size; i++) {
		buf_add(out, i ? ", " : "");
		expression_add_name(out, map->entries[i].key);
		buf_add(out, ": ");
		if (expression_add(out, &map->entries[i].value, err) < 0)
			return err->class;
	}
	buf_addc(out, '}');
	return 0;
}

static int add_node(struct buf *out, const struct bolt_node *node, struct err *err)
{
	buf_add(out, "{elementId: ");
	add_string(out, node->element_id, strlen(node->element_id));
	buf_add(out, ", labels: ");
	if (add_list(out, node->labels, err) < 0)
		return err->class;
	buf_add(out, ", properties: ");
	if (add_map(out, node->properties, err) < 0)
		return err->class;
	buf_addc(out, '}');
	return 0;
}

static int add_relationship(struct buf *out, const struct bolt_relationship *relationship, struct err *err)
{
	const struct {
		const char *name, *text;
	} members[] = {
		{"{elementId: ", relationship->element_id},
		{", type: ", relationship->type},
		{", startNodeElementId: ", relationship->start_element_id},
		{", endNodeElementId: ", relationship->end_element_id},
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		buf_add(out, members[i].name);
		add_string(out, members[i].text, strlen(members[i].text));
	}
	buf_add(out, ", properties: ");
	if (add_map(out, relationship->properties, err) < 0)
		return err->class;
	buf_addc(out, '}');
	return 0;
}

static int add_path(struct buf *out, const struct bolt_path *path, struct err *err)
{
	struct bolt_node node;
	struct bolt_step step;

	buf_add(out, "{nodes: [");
	for (uint32_t i = 0; i <= path->length; i++) {
		buf_add(out, i ? ", " : "");
		bolt_path_node(path, i, &node);
		if (add_node(out, &node, err) < 0)
			return err->class;
	}
	buf_add(out, "], relationships: [");
	for (uint32_t i = 0; i < path->length; i++) {
		buf_add(out, i ? ", " : "");
		bolt_path_step(path, i, &step);
		if (add_relationship(out, &step.relationship, err) < 0)
			return err->class;
	}
	buf_add(out, "]}");
	return 0;
}

static void add_point(struct buf *out, const struct bolt_point *point)
{
	const double numbers[] = {point->x, point->y, point->z};

	buf_addf(out, "point({srid: %" PRId64, point->srid);
	for (unsigned i = 0; i < point->dimensions; i++) {
		buf_addf(out, ", %c: ", "xyz"[i]);
		add_float(out, numbers[i]);
	}
	buf_add(out, "})");
}

static void add_vector(struct buf *out, const struct bolt_vector *vector)
{
	static const char *const types[] = {"INTEGER8", "INTEGER16", "INTEGER32", "INTEGER64", "FLOAT32", "FLOAT64"};
	bool floats = vector->element == BOLT_FLOAT32 || vector->element == BOLT_FLOAT64;

	buf_add(out, "vector([");
	for (uint32_t i = 0; i < vector->n; i++) {
		buf_add(out, i ? ", " : "");
		if (floats)
			add_float(out, bolt_vector_float(vector, i));
		else
			buf_addf(out, "%" PRId64, bolt_vector_int(vector, i));
	}
	buf_addf(out, "], %u, %s)", vector->n, types[vector->element]);
}

static void add_call(struct buf *out, const char *function, const char *text)
{
	buf_addf(out, "%s(", function);
	add_string(out, text, strlen(text));
	buf_addc(out, ')');
}

static void add_uuid(struct buf *out, const struct bolt_value *value)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	add_call(out, "uuid", isotime_text(value, arena));
}

static void add_date_time(struct buf *out, const struct bolt_value *value, const struct bolt_date_time *v, struct arena *arena)
{
	const char *zone = v->zone && !v->wall ? v->zone : NULL;

	if (!zone && !v->local && v->has_offset && v->offset_s % 60)
		zone = isotime_offset(v->offset_s, arena);
	if (zone) {
		buf_addf(out, "datetime({datetime: datetime({epochSeconds: %" PRId64 ", nanosecond: %d}), timezone: ", v->seconds, (int)v->nanoseconds);
		add_string(out, zone, strlen(zone));
		buf_add(out, "})");
		return;
	}
	add_call(out, v->local ? "localdatetime" : "datetime", isotime_text(value, arena));
}

static void add_clock(struct buf *out, const struct bolt_value *value, const struct bolt_time *v, struct arena *arena)
{
	int64_t second = v->nanoseconds / NS;

	if (v->local || v->offset_s % 60 == 0) {
		add_call(out, v->local ? "localtime" : "time", isotime_text(value, arena));
		return;
	}
	buf_addf(out, "time({hour: %d, minute: %d, second: %d, nanosecond: %d, timezone: '%s'})", (int)(second / 3600), (int)(second / 60 % 60),
		 (int)(second % 60), (int)(v->nanoseconds % NS), isotime_offset(v->offset_s, arena));
}

// False: the value is no date, time or duration.
static bool add_temporal(struct buf *out, const struct bolt_value *value)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_date_time date_time;
	struct bolt_duration duration;
	struct bolt_date date;
	struct bolt_time time;

	if (bolt_as_date(value, &date))
		add_call(out, "date", isotime_text(value, arena));
	else if (bolt_as_time(value, &time))
		add_clock(out, value, &time, arena);
	else if (bolt_as_date_time(value, &date_time))
		add_date_time(out, value, &date_time, arena);
	else if (bolt_as_duration(value, &duration))
		buf_addf(out, "duration({months: %" PRId64 ", days: %" PRId64 ", seconds: %" PRId64 ", nanoseconds: %d})", duration.months,
			 duration.days, duration.seconds, (int)duration.nanoseconds);
	else
		return false;
	return true;
}

static int add_struct(struct buf *out, const struct bolt_value *value, struct err *err)
{
	struct bolt_relationship relationship;
	struct bolt_vector vector;
	struct bolt_point point;
	struct bolt_node node;
	struct bolt_path path;

	if (bolt_as_node(value, &node))
		return add_node(out, &node, err);
	if (bolt_as_relationship(value, &relationship))
		return add_relationship(out, &relationship, err);
	if (bolt_as_path(value, &path))
		return add_path(out, &path, err);
	if (add_temporal(out, value))
		return 0;
	if (bolt_as_point(value, &point))
		add_point(out, &point);
	else if (bolt_as_vector(value, &vector))
		add_vector(out, &vector);
	else
		return err_set(err, ERR_INVALID, "the result holds a value of a type that the server could not send; use --format json");
	return 0;
}

static int add_one(struct buf *out, const struct bolt_value *value, struct err *err)
{
	switch (value->type) {
	case BOLT_BOOL:
		buf_add(out, value->boolean ? "true" : "false");
		return 0;
	case BOLT_INT:
		buf_addf(out, "%" PRId64, value->integer);
		return 0;
	case BOLT_FLOAT:
		add_float(out, value->number);
		return 0;
	case BOLT_STRING:
		add_string(out, value->string, value->size);
		return 0;
	case BOLT_BYTES:
		return err_set(err, ERR_INVALID, "the result holds bytes, for which Cypher has no expression; use --format json, and --bytes to put "
						 "them back");
	case BOLT_UUID:
		add_uuid(out, value);
		return 0;
	case BOLT_LIST:
		return add_list(out, value, err);
	case BOLT_MAP:
		return add_map(out, value, err);
	case BOLT_STRUCT:
		return add_struct(out, value, err);
	default:
		buf_add(out, "null");
		return 0;
	}
}

int expression_add(struct buf *out, const struct bolt_value *value, struct err *err)
{
	if (add_one(out, value, err) < 0)
		return err->class;
	return out->overflow ? err_set(err, ERR_INVALID, "a row is larger than %zu bytes", out->max) : 0;
}
