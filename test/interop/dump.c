// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <inttypes.h>
#include <stdlib.h>

#include "bolt/structure.h"
#include "test/interop/interop.h"

void dump_string(struct buf *out, const char *s, size_t size)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20)
			buf_addf(out, "\\u%04x", c);
		else if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", c);
		else
			buf_addc(out, (char)c);
	}
	buf_addc(out, '"');
}

static void dump_text(struct buf *out, const char *s)
{
	if (s)
		dump_string(out, s, strlen(s));
	else
		buf_add(out, "null");
}

static void dump_hex(struct buf *out, const unsigned char *bytes, size_t n)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%02x", bytes[i]);
	buf_addc(out, '"');
}

// A NaN is any NaN.
static void dump_double(struct buf *out, double number)
{
	uint64_t bits;

	memcpy(&bits, &number, sizeof(bits));
	if (number != number)
		buf_add(out, "\"nan\"");
	else
		buf_addf(out, "\"%016" PRIx64 "\"", bits);
}

static void dump_items(struct buf *out, const struct bolt_value *list)
{
	buf_addc(out, '[');
	for (uint32_t i = 0; i < list->size; i++) {
		if (i > 0)
			buf_addc(out, ',');
		dump(out, &list->items[i]);
	}
	buf_addc(out, ']');
}

static int by_key(const void *a, const void *b)
{
	const struct bolt_entry *const *one = a, *const *two = b;

	return strcmp((*one)->key, (*two)->key);
}

// In the order of the keys: a server may have its own.
static void dump_entries(struct buf *out, const struct bolt_value *map)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct bolt_entry **sorted = arena_new_array(arena, const struct bolt_entry *, map->size);

	for (uint32_t i = 0; i < map->size; i++)
		sorted[i] = &map->entries[i];
	qsort(sorted, map->size, sizeof(*sorted), by_key);
	buf_addc(out, '{');
	for (uint32_t i = 0; i < map->size; i++) {
		if (i > 0)
			buf_addc(out, ',');
		dump_text(out, sorted[i]->key);
		buf_addc(out, ':');
		dump(out, &sorted[i]->value);
	}
	buf_addc(out, '}');
}

static void dump_node(struct buf *out, const struct bolt_node *node)
{
	buf_add(out, "[\"node\",");
	dump_text(out, node->element_id);
	buf_addc(out, ',');
	dump_items(out, node->labels);
	buf_addc(out, ',');
	dump_entries(out, node->properties);
	buf_addc(out, ']');
}

static void dump_relationship(struct buf *out, const struct bolt_relationship *relationship)
{
	const char *texts[] = {relationship->element_id, relationship->type, relationship->start_element_id,
			       relationship->end_element_id};

	buf_add(out, "[\"relationship\"");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		buf_addc(out, ',');
		dump_text(out, texts[i]);
	}
	buf_addc(out, ',');
	dump_entries(out, relationship->properties);
	buf_addc(out, ']');
}

static void dump_path(struct buf *out, const struct bolt_path *path)
{
	struct bolt_node node;

	bolt_path_node(path, 0, &node);
	buf_add(out, "[\"path\",");
	dump_node(out, &node);
	for (uint32_t i = 0; i < path->length; i++) {
		struct bolt_step step;

		bolt_path_step(path, i, &step);
		buf_addc(out, ',');
		dump_relationship(out, &step.relationship);
		buf_addc(out, ',');
		dump_node(out, &step.to);
	}
	buf_addc(out, ']');
}

static void dump_date_time(struct buf *out, const struct bolt_date_time *time)
{
	assert_false(time->wall);
	if (time->local) {
		buf_addf(out, "[\"localdatetime\",%" PRId64 ",%" PRId32 "]", time->seconds, time->nanoseconds);
		return;
	}
	buf_addf(out, "[\"datetime\",%" PRId64 ",%" PRId32 ",", time->seconds, time->nanoseconds);
	if (time->zone)
		dump_text(out, time->zone);
	else
		buf_addf(out, "%" PRId32, time->offset_s);
	buf_addc(out, ']');
}

