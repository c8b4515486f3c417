// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "base/json.h"
#include "bolt/structure.h"
#include "cmd/jsonvalue.h"
#include "cmd/isotime.h"
#include "cmd/zone.h"

static const char *json_of(struct arena *arena, struct bolt_value value)
{
	yyjson_mut_doc *doc = json_doc_new(arena);

	yyjson_mut_doc_set_root(doc, jsonvalue_of(doc, &value, arena));
	return json_text(arena, doc);
}

static void test_plain(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct bolt_value items[] = {bolt_int(INT64_MIN), bolt_float(1.5), bolt_bool(true), bolt_null(), bolt_string("\"x\"")};
	const struct bolt_entry entries[] = {{"list", bolt_list(items, 5)}};
	const unsigned char bytes[] = {0, 255, 16, 9};

	(void)state;
	assert_string_equal(json_of(arena, bolt_map(entries, 1)), "{\"list\":[-9223372036854775808,1.5,true,null,\"\\\"x\\\"\"]}");
	assert_string_equal(json_of(arena, bolt_bytes(bytes, 4)), "\"AP8QCQ==\"");
	assert_string_equal(json_of(arena, bolt_bytes(bytes, 0)), "\"\"");
	assert_string_equal(json_of(arena, bolt_float(NAN)), "\"NaN\"");
	assert_string_equal(json_of(arena, bolt_float(INFINITY)), "\"Infinity\"");
	assert_string_equal(json_of(arena, bolt_float(-INFINITY)), "\"-Infinity\"");
}

static void test_text(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_value values[] = {bolt_null(), bolt_string("a \"b\""), bolt_list(NULL, 0), bolt_int(7),
				      bolt_from_date(&(struct bolt_date){0}, arena)};
	const char *const texts[] = {"", "a \"b\"", "[]", "7", "1970-01-01"};

	(void)state;
	for (int i = 0; i < 5; i++) {
		size_t size;

		assert_string_equal(jsonvalue_text(&values[i], arena, &size), texts[i]);
		assert_int_equal(size, strlen(texts[i]));
	}
}

static struct bolt_value struct_of(struct arena *arena, uint8_t tag, const struct bolt_value *fields, uint32_t n)
{
	struct bolt_value *items = arena_new_array(arena, struct bolt_value, n);

	memcpy(items, fields, n * sizeof(*items));
	return (struct bolt_value){.type = BOLT_STRUCT, .tag = tag, .size = n, .items = items};
}

static void test_graph(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct bolt_value label = bolt_string("A");
	const struct bolt_entry entries[] = {{"k", bolt_int(1)}};
	const struct bolt_value node[] = {bolt_int(1), bolt_list(&label, 1), bolt_map(entries, 1), bolt_string("n:1")};
	const struct bolt_value relationship[] = {bolt_int(2), bolt_int(1), bolt_int(1), bolt_string("R"), bolt_map(NULL, 0),
						  bolt_string("r:2"), bolt_string("n:1"), bolt_string("n:1")};
	const struct bolt_value unbound[] = {bolt_int(2), bolt_string("R"), bolt_map(NULL, 0), bolt_string("r:2")};
	const struct bolt_value indices[] = {bolt_int(1), bolt_int(0)};
	const struct bolt_value nodes = struct_of(arena, 0x4E, node, 4), relationships = struct_of(arena, 0x72, unbound, 4);
	const struct bolt_value path[] = {bolt_list(&nodes, 1), bolt_list(&relationships, 1), bolt_list(indices, 2)};

	(void)state;
#define NODE "{\"elementId\":\"n:1\",\"labels\":[\"A\"],\"properties\":{\"k\":1}}"
#define RELATIONSHIP                                                                                               \
	"{\"elementId\":\"r:2\",\"type\":\"R\",\"startNodeElementId\":\"n:1\",\"endNodeElementId\":\"n:1\",\"properties\":{}}"
	assert_string_equal(json_of(arena, nodes), NODE);
	assert_string_equal(json_of(arena, struct_of(arena, 0x52, relationship, 8)), RELATIONSHIP);
	assert_string_equal(json_of(arena, struct_of(arena, 0x50, path, 3)),
			    "{\"nodes\":[" NODE "," NODE "],\"relationships\":[" RELATIONSHIP "]}");
	// A structure that nobody knows is shown as it is built.
	assert_string_equal(json_of(arena, struct_of(arena, 0x01, indices, 2)), "{\"structure\":1,\"fields\":[1,0]}");
}

