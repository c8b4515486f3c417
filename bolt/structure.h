// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The structures among the values: reads one that a server sent, and makes one to send. Pure. The forms are those of 5.0 and later; bolt/conn.h
// translates for 4.4. Dates by year, month and day: bolt/calendar.h; as text: bolt/text.h. A view points into the value and lives as long.
// Source: Bolt structure semantics.
//   struct bolt_node node;
//   if (bolt_as_node(value, &node))
//           puts(node.element_id);

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "bolt/value.h"

struct bolt_node {
	int64_t id;		// deprecated by Neo4j; -1 where the server sends none
	const char *element_id; // from 4.4: the id in digits
	const struct bolt_value *labels;     // a list of strings
	const struct bolt_value *properties; // a map
};

struct bolt_relationship {
	int64_t id, start_id, end_id;
	const char *element_id, *start_element_id, *end_element_id;
	const char *type;
	const struct bolt_value *properties; // a map
};

struct bolt_path {
	const struct bolt_value *nodes;		// its distinct nodes
	const struct bolt_value *relationships; // its distinct relationships, without their ends
	const struct bolt_value *indices;
	uint32_t length; // in relationships
};

// One step of a path, in the path's direction; the relationship has its own ends.
struct bolt_step {
	struct bolt_node from, to;
	struct bolt_relationship relationship;
};

// Each returns false when v is NULL, of another type, or malformed; then do not use *ret.
bool bolt_as_node(const struct bolt_value *v, struct bolt_node *ret);
bool bolt_as_relationship(const struct bolt_value *v, struct bolt_relationship *ret);
bool bolt_as_path(const struct bolt_value *v, struct bolt_path *ret); // all its indices are valid
void bolt_path_node(const struct bolt_path *path, uint32_t i, struct bolt_node *ret); // i <= length; beyond, *ret is all 0, as below
void bolt_path_step(const struct bolt_path *path, uint32_t i, struct bolt_step *ret); // i < length

struct bolt_date {
	int64_t days; // since 1970-01-01
};

struct bolt_time {
	int64_t nanoseconds; // since midnight, by the clock on the wall
	int32_t offset_s;    // of that clock from UTC
	bool local;	     // without an offset
};

struct bolt_date_time {
	int64_t seconds;     // since 1970-01-01T00:00:00Z; since 1970-01-01T00:00:00 of the clock on the wall where local or wall is set
	int32_t nanoseconds; // 0 to 999,999,999
	bool local;	     // a date and a time without a place
	const char *zone;    // "Europe/Stockholm"; NULL: an offset only
	int32_t offset_s;    // from UTC
	bool has_offset;     // always without a zone. To send a zone to a server without "utc" (4.4) the offset must be known
	bool wall;	     // with a zone, from a 4.4 server without "utc": the seconds count by the clock on the wall
};

struct bolt_duration {
	int64_t months, days, seconds;
	int32_t nanoseconds;
};

struct bolt_point {
	int64_t srid; // 7203 and 9157: cartesian; 4326 and 4979: WGS 84
	unsigned dimensions; // 2 or 3
	double x, y, z;	     // z is 0 in two dimensions
};

// The three temporal views accept the local form and the other.
bool bolt_as_date(const struct bolt_value *v, struct bolt_date *ret);
bool bolt_as_time(const struct bolt_value *v, struct bolt_time *ret);
bool bolt_as_date_time(const struct bolt_value *v, struct bolt_date_time *ret);
bool bolt_as_duration(const struct bolt_value *v, struct bolt_duration *ret);
bool bolt_as_point(const struct bolt_value *v, struct bolt_point *ret);

// null where the pointer or the arena is NULL.
struct bolt_value bolt_from_date(const struct bolt_date *date, struct arena *arena);
struct bolt_value bolt_from_time(const struct bolt_time *time, struct arena *arena);
struct bolt_value bolt_from_date_time(const struct bolt_date_time *date_time, struct arena *arena); // the zone is not copied
struct bolt_value bolt_from_duration(const struct bolt_duration *duration, struct arena *arena);
struct bolt_value bolt_from_point(const struct bolt_point *point, struct arena *arena);

enum bolt_element { BOLT_INT8, BOLT_INT16, BOLT_INT32, BOLT_INT64, BOLT_FLOAT32, BOLT_FLOAT64 };

// Numbers of one type, 6.0 and later. The bytes are big-endian.
struct bolt_vector {
	enum bolt_element element;
	uint32_t n;
	const unsigned char *bytes; // n times the element's size
};

bool bolt_as_vector(const struct bolt_value *v, struct bolt_vector *ret);
struct bolt_value bolt_from_vector(const struct bolt_vector *vector, struct arena *arena); // the bytes are not copied
uint32_t bolt_element_size(enum bolt_element element);

// The i-th number; 0 where there is none. bolt_vector_int() of floats and bolt_vector_float() of integers convert.
int64_t bolt_vector_int(const struct bolt_vector *vector, uint32_t i);
double bolt_vector_float(const struct bolt_vector *vector, uint32_t i);
struct bolt_value bolt_from_floats(const double *numbers, uint32_t n, struct arena *arena); // a vector of BOLT_FLOAT64

// A value that the server could not send in this version, 6.0 and later.
struct bolt_unsupported {
	const char *name; // of the type
	unsigned major, minor; // the Bolt version that has it
	const char *message;   // NULL: none
};

bool bolt_as_unsupported(const struct bolt_value *v, struct bolt_unsupported *ret);
