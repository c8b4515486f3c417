// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bolt/dialect.h"
#include "bolt/pack.h"
#include "bolt/structure.h"

// The server's structures are made here of plain values; the client's are packed and read again on the way.

static const struct dialect newest = {{6, 1}, true}, six = {{6, 0}, true}, five = {{5, 4}, true}, four = {{4, 4}, false}, four_utc = {{4, 4}, true};

static struct bolt_value structure(uint8_t tag, const struct bolt_value *items, uint32_t n)
{
	return (struct bolt_value){.type = BOLT_STRUCT, .tag = tag, .size = n, .items = items};
}

// As a server of the dialect would see it.
static struct bolt_value over_the_wire(const struct dialect *dialect, const struct bolt_value *v, struct arena *arena)
{
	_cleanup_buf_ struct buf bytes = BUF_INIT(100000);
	const struct bolt_value *sent;
	struct bolt_value ret;
	struct err err = ERR_INIT;

	assert_int_equal(dialect_to_wire(dialect, v, arena, &sent, &err), 0);
	pack_value(&bytes, sent);
	assert_int_equal(unpack_value((unsigned char *)bytes.data, bytes.len, arena, &ret, &err), 0);
	return ret;
}

// There and back again.
static struct bolt_value echoed(const struct dialect *dialect, const struct bolt_value *v, struct arena *arena)
{
	struct bolt_value ret = over_the_wire(dialect, v, arena);

	dialect_from_wire(dialect, &ret, arena);
	return ret;
}

static const struct dialect *const dialects[] = {&newest, &five, &four, &four_utc};
#define N_DIALECTS 4

static void test_dates_and_times(void **state)
{
	static const struct bolt_time times[] = {{0, 0, true}, {86399999999999, 0, true}, {1, -3600, false}, {3600000000000, 64800, false}};
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (size_t d = 0; d < N_DIALECTS; d++) {
		const struct bolt_date date = {-719528};
		struct bolt_value v = bolt_from_date(&date, arena), back = echoed(dialects[d], &v, arena);
		struct bolt_date day;
		struct bolt_time time;

		assert_true(bolt_as_date(&back, &day));
		assert_int_equal(day.days, date.days);
		assert_false(bolt_as_time(&back, &time));
		for (size_t i = 0; i < 4; i++) {
			v = bolt_from_time(&times[i], arena);
			back = echoed(dialects[d], &v, arena);
			assert_true(bolt_as_time(&back, &time));
			assert_int_equal(time.nanoseconds, times[i].nanoseconds);
			assert_int_equal(time.offset_s, times[i].offset_s);
			assert_int_equal(time.local, times[i].local);
		}
	}
}

static void assert_same_time(const struct bolt_date_time *a, const struct bolt_date_time *b)
{
	assert_int_equal(a->seconds, b->seconds);
	assert_int_equal(a->nanoseconds, b->nanoseconds);
	assert_int_equal(a->local, b->local);
	assert_int_equal(a->wall, b->wall);
	assert_int_equal(a->zone != NULL, b->zone != NULL);
	if (a->zone)
		assert_string_equal(a->zone, b->zone);
}