static void test_others(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const unsigned char bytes[] = {1, 255};
	const double floats[] = {0.5, -2};
	const struct bolt_value unsupported[] = {bolt_string("SHAPE"), bolt_int(7), bolt_int(0), bolt_map(NULL, 0)};

	(void)state;
	assert_string_equal(json_of(arena, bolt_from_point(&(struct bolt_point){.srid = 7203, .dimensions = 2, .x = 1, .y = 2.5}, arena)),
			    "{\"srid\":7203,\"x\":1.0,\"y\":2.5}");
	assert_string_equal(json_of(arena, bolt_from_point(&(struct bolt_point){.srid = 9157, .dimensions = 3, .x = 1, .y = 2, .z = 3}, arena)),
			    "{\"srid\":9157,\"x\":1.0,\"y\":2.0,\"z\":3.0}");
	assert_string_equal(json_of(arena, bolt_from_floats(floats, 2, arena)), "[0.5,-2.0]");
	assert_string_equal(json_of(arena, bolt_from_vector(&(struct bolt_vector){.element = BOLT_INT8, .n = 2, .bytes = bytes}, arena)), "[1,-1]");
	assert_string_equal(json_of(arena, struct_of(arena, 0x3F, unsupported, 4)), "{\"unsupported\":\"SHAPE\"}");
}

static void is_date(struct arena *arena, int64_t days, const char *text)
{
	const struct bolt_value value = bolt_from_date(&(struct bolt_date){days}, arena);

	assert_string_equal(isotime_text(&value, arena), text);
}

static void test_dates(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	is_date(arena, 0, "1970-01-01");
	is_date(arena, -1, "1969-12-31");
	is_date(arena, 11016, "2000-02-29");
	is_date(arena, 11017, "2000-03-01");
	is_date(arena, 20781, "2026-11-24");
	is_date(arena, -719528, "0000-01-01");
	is_date(arena, -719529, "-0001-12-31");
	is_date(arena, 2932897, "+10000-01-01");
	is_date(arena, 365241780471, "+999999999-12-31");
	is_date(arena, -365243219162, "-999999999-01-01");
}

static void is_duration(struct arena *arena, struct bolt_duration duration, const char *text)
{
	const struct bolt_value value = bolt_from_duration(&duration, arena);

	assert_string_equal(isotime_text(&value, arena), text);
}