// Seconds and nanoseconds in one, since drivers differ in how they share a negative time between the two.
static void dump_duration(struct buf *out, const struct bolt_duration *duration)
{
	__int128 total = (__int128)duration->seconds * 1000000000 + duration->nanoseconds;
	unsigned __int128 rest = total < 0 ? -(unsigned __int128)total : (unsigned __int128)total;
	char digits[48];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + (int)(rest % 10));
		rest /= 10;
	} while (rest);
	buf_addf(out, "[\"duration\",\"%" PRId64 "\",\"%" PRId64 "\",\"%s%s\"]", duration->months, duration->days, total < 0 ? "-" : "",
		 digits + at);
}

static void dump_point(struct buf *out, const struct bolt_point *point)
{
	buf_addf(out, "[\"point\",%" PRId64 ",", point->srid);
	dump_double(out, point->x);
	buf_addc(out, ',');
	dump_double(out, point->y);
	if (point->dimensions == 3) {
		buf_addc(out, ',');
		dump_double(out, point->z);
	}
	buf_addc(out, ']');
}

static void dump_vector(struct buf *out, const struct bolt_vector *vector)
{
	static const char *const names[] = {"i8", "i16", "i32", "i64", "f32", "f64"};

	buf_addf(out, "[\"vector\",\"%s\",", names[vector->element]);
	dump_hex(out, vector->bytes, (size_t)vector->n * bolt_element_size(vector->element));
	buf_addc(out, ']');
}

static void dump_time(struct buf *out, const struct bolt_time *time)
{
	if (time->local)
		buf_addf(out, "[\"localtime\",%" PRId64 "]", time->nanoseconds);
	else
		buf_addf(out, "[\"time\",%" PRId64 ",%" PRId32 "]", time->nanoseconds, time->offset_s);
}

static void dump_struct(struct buf *out, const struct bolt_value *v)
{
	union {
		struct bolt_node node;
		struct bolt_relationship relationship;
		struct bolt_path path;
		struct bolt_date date;
		struct bolt_time time;
		struct bolt_date_time date_time;
		struct bolt_duration duration;
		struct bolt_point point;
		struct bolt_vector vector;
	} as;

	if (bolt_as_node(v, &as.node))
		dump_node(out, &as.node);
	else if (bolt_as_relationship(v, &as.relationship))
		dump_relationship(out, &as.relationship);
	else if (bolt_as_path(v, &as.path))
		dump_path(out, &as.path);
	else if (bolt_as_date(v, &as.date))
		buf_addf(out, "[\"date\",%" PRId64 "]", as.date.days);
	else if (bolt_as_time(v, &as.time))
		dump_time(out, &as.time);
	else if (bolt_as_date_time(v, &as.date_time))
		dump_date_time(out, &as.date_time);
	else if (bolt_as_duration(v, &as.duration))
		dump_duration(out, &as.duration);
	else if (bolt_as_point(v, &as.point))
		dump_point(out, &as.point);
	else if (bolt_as_vector(v, &as.vector))
		dump_vector(out, &as.vector);
	else
		fail_msg("a structure with tag %02x and %u fields has no view", v->tag, v->size);
}

void dump(struct buf *out, const struct bolt_value *v)
{
	static const char *const names[] = {"null", "bool", "int", "float", "string", "bytes", "list", "map", "structure", "uuid"};

	if (v->type == BOLT_STRUCT) {
		dump_struct(out, v);
		return;
	}
	buf_addf(out, "[\"%s\"", names[v->type]);
	if (v->type != BOLT_NULL)
		buf_addc(out, ',');
	if (v->type == BOLT_BOOL)
		buf_add(out, v->boolean ? "true" : "false");
	else if (v->type == BOLT_INT)
		buf_addf(out, "\"%" PRId64 "\"", v->integer);
	else if (v->type == BOLT_FLOAT)
		dump_double(out, v->number);
	else if (v->type == BOLT_STRING)
		dump_string(out, v->string, v->size);
	else if (v->type == BOLT_BYTES)
		dump_hex(out, v->bytes, v->size);
	else if (v->type == BOLT_UUID)
		dump_hex(out, v->bytes, v->size);
	else if (v->type == BOLT_LIST)
		dump_items(out, v);
	else if (v->type == BOLT_MAP)
		dump_entries(out, v);
	buf_addc(out, ']');
}