// An offset is arithmetic, so every dialect gives it back; a zone comes back as it was but from 4.4 without "utc", which tells
// the clock on the wall.
static void test_date_times(void **state)
{
	static const struct bolt_date_time times[] = {
		{.seconds = -1, .nanoseconds = 999999999, .local = true},
		{.seconds = 1700000000, .nanoseconds = 1, .offset_s = -34200, .has_offset = true},
		{.seconds = 1700000000, .nanoseconds = 1, .offset_s = 3600, .has_offset = true, .zone = "Europe/Stockholm"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < N_DIALECTS * 3; i++) {
		const struct dialect *dialect = dialects[i / 3];
		struct bolt_date_time expected = times[i % 3], time;
		struct bolt_value v = bolt_from_date_time(&expected, arena), back = echoed(dialect, &v, arena);

		assert_true(bolt_as_date_time(&v, &time)); // what was made can be looked at
		assert_same_time(&time, &expected);
		if (!dialect->utc && expected.zone) {
			expected.wall = true;
			expected.seconds += expected.offset_s;
		}
		assert_true(bolt_as_date_time(&back, &time));
		assert_same_time(&time, &expected);
		assert_int_equal(time.has_offset, !expected.local && !expected.zone);
		if (time.has_offset)
			assert_int_equal(time.offset_s, expected.offset_s);
	}
}

// The tags that each dialect has for a time with an offset and for one in a zone.
static void test_tags_of_date_times(void **state)
{
	static const struct {
		const struct dialect *dialect;
		uint8_t offset, zone;
		int64_t seconds;
	} cases[] = {{&newest, 0x49, 0x69, 1000}, {&five, 0x49, 0x69, 1000}, {&four_utc, 0x49, 0x69, 1000}, {&four, 0x46, 0x66, 4600}};
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		bool zoned = i % 2, wall = i / 2 == 3;
		struct bolt_date_time time = {.seconds = 1000, .offset_s = 3600, .has_offset = true, .zone = zoned ? "Europe/Paris" : NULL};
		struct bolt_value v = bolt_from_date_time(&time, arena), sent = over_the_wire(cases[i / 2].dialect, &v, arena);

		assert_int_equal(sent.tag, zoned ? cases[i / 2].zone : cases[i / 2].offset);
		assert_int_equal(sent.size, 3);
		assert_int_equal(sent.items[0].integer, cases[i / 2].seconds);
		// The same from the clock on the wall.
		time = (struct bolt_date_time){.seconds = 4600, .offset_s = 3600, .has_offset = true, .wall = true, .zone = time.zone};
		v = bolt_from_date_time(&time, arena);
		sent = over_the_wire(cases[i / 2].dialect, &v, arena);
		assert_int_equal(sent.tag, zoned ? cases[i / 2].zone : cases[i / 2].offset);
		assert_int_equal(sent.items[0].integer, wall ? 4600 : 1000);
	}
}

static void test_durations_and_points(void **state)
{
	const struct bolt_duration duration = {-1, 2, INT64_MIN, -999999999};
	static const struct bolt_point points[] = {{7203, 2, 1.5, -2.5, 0}, {4979, 3, 1.5, -2.5, 1e300}};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_value v = bolt_from_duration(&duration, arena), back = echoed(&four, &v, arena);
	struct bolt_duration length;
	struct bolt_point point;

	(void)state;
	assert_true(bolt_as_duration(&back, &length));
	assert_true(length.months == -1 && length.days == 2 && length.seconds == INT64_MIN && length.nanoseconds == -999999999);
	for (size_t i = 0; i < 2; i++) {
		v = bolt_from_point(&points[i], arena);
		back = echoed(&newest, &v, arena);
		assert_true(bolt_as_point(&back, &point));
		assert_int_equal(point.srid, points[i].srid);
		assert_int_equal(point.dimensions, points[i].dimensions);
		assert_true(point.x == points[i].x && point.y == points[i].y && point.z == points[i].z);
	}
}