static void test_times(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct {
		struct bolt_date_time v;
		const char *text;
	} cases[] = {
		{{.seconds = 0, .has_offset = true}, "1970-01-01T00:00:00Z"},
		{{.seconds = 0, .has_offset = true, .offset_s = -5400}, "1969-12-31T22:30:00-01:30"},
		{{.seconds = 59, .nanoseconds = 120000000, .has_offset = true, .offset_s = 3601}, "1970-01-01T01:01:00.12+01:00:01"},
		{{.seconds = 1774746000, .zone = "Europe/Berlin"}, "2026-03-29T03:00:00+02:00[Europe/Berlin]"},
		{{.seconds = 1774745999, .zone = "Europe/Berlin"}, "2026-03-29T01:59:59+01:00[Europe/Berlin]"},
		{{.seconds = 32503680000, .zone = "America/New_York"}, "2999-12-31T19:00:00-05:00[America/New_York]"},
		{{.seconds = 1, .zone = "Mars/Olympus"}, "1970-01-01T00:00:01Z[Mars/Olympus]"},
		{{.seconds = 1, .zone = "../../../etc/localtime"}, "1970-01-01T00:00:01Z[../../../etc/localtime]"},
		{{.seconds = 1, .zone = "Europe/"}, "1970-01-01T00:00:01Z[Europe/]"},
		{{.seconds = -1, .nanoseconds = 1, .local = true}, "1969-12-31T23:59:59.000000001"},
	};
	const struct bolt_value other = bolt_int(1);
	struct bolt_value value;

	(void)state;
	zone_begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		value = bolt_from_date_time(&cases[i].v, arena);
		assert_string_equal(isotime_text(&value, arena), cases[i].text);
	}
	value = bolt_from_time(&(struct bolt_time){.nanoseconds = 45296000000007, .offset_s = 7200}, arena);
	assert_string_equal(isotime_text(&value, arena), "12:34:56.000000007+02:00");
	value = bolt_from_time(&(struct bolt_time){.nanoseconds = 0, .local = true}, arena);
	assert_string_equal(isotime_text(&value, arena), "00:00:00");
	is_duration(arena, (struct bolt_duration){0}, "PT0S");
	is_duration(arena, (struct bolt_duration){.months = 14, .days = 3}, "P1Y2M3D");
	is_duration(arena, (struct bolt_duration){.days = -3, .seconds = 90}, "P-3DT90S");
	is_duration(arena, (struct bolt_duration){.seconds = -1, .nanoseconds = 500000000}, "PT-0.5S");
	is_duration(arena, (struct bolt_duration){.seconds = -3, .nanoseconds = 250000000}, "PT-2.75S");
	is_duration(arena, (struct bolt_duration){.nanoseconds = 1}, "PT0.000000001S");
	assert_null(isotime_text(&other, arena));
}

// A number that does not fit is refused: the float next to it is another number.
static void test_numbers(void **state)
{
	static const char *const beyond[] = {"9223372036854775808", "[18446744073709551615]", "{\"a\":18446744073709551616}",
					     "-9223372036854775809", "1e400", "-1e400"};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct bolt_value value;

	(void)state;
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		err_clear(&err);
		assert_int_equal(jsonvalue_parse(beyond[i], arena, &value, &err), ERR_INVALID);
		assert_non_null(strstr(err.text, "larger than an integer of 64 bits or a float"));
	}
	assert_int_equal(jsonvalue_parse("-9223372036854775808", arena, &value, &err), 0);
	assert_true(value.type == BOLT_INT && value.integer == INT64_MIN);
	assert_int_equal(jsonvalue_parse("9223372036854775808.0", arena, &value, &err), 0);
	assert_true(value.type == BOLT_FLOAT);
}

static void test_parse(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct bolt_value value;
	char deep[160];

	(void)state;
	assert_int_equal(jsonvalue_parse("{\"a\":[1,-2,3.5,9223372036854775807,\"x\",true,null]}", arena, &value, &err), 0);
	assert_string_equal(json_of(arena, value), "{\"a\":[1,-2,3.5,9223372036854775807,\"x\",true,null]}");
	assert_int_equal(jsonvalue_parse("Eva", arena, &value, &err), ERR_INVALID);
	assert_non_null(strstr(err.text, "double quotes"));
	memset(deep, '[', 65);
	memset(deep + 65, ']', 65);
	deep[130] = '\0';
	err_clear(&err);
	assert_int_equal(jsonvalue_parse(deep, arena, &value, &err), ERR_INVALID);
	assert_non_null(strstr(err.text, "deeper than 64"));
	err_clear(&err);
	assert_int_equal(jsonvalue_parse("\"a\\u0000b\"", arena, &value, &err), 0);
	assert_int_equal(value.size, 3);
	assert_memory_equal(value.string, "a\0b", 4);
	assert_int_equal(jsonvalue_parse("[{\"a\\u0000b\":1}]", arena, &value, &err), ERR_INVALID);
	assert_non_null(strstr(err.text, "U+0000"));
	// An object in it is no deeper.
	err_clear(&err);
	assert_int_equal(jsonvalue_parse("{\"a\":1,\"b\":{}}", arena, &value, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain), cmocka_unit_test(test_text),  cmocka_unit_test(test_graph), cmocka_unit_test(test_others),
		cmocka_unit_test(test_dates), cmocka_unit_test(test_times), cmocka_unit_test(test_parse),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