static void test_vectors(void **state)
{
	static const struct {
		enum bolt_element element;
		const char *bytes;
		uint32_t n, size;
		int64_t first;
		double last;
	} cases[] = {
		{BOLT_INT8, "\xFF\x7F", 2, 1, -1, 127},
		{BOLT_INT16, "\xFF\xFE\x01\x00", 2, 2, -2, 256},
		{BOLT_INT32, "\xFF\xFF\xFF\xFD\x00\x01\x00\x00", 2, 4, -3, 65536},
		{BOLT_INT64, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFC\x00\x00\x00\x01\x00\x00\x00\x00", 2, 8, -4, 4294967296.0},
		{BOLT_FLOAT32, "\xC0\x20\x00\x00\x3F\x80\x00\x00", 2, 4, -2, 1.0},
		{BOLT_FLOAT64, "\xC0\x04\x00\x00\x00\x00\x00\x00\x3F\xE0\x00\x00\x00\x00\x00\x00", 2, 8, -2, 0.5},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		const struct bolt_vector made = {cases[i].element, cases[i].n, (const unsigned char *)cases[i].bytes};
		struct bolt_value v = bolt_from_vector(&made, arena), back = echoed(&newest, &v, arena);
		struct bolt_vector vector;

		assert_true(bolt_as_vector(&back, &vector));
		assert_int_equal(vector.element, cases[i].element);
		assert_int_equal(vector.n, cases[i].n);
		assert_int_equal(bolt_element_size(vector.element), cases[i].size);
		assert_int_equal(bolt_vector_int(&vector, 0), cases[i].first);
		assert_true(bolt_vector_float(&vector, vector.n - 1) == cases[i].last);
	}
}

static void test_uuids(void **state)
{
	const struct bolt_value v = bolt_uuid((const unsigned char *)"0123456789abcde\xFF"), list = bolt_list(&v, 1);
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_value back = echoed(&newest, &list, arena), copy = bolt_copy(&back.items[0], arena);
	const unsigned char *bytes;
	const char *text;

	(void)state;
	assert_int_equal(bolt_read_uuid(&copy, &bytes, NULL), 0);
	assert_memory_equal(bytes, v.bytes, BOLT_UUID_SIZE);
	assert_ptr_not_equal(bytes, back.items[0].bytes);
	assert_string_equal(bolt_type_name(copy.type), "uuid");
	assert_int_equal(bolt_uuid(NULL).type, BOLT_NULL);
	assert_int_equal(bolt_read_string(&copy, &text, NULL, NULL), ERR_INVALID);
}

static void test_vector_of_floats(void **state)
{
	static const double numbers[] = {0.5, -2.75, 1e300, -1e300};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_value v = bolt_from_floats(numbers, 4, arena);
	struct bolt_vector vector;
	double nan = strtod("nan", NULL);

	(void)state;
	assert_true(bolt_as_vector(&v, &vector));
	assert_int_equal(vector.element, BOLT_FLOAT64);
	for (uint32_t i = 0; i < 4; i++)
		assert_true(bolt_vector_float(&vector, i) == numbers[i]);
	assert_int_equal(bolt_vector_int(&vector, 1), -2);
	assert_true(bolt_vector_int(&vector, 2) == INT64_MAX && bolt_vector_int(&vector, 3) == INT64_MIN);
	v = bolt_from_floats(&nan, 1, arena);
	assert_true(bolt_as_vector(&v, &vector));
	assert_int_equal(bolt_vector_int(&vector, 0), 0);
}

// A value for which a version has no form is refused before anything is sent.
static void test_refused(void **state)
{
	static const struct bolt_date_time zoned = {.seconds = 1, .zone = "Europe/Paris"},
					   wall = {.seconds = 1, .zone = "Europe/Paris", .wall = true},
					   late = {.seconds = INT64_MAX, .offset_s = 3600, .has_offset = true};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct bolt_value fields[16] = {{.type = BOLT_INT}};
	const struct {
		const struct dialect *dialect;
		struct bolt_value v;
		const char *text;
	} cases[] = {
		{&four, bolt_from_date_time(&zoned, arena),
		 "a time in the zone 'Europe/Paris' cannot be sent over Bolt 4.4, which lacks the patch 'utc', without its offset from UTC"},
		{&five, bolt_from_date_time(&wall, arena),
		 "a time in the zone 'Europe/Paris' cannot be sent over Bolt 5.4 without its offset from UTC"},
		{&four, bolt_from_date_time(&late, arena), "a time is out of range"},
		{&five, bolt_from_floats(NULL, 0, arena), "a vector cannot be sent over Bolt 5.4; vectors came with Bolt 6.0"},
		{&six, bolt_uuid((const unsigned char *)"0123456789abcdef"), "a UUID cannot be sent over Bolt 6.0; UUIDs came with Bolt 6.1"},
		{&newest, structure(0x4E, fields, 4), "a node cannot be a parameter"},
		{&newest, structure(0x52, fields, 8), "a relationship cannot be a parameter"},
		{&newest, structure(0x72, fields, 4), "a relationship cannot be a parameter"},
		{&newest, structure(0x50, fields, 3), "a path cannot be a parameter"},
		{&newest, structure(0x3F, fields, 4), "a value of an unsupported type cannot be a parameter"},
		{&newest, structure(0x49, fields, 2), "a parameter is no date and time although its tag is 49"},
		{&newest, structure(0x44, fields, 16), "a structure has 16 fields, more than PackStream's 15"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct bolt_entry entry = {"x", bolt_list(&cases[i].v, 1)};
		const struct bolt_value params = bolt_map(&entry, 1), *sent;
		struct err err = ERR_INIT;

		assert_int_equal(dialect_to_wire(cases[i].dialect, &params, arena, &sent, &err), ERR_INVALID);
		assert_string_equal(err.text, cases[i].text);
	}
}

static void test_nested_too_deeply(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_value lists[PACK_DEPTH_MAX + 2];
	const struct bolt_value *sent;
	struct err err = ERR_INIT;

	(void)state;
	lists[0] = bolt_int(1);
	for (size_t i = 1; i < PACK_DEPTH_MAX + 2; i++)
		lists[i] = bolt_list(&lists[i - 1], 1);
	assert_int_equal(dialect_to_wire(&newest, &lists[PACK_DEPTH_MAX], arena, &sent, &err), 0);
	assert_ptr_equal(sent, &lists[PACK_DEPTH_MAX]); // nothing to translate: nothing copied
	assert_int_equal(dialect_to_wire(&newest, &lists[PACK_DEPTH_MAX + 1], arena, &sent, &err), ERR_INVALID);
	assert_string_equal(err.text, "the parameters are nested more than 64 deep");
}

// Only what changes is changed: the neighbours stay.
static void test_translated_beside_others(void **state)
{
	static const struct bolt_date_time time = {.seconds = 1000, .offset_s = 60, .has_offset = true};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct bolt_value items[] = {bolt_int(1), bolt_from_date_time(&time, arena), bolt_string("x")};
	const struct bolt_entry entries[] = {{"a", bolt_bool(true)}, {"b", bolt_list(items, 3)}, {"c", bolt_null()}};
	const struct bolt_value map = bolt_map(entries, 3);
	struct bolt_value sent = over_the_wire(&four, &map, arena);

	(void)state;
	assert_int_equal(sent.size, 3);
	assert_true(bolt_as_bool(bolt_map_get(&sent, "a"), false));
	assert_int_equal(bolt_map_get(&sent, "b")->items[0].integer, 1);
	assert_int_equal(bolt_map_get(&sent, "b")->items[1].tag, 0x46);
	assert_int_equal(bolt_map_get(&sent, "b")->items[1].items[0].integer, 1060);
	assert_string_equal(bolt_map_get(&sent, "b")->items[2].string, "x");
	assert_int_equal(map.entries[1].value.items[1].tag, 0x49); // the caller's is as it was
}

// Graph values. ids: those of 5.0 carry their element ids, those of 4.4 get them.
static struct bolt_value node_value(int64_t id, bool ids, struct arena *arena)
{
	struct bolt_value *label = arena_alloc(arena, sizeof(*label)), *fields = arena_new_array(arena, struct bolt_value, 4);
	struct bolt_entry *entry = arena_alloc(arena, sizeof(*entry));

	*label = bolt_string("Person");
	*entry = (struct bolt_entry){"id", bolt_int(id)};
	fields[0] = bolt_int(id);
	fields[1] = bolt_list(label, 1);
	fields[2] = bolt_map(entry, 1);
	fields[3] = bolt_string(arena_printf(arena, "%lld", (long long)id));
	return structure(0x4E, fields, ids ? 4 : 3);
}

static struct bolt_value unbound_value(int64_t id, bool ids, struct arena *arena)
{
	struct bolt_value *fields = arena_new_array(arena, struct bolt_value, 4);

	fields[0] = bolt_int(id);
	fields[1] = bolt_string("KNOWS");
	fields[2] = bolt_map(NULL, 0);
	fields[3] = bolt_string(arena_printf(arena, "%lld", (long long)id));
	return structure(0x72, fields, ids ? 4 : 3);
}

static void test_nodes_and_relationships(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (int ids = 0; ids < 2; ids++) {
		const struct bolt_value fields[] = {bolt_int(9), bolt_int(1), bolt_int(2), bolt_string("KNOWS"), bolt_map(NULL, 0),
						    bolt_string("9"), bolt_string("1"), bolt_string("2")};
		struct bolt_value v[] = {node_value(1, ids, arena), structure(0x52, fields, ids ? 8 : 5)};
		struct bolt_value row = bolt_list(v, 2);
		struct bolt_relationship relationship;
		struct bolt_node node;

		assert_int_equal(bolt_as_node(&v[0], &node), ids);
		dialect_from_wire(ids ? &four_utc : &four, &row, arena);
		assert_true(bolt_as_node(&row.items[0], &node));
		assert_int_equal(node.id, 1);
		assert_string_equal(node.element_id, "1");
		assert_string_equal(node.labels->items[0].string, "Person");
		assert_int_equal(bolt_as_int(bolt_map_get(node.properties, "id"), 0), 1);
		assert_true(bolt_as_relationship(&row.items[1], &relationship));
		assert_true(relationship.id == 9 && relationship.start_id == 1 && relationship.end_id == 2);
		assert_string_equal(relationship.type, "KNOWS");
		assert_string_equal(relationship.element_id, "9");
		assert_string_equal(relationship.start_element_id, "1");
		assert_string_equal(relationship.end_element_id, "2");
	}
}

// (10)-[20]->(11)<-[21]-(10)-[20]->(11): a loop over two nodes, one relationship walked twice and one against its direction.
static struct bolt_value path_value(const int64_t *indices, uint32_t n, bool ids, struct arena *arena)
{
	struct bolt_value *fields = arena_new_array(arena, struct bolt_value, 3), *nodes = arena_new_array(arena, struct bolt_value, 2),
			  *between = arena_new_array(arena, struct bolt_value, 2), *steps = arena_new_array(arena, struct bolt_value, n);

	for (int64_t i = 0; i < 2; i++) {
		nodes[i] = node_value(10 + i, ids, arena);
		between[i] = unbound_value(20 + i, ids, arena);
	}
	for (uint32_t i = 0; i < n; i++)
		steps[i] = bolt_int(indices[i]);
	fields[0] = bolt_list(nodes, 2);
	fields[1] = bolt_list(between, 2);
	fields[2] = bolt_list(steps, n);
	return structure(0x50, fields, 3);
}

static void test_paths(void **state)
{
	static const int64_t indices[] = {1, 1, -2, 0, 1, 1};
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (int ids = 0; ids < 2; ids++) {
		struct bolt_value v = path_value(indices, 6, ids, arena), list = bolt_list(&v, 1);
		struct bolt_path path;
		struct bolt_node node;
		struct bolt_step step;

		dialect_from_wire(ids ? &four_utc : &four, &list, arena);
		assert_true(bolt_as_path(&v, &path));
		assert_int_equal(path.length, 3);
		bolt_path_node(&path, 0, &node);
		assert_int_equal(node.id, 10);
		bolt_path_node(&path, 3, &node);
		assert_int_equal(node.id, 11);
		bolt_path_step(&path, 0, &step);
		assert_true(step.from.id == 10 && step.to.id == 11 && step.relationship.id == 20);
		assert_true(step.relationship.start_id == 10 && step.relationship.end_id == 11);
		bolt_path_step(&path, 1, &step); // against its direction
		assert_true(step.from.id == 11 && step.to.id == 10 && step.relationship.id == 21);
		assert_true(step.relationship.start_id == 10 && step.relationship.end_id == 11);
		assert_string_equal(step.relationship.start_element_id, "10");
		assert_string_equal(step.relationship.end_element_id, "11");
		assert_string_equal(step.relationship.element_id, "21");
		assert_string_equal(step.relationship.type, "KNOWS");
	}
}

// A single node is a path, too.
static void test_path_of_no_length(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_value v = path_value(NULL, 0, true, arena);
	struct bolt_path path;
	struct bolt_node node;

	(void)state;
	assert_true(bolt_as_path(&v, &path));
	assert_int_equal(path.length, 0);
	bolt_path_node(&path, 0, &node);
	assert_int_equal(node.id, 10);
}

static void test_lying_paths(void **state)
{
	static const int64_t cases[][2] = {{3, 1}, {-3, 1}, {0, 1}, {1, 2}, {1, -1}, {INT64_MIN, 0}, {INT64_MAX, 0}, {1, INT64_MAX}};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct bolt_value no_number[] = {bolt_int(1), bolt_null()};
	struct bolt_value v, broken[3];
	struct bolt_path path;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		v = path_value(cases[i], 2, true, arena);
		assert_false(bolt_as_path(&v, &path));
	}
	v = path_value((const int64_t[]){1, 1, 1}, 3, true, arena);
	assert_false(bolt_as_path(&v, &path));
	// Nodes or relationships that are none, none at all, and an index that is no number.
	v = path_value((const int64_t[]){1, 1}, 2, false, arena);
	assert_false(bolt_as_path(&v, &path));
	for (int i = 0; i < 3; i++) {
		memcpy(broken, path_value((const int64_t[]){1, 1}, 2, true, arena).items, sizeof(broken));
		if (i == 0)
			broken[1] = broken[0];
		else if (i == 1)
			broken[0] = bolt_list(NULL, 0);
		else
			broken[2] = bolt_list(no_number, 2);
		v = structure(0x50, broken, 3);
		assert_false(bolt_as_path(&v, &path));
	}
}

static void test_unsupported(void **state)
{
	const struct bolt_entry entry = {"message", bolt_string("update your client")};
	const struct bolt_value fields[] = {bolt_string("Quaternion"), bolt_int(7), bolt_int(1), bolt_map(&entry, 1)};
	const struct bolt_value negative[] = {bolt_string("Quaternion"), bolt_int(-1), bolt_int(1), bolt_map(NULL, 0)};
	struct bolt_value v = structure(0x3F, fields, 4);
	struct bolt_unsupported unsupported;

	(void)state;
	assert_true(bolt_as_unsupported(&v, &unsupported));
	assert_string_equal(unsupported.name, "Quaternion");
	assert_true(unsupported.major == 7 && unsupported.minor == 1);
	assert_string_equal(unsupported.message, "update your client");
	v = structure(0x3F, negative, 4);
	assert_false(bolt_as_unsupported(&v, &unsupported));
}

// Another number of fields, another type of one of them, another tag, no value at all: never a view.
static void test_no_structures(void **state)
{
	static const struct {
		uint8_t tag;
		uint32_t n;
	} forms[] = {{0x4E, 4}, {0x52, 8}, {0x50, 3}, {0x44, 1}, {0x54, 2}, {0x74, 1}, {0x49, 3}, {0x69, 3}, {0x66, 3},
		     {0x46, 3}, {0x64, 2}, {0x45, 4}, {0x58, 3}, {0x59, 4}, {0x56, 2}, {0x3F, 4}};
	struct bolt_value fields[9], v = bolt_null();
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
		struct bolt_unsupported unsupported;
	} ret;

	(void)state;
	for (size_t i = 0; i < 9; i++)
		fields[i] = bolt_bool(true);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]) * 3; i++) {
		v = structure(forms[i / 3].tag, fields, forms[i / 3].n + (uint32_t)(i % 3) - 1);
		assert_false(bolt_as_node(&v, &ret.node) || bolt_as_relationship(&v, &ret.relationship));
		assert_false(bolt_as_path(&v, &ret.path) || bolt_as_date(&v, &ret.date) || bolt_as_time(&v, &ret.time));
		assert_false(bolt_as_date_time(&v, &ret.date_time) || bolt_as_duration(&v, &ret.duration));
		assert_false(bolt_as_point(&v, &ret.point) || bolt_as_vector(&v, &ret.vector));
		assert_false(bolt_as_unsupported(&v, &ret.unsupported));
	}
	assert_false(bolt_as_node(NULL, &ret.node));
	assert_false(bolt_as_date_time(NULL, &ret.date_time));
}

static void test_numbers_out_of_range(void **state)
{
	const struct bolt_value day = bolt_int(86400000000000), late[] = {bolt_int(0), bolt_int(1000000000), bolt_int(0)},
				far[] = {bolt_int(0), bolt_int(0), bolt_int(INT64_MAX), bolt_int(INT64_MAX)};
	const struct bolt_value odd[] = {bolt_bytes("\xC9", 1), bolt_bytes("abc", 3)}, unknown[] = {bolt_bytes("\xC8\xC8", 2), bolt_bytes("", 0)},
				other[] = {bolt_bytes("\x01", 1), bolt_bytes("", 0)};
	struct bolt_date_time date_time;
	struct bolt_duration duration;
	struct bolt_vector vector;
	struct bolt_time time;
	struct bolt_value v;

	(void)state;
	v = structure(0x74, &day, 1);
	assert_false(bolt_as_time(&v, &time));
	v = structure(0x54, far + 1, 2);
	assert_false(bolt_as_time(&v, &time));
	v = structure(0x64, late, 2);
	assert_false(bolt_as_date_time(&v, &date_time));
	v = structure(0x49, far, 3);
	assert_false(bolt_as_date_time(&v, &date_time));
	v = structure(0x45, far, 4);
	assert_false(bolt_as_duration(&v, &duration));
	v = structure(0x56, odd, 2);
	assert_false(bolt_as_vector(&v, &vector));
	v = structure(0x56, unknown, 2);
	assert_false(bolt_as_vector(&v, &vector));
	v = structure(0x56, other, 2);
	assert_false(bolt_as_vector(&v, &vector));
}

// An old server's malformed structure stays as it came, and so is no view.
static void test_old_structures_that_are_none(void **state)
{
	const struct bolt_value texts[] = {bolt_string("a"), bolt_string("b"), bolt_string("c")},
				far[] = {bolt_int(INT64_MIN), bolt_int(0), bolt_int(1)};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_value values[] = {structure(0x4E, texts, 3), structure(0x4E, texts, 2), structure(0x46, texts, 3), structure(0x46, far, 3)};
	const struct bolt_entry entry = {"x", bolt_list(values, 4)};
	struct bolt_value map = bolt_map(&entry, 1);
	struct bolt_date_time time;
	struct bolt_node node;

	(void)state;
	dialect_from_wire(&four, &map, arena);
	assert_false(bolt_as_node(&values[0], &node) || bolt_as_node(&values[1], &node));
	assert_false(bolt_as_date_time(&values[2], &time) || bolt_as_date_time(&values[3], &time));
	assert_int_equal(values[3].tag, 0x46);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates_and_times),
		cmocka_unit_test(test_date_times),
		cmocka_unit_test(test_tags_of_date_times),
		cmocka_unit_test(test_durations_and_points),
		cmocka_unit_test(test_uuids),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_vector_of_floats),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nested_too_deeply),
		cmocka_unit_test(test_translated_beside_others),
		cmocka_unit_test(test_nodes_and_relationships),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_path_of_no_length),
		cmocka_unit_test(test_lying_paths),
		cmocka_unit_test(test_unsupported),
		cmocka_unit_test(test_no_structures),
		cmocka_unit_test(test_numbers_out_of_range),
		cmocka_unit_test(test_old_structures_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
