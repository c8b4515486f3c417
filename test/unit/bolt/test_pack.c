// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "bolt/pack.h"

#define OUT_MAX ((size_t)8 * 1024 * 1024)

struct bytes {
	const char *data;
	size_t len;
};

#define BYTES(text) {(text), sizeof(text) - 1}

// From memory of exactly its size, so that a sanitizer sees a read behind it.
static int unpack(const void *data, size_t len, struct arena *arena, struct bolt_value *ret, struct err *err)
{
	unsigned char *exact = malloc(len ? len : 1);
	int r;

	assert_non_null(exact);
	if (len)
		memcpy(exact, data, len);
	r = unpack_value(exact, len, arena, ret, err);
	assert_int_equal(r, err->class);
	free(exact);
	return r;
}

static void assert_packs(const struct bolt_value *value, struct bytes expected)
{
	_cleanup_buf_ struct buf out = BUF_INIT(OUT_MAX);

	pack_value(&out, value);
	assert_false(out.overflow);
	assert_int_equal(out.len, expected.len);
	assert_memory_equal(out.data, expected.data, expected.len);
}

static struct bolt_value assert_unpacks(struct bytes packed, struct arena *arena)
{
	struct err err = ERR_INIT;
	struct bolt_value value;

	assert_int_equal(unpack(packed.data, packed.len, arena, &value, &err), 0);
	return value;
}

// Every form of an integer at both of its ends: the shortest is written, and it is read.
static void test_integers(void **state)
{
	static const struct {
		int64_t value;
		struct bytes packed;
	} cases[] = {
		{0, BYTES("\x00")},
		{127, BYTES("\x7F")},
		{-1, BYTES("\xFF")},
		{-16, BYTES("\xF0")},
		{-17, BYTES("\xC8\xEF")},
		{-128, BYTES("\xC8\x80")},
		{128, BYTES("\xC9\x00\x80")},
		{-129, BYTES("\xC9\xFF\x7F")},
		{32767, BYTES("\xC9\x7F\xFF")},
		{-32768, BYTES("\xC9\x80\x00")},
		{32768, BYTES("\xCA\x00\x00\x80\x00")},
		{-32769, BYTES("\xCA\xFF\xFF\x7F\xFF")},
		{INT32_MAX, BYTES("\xCA\x7F\xFF\xFF\xFF")},
		{INT32_MIN, BYTES("\xCA\x80\x00\x00\x00")},
		{(int64_t)INT32_MAX + 1, BYTES("\xCB\x00\x00\x00\x00\x80\x00\x00\x00")},
		{(int64_t)INT32_MIN - 1, BYTES("\xCB\xFF\xFF\xFF\xFF\x7F\xFF\xFF\xFF")},
		{INT64_MAX, BYTES("\xCB\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF")},
		{INT64_MIN, BYTES("\xCB\x80\x00\x00\x00\x00\x00\x00\x00")},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bolt_value value = bolt_int(cases[i].value);

		assert_packs(&value, cases[i].packed);
		value = assert_unpacks(cases[i].packed, arena);
		assert_int_equal(value.type, BOLT_INT);
		assert_true(value.integer == cases[i].value);
	}
}

// A longer form than needed is no error.
static void test_long_forms_are_read(void **state)
{
	static const struct bytes ones[] = {
		BYTES("\xC8\x01"),
		BYTES("\xC9\x00\x01"),
		BYTES("\xCA\x00\x00\x00\x01"),
		BYTES("\xCB\x00\x00\x00\x00\x00\x00\x00\x01"),
	};
	static const struct bytes others[] = {
		BYTES("\x81" "g"), BYTES("\xD0\x01g"), BYTES("\xD1\x00\x01g"), BYTES("\xD2\x00\x00\x00\x01g"),
		BYTES("\x91\x01"), BYTES("\xD4\x01\x01"), BYTES("\xD5\x00\x01\x01"), BYTES("\xD6\x00\x00\x00\x01\x01"),
		BYTES("\xA1\x81k\x01"), BYTES("\xD8\x01\x81k\x01"), BYTES("\xD9\x00\x01\x81k\x01"),
		BYTES("\xDA\x00\x00\x00\x01\x81k\x01"),
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(ones) / sizeof(ones[0]); i++) {
		struct bolt_value value = assert_unpacks(ones[i], arena);

		assert_int_equal(bolt_as_int(&value, 0), 1);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct bolt_value value = assert_unpacks(others[i], arena);

		// The shortest form comes first.
		assert_packs(&value, others[i / 4 * 4]);
	}
}

static void test_scalars(void **state)
{
	const struct {
		struct bolt_value value;
		struct bytes packed;
	} cases[] = {
		{bolt_null(), BYTES("\xC0")},
		{bolt_string(NULL), BYTES("\xC0")},
		{bolt_bool(false), BYTES("\xC2")},
		{bolt_bool(true), BYTES("\xC3")},
		{bolt_float(0.0), BYTES("\xC1\x00\x00\x00\x00\x00\x00\x00\x00")},
		{bolt_float(1.1), BYTES("\xC1\x3F\xF1\x99\x99\x99\x99\x99\x9A")},
		{bolt_float(-1.1), BYTES("\xC1\xBF\xF1\x99\x99\x99\x99\x99\x9A")},
		{bolt_float(HUGE_VAL), BYTES("\xC1\x7F\xF0\x00\x00\x00\x00\x00\x00")},
		{bolt_string(""), BYTES("\x80")},
		{bolt_string("\xC3\xA4"), BYTES("\x82\xC3\xA4")},
		{{.type = BOLT_UUID, .size = 16, .bytes = (const unsigned char *)"0123456789abcde\xFF"}, BYTES("\xE0" "0123456789abcde\xFF")},
		{{.type = BOLT_BYTES, .size = 2, .bytes = (const unsigned char *)"\x00\xFF"}, BYTES("\xCC\x02\x00\xFF")},
		{{.type = BOLT_BYTES}, BYTES("\xCC\x00")},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bolt_value value;

		assert_packs(&cases[i].value, cases[i].packed);
		value = assert_unpacks(cases[i].packed, arena);
		assert_int_equal(value.type, cases[i].value.type);
		assert_packs(&value, cases[i].packed);
	}
	assert_true(isnan(assert_unpacks((struct bytes)BYTES("\xC1\x7F\xF8\x00\x00\x00\x00\x00\x00"), arena).number));
}

// A value of n items or bytes, for sizes at which the head changes.
static struct bolt_value sized(enum bolt_type type, uint32_t n, struct arena *arena)
{
	struct bolt_entry *entries = arena_new_array(arena, struct bolt_entry, n);
	struct bolt_value *items = arena_new_array(arena, struct bolt_value, n);
	char *text = arena_alloc(arena, n + 1);

	memset(text, 'x', n);
	for (uint32_t i = 0; i < n; i++) {
		items[i] = bolt_int(7);
		entries[i] = (struct bolt_entry){"k", bolt_null()};
	}
	switch (type) {
	case BOLT_STRING:
		return bolt_string(text);
	case BOLT_BYTES:
		return (struct bolt_value){.type = BOLT_BYTES, .size = n, .bytes = (unsigned char *)text};
	case BOLT_LIST:
		return bolt_list(items, n);
	default:
		return bolt_map(entries, n);
	}
}

static void test_heads_of_sized_values(void **state)
{
	static const struct {
		enum bolt_type type;
		uint32_t n;
		struct bytes head;
		unsigned item; // bytes of one
	} cases[] = {
		{BOLT_STRING, 15, BYTES("\x8F"), 1},
		{BOLT_STRING, 16, BYTES("\xD0\x10"), 1},
		{BOLT_STRING, 255, BYTES("\xD0\xFF"), 1},
		{BOLT_STRING, 256, BYTES("\xD1\x01\x00"), 1},
		{BOLT_STRING, 65535, BYTES("\xD1\xFF\xFF"), 1},
		{BOLT_STRING, 65536, BYTES("\xD2\x00\x01\x00\x00"), 1},
		{BOLT_BYTES, 15, BYTES("\xCC\x0F"), 1},
		{BOLT_BYTES, 255, BYTES("\xCC\xFF"), 1},
		{BOLT_BYTES, 256, BYTES("\xCD\x01\x00"), 1},
		{BOLT_BYTES, 65536, BYTES("\xCE\x00\x01\x00\x00"), 1},
		{BOLT_LIST, 0, BYTES("\x90"), 1},
		{BOLT_LIST, 15, BYTES("\x9F"), 1},
		{BOLT_LIST, 16, BYTES("\xD4\x10"), 1},
		{BOLT_LIST, 256, BYTES("\xD5\x01\x00"), 1},
		{BOLT_LIST, 65536, BYTES("\xD6\x00\x01\x00\x00"), 1},
		{BOLT_MAP, 0, BYTES("\xA0"), 3},
		{BOLT_MAP, 15, BYTES("\xAF"), 3},
		{BOLT_MAP, 16, BYTES("\xD8\x10"), 3},
		{BOLT_MAP, 256, BYTES("\xD9\x01\x00"), 3},
		{BOLT_MAP, 65536, BYTES("\xDA\x00\x01\x00\x00"), 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		_cleanup_buf_ struct buf out = BUF_INIT(OUT_MAX);
		struct bolt_value value = sized(cases[i].type, cases[i].n, arena);

		pack_value(&out, &value);
		assert_int_equal(out.len, cases[i].head.len + (size_t)cases[i].n * cases[i].item);
		assert_memory_equal(out.data, cases[i].head.data, cases[i].head.len);
		value = assert_unpacks((struct bytes){out.data, out.len}, arena);
		assert_int_equal(value.type, cases[i].type);
		assert_int_equal(value.size, cases[i].n);
	}
}

// One message with every marker of one and two bytes in it.
static const char nested[] = "\xB1\x70\xA3"
			     "\x86" "server" "\x8C" "Neo4j/5.26.0"
			     "\x85" "hints" "\xD8\x01\xD0\x01h\xD4\x02\xC8\x1E\xCC\x01\x00"
			     "\x81" "l" "\x95\xC0\xC1\x3F\xF1\x99\x99\x99\x99\x99\x9A\xC3\xB2\x4E\x01\x90\xC9\x01\x00";

static void test_nested(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_value value = assert_unpacks((struct bytes)BYTES(nested), arena);
	const struct bolt_value *list;

	(void)state;
	assert_int_equal(value.type, BOLT_STRUCT);
	assert_int_equal(value.tag, 0x70);
	assert_int_equal(value.size, 1);
	assert_string_equal(bolt_as_string(bolt_map_get(&value.items[0], "server")), "Neo4j/5.26.0");
	list = bolt_map_get(bolt_map_get(&value.items[0], "hints"), "h");
	assert_int_equal(list->size, 2);
	assert_int_equal(list->items[0].integer, 30);
	assert_int_equal(list->items[1].type, BOLT_BYTES);
	list = bolt_map_get(&value.items[0], "l");
	assert_int_equal(list->size, 5);
	assert_true(list->items[1].number == 1.1);
	assert_int_equal(list->items[3].type, BOLT_STRUCT);
	assert_int_equal(list->items[3].tag, 0x4E);
	assert_int_equal(list->items[4].integer, 256);
}

static void test_truncation_at_every_byte(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(nested) - 1; len++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct err err = ERR_INIT;
		struct bolt_value value;

		assert_int_equal(unpack(nested, len, arena, &value, &err), ERR_PROTOCOL);
		assert_non_null(strstr(err.text, "PackStream at byte"));
	}
}

static void test_refusals(void **state)
{
	static const struct {
		struct bytes packed;
		const char *part;
	} cases[] = {
		{BYTES(""), "ends too early"},
		{BYTES("\x01\x01"), "left over"},
		{BYTES("\xE0" "0123456789abcde"), "a size is larger"},
		{BYTES("\xA1\x01\x01"), "key is no string"},
		{BYTES("\xA1\xC0\x01"), "key is no string"},
		{BYTES("\xD0\x02" "a"), "a size is larger"},
		{BYTES("\xD2\xFF\xFF\xFF\xFF" "a"), "a size is larger"},
		{BYTES("\xCE\xFF\xFF\xFF\xFF" "a"), "a size is larger"},
		{BYTES("\xD6\xFF\xFF\xFF\xFF\x01"), "a size is larger"},
		{BYTES("\xDA\xFF\xFF\xFF\xFF\x81k\x01"), "a size is larger"},
		// Each list for itself could still be true, all of them together cannot.
		{BYTES("\x93\x93\x93\x01\x01\x01"), "a size is larger"},
		{BYTES("\xA2\x81k\x01"), "a size is larger"},
	};
	static const unsigned char unknown[] = {0xC4, 0xC5, 0xC6, 0xC7, 0xCF, 0xD3, 0xD7, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xE1, 0xEF};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_value value;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(unpack(cases[i].packed.data, cases[i].packed.len, arena, &value, &err), ERR_PROTOCOL);
		assert_non_null(strstr(err.text, cases[i].part));
	}
	for (size_t i = 0; i < sizeof(unknown); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(unpack(&unknown[i], 1, arena, &value, &err), ERR_PROTOCOL);
		assert_string_equal(err.text, "PackStream at byte 0 of 1: an unknown marker");
	}
}

static void test_limits(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	size_t n = PACK_VALUES_MAX + 1;
	unsigned char *many = arena_alloc(arena, n + 5), deep[PACK_DEPTH_MAX + 2];
	struct err err = ERR_INIT;
	struct bolt_value value;

	(void)state;
	memset(deep, 0x91, sizeof(deep));
	deep[PACK_DEPTH_MAX] = 0x01;
	assert_int_equal(unpack(deep, PACK_DEPTH_MAX + 1, arena, &value, &err), 0);
	deep[PACK_DEPTH_MAX] = 0x91;
	deep[PACK_DEPTH_MAX + 1] = 0x01;
	assert_int_equal(unpack(deep, sizeof(deep), arena, &value, &err), ERR_TOO_LARGE);

	err_clear(&err);
	many[0] = 0xD6;
	many[1] = (unsigned char)(n >> 24);
	many[2] = (unsigned char)(n >> 16);
	many[3] = (unsigned char)(n >> 8);
	many[4] = (unsigned char)n;
	assert_int_equal(unpack(many, n + 5, arena, &value, &err), ERR_TOO_LARGE);
	assert_non_null(strstr(err.text, "too many values"));
}

// A message's size bounds the memory that it costs, however its lists are nested and whatever they promise.
static void test_memory_is_bounded(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	unsigned char lie[1024];
	struct err err = ERR_INIT;
	struct bolt_value value;

	(void)state;
	memset(lie, 0x01, sizeof(lie));
	for (size_t i = 0; i < PACK_DEPTH_MAX; i++) {
		size_t left = sizeof(lie) - 3 * (i + 1);

		lie[3 * i] = 0xD5;
		lie[3 * i + 1] = (unsigned char)(left >> 8);
		lie[3 * i + 2] = (unsigned char)left;
	}
	assert_int_equal(unpack(lie, sizeof(lie), arena, &value, &err), ERR_PROTOCOL);
	assert_true(arena_used(arena) <= 48 * sizeof(lie));
}

// A message is read as any value is, but that the only field of a structure lies where the caller wants it.
static void test_message(void **state)
{
	static const struct bytes cases[] = {
		BYTES("\xB1\x71\x93\x01\x81g\xC3"), BYTES("\xB1\x70\xA1\x81k\xB1\x44\x07"), BYTES("\xB0\x7E"), BYTES("\xB2\x71\x01\x02"),
		BYTES("\x91\x01"),			BYTES("\xB1"),				 BYTES("\xB1\x71"), BYTES("\xB1\x71\x01\x02"),
		BYTES("\xB1\x71\xC4"),		BYTES(""),				 BYTES("\xB1\x71\xD4\x07\x01"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		_cleanup_buf_ struct buf out = BUF_INIT(OUT_MAX);
		struct err whole_err = ERR_INIT, err = ERR_INIT;
		struct bolt_value whole, value, field;
		int r = unpack_value((const unsigned char *)cases[i].data, cases[i].len, arena, &whole, &whole_err);

		assert_int_equal(unpack_message((const unsigned char *)cases[i].data, cases[i].len, arena, &value, &field, &err), r);
		assert_int_equal(err.class, r);
		assert_int_equal(value.type, whole.type);
		if (r < 0)
			continue;
		pack_value(&out, &value);
		assert_memory_equal(out.data, cases[i].data, cases[i].len);
		assert_int_equal(value.type == BOLT_STRUCT && value.size == 1, value.items == &field);
	}
}

// No value is nested deeper in a message than elsewhere.
static void test_depth_of_a_message(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	unsigned char deep[PACK_DEPTH_MAX + 3] = {0xB1, 0x71};
	struct bolt_value value, field;
	struct err err = ERR_INIT;

	(void)state;
	memset(deep + 2, 0x91, sizeof(deep) - 2);
	deep[PACK_DEPTH_MAX + 1] = 0x01;
	assert_int_equal(unpack_value(deep, PACK_DEPTH_MAX + 2, arena, &value, &err), 0);
	assert_int_equal(unpack_message(deep, PACK_DEPTH_MAX + 2, arena, &value, &field, &err), 0);
	deep[PACK_DEPTH_MAX + 1] = 0x91;
	deep[PACK_DEPTH_MAX + 2] = 0x01;
	assert_int_equal(unpack_message(deep, sizeof(deep), arena, &value, &field, &err), ERR_TOO_LARGE);
	err_clear(&err);
	assert_int_equal(unpack_value(deep, sizeof(deep), arena, &value, &err), ERR_TOO_LARGE);
}

// Short texts are copied in another way than long ones, and the last one of a message has nothing behind it.
static void test_texts_of_every_length(void **state)
{
	static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";

	(void)state;
	for (uint32_t first = 0; first < sizeof(text); first++) {
		for (uint32_t second = 0; second < sizeof(text); second++) {
			const struct bolt_value items[] = {bolt_string_n(text, first), bolt_string_n(text, second)}, list = bolt_list(items, 2);
			_cleanup_(arena_freep) struct arena *arena = arena_new();
			_cleanup_buf_ struct buf out = BUF_INIT(OUT_MAX);
			struct bolt_value value;

			pack_value(&out, &list);
			assert_int_equal(out.len, 1 + first + second + (first < 16 ? 1 : 2) + (second < 16 ? 1 : 2));
			assert_int_equal(out.data[out.len], 0);
			value = assert_unpacks((struct bytes){out.data, out.len}, arena);
			for (int i = 0; i < 2; i++) {
				const struct bolt_value *item = &value.items[i];

				assert_int_equal(item->size, i ? second : first);
				assert_int_equal(strlen(item->string), item->size);
				assert_memory_equal(item->string, text, item->size);
			}
		}
	}
}

// Whatever the maximum is, a buffer holds so much and no more.
static void test_room_of_every_size(void **state)
{
	const struct bolt_entry entries[] = {{"a", bolt_string("0123456789abcd")}, {"long", bolt_string("0123456789abcdefgh")}, {"n", bolt_int(70000)},
					     {"f", bolt_float(0.5)}, {"b", bolt_bool(true)}, {"none", bolt_null()}};
	const struct bolt_value map = bolt_map(entries, 6);
	_cleanup_buf_ struct buf whole = BUF_INIT(OUT_MAX);

	(void)state;
	pack_value(&whole, &map);
	for (size_t max = 0; max <= whole.len; max++) {
		_cleanup_buf_ struct buf out = BUF_INIT(max);

		pack_value(&out, &map);
		assert_int_equal(out.overflow, max < whole.len);
		assert_true(out.len <= max);
		assert_memory_equal(out.data ? out.data : "", whole.data, out.len);
	}
}

static void test_overflow_is_sticky(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT(4);
	struct bolt_value value = bolt_string("hello");

	(void)state;
	pack_value(&out, &value);
	assert_true(out.overflow);
	pack_str(&out, "a");
	assert_int_equal(out.len, 1); // the head of hello
}

static void test_lookups(void **state)
{
	const struct bolt_entry entries[] = {{"a", bolt_int(1)}, {"b", bolt_string("x")}, {"a", bolt_int(2)}, {"c", bolt_bool(true)}};
	const struct bolt_value map = bolt_map(entries, 4);

	(void)state;
	assert_int_equal(bolt_as_int(bolt_map_get(&map, "a"), 0), 2); // the last one wins
	assert_int_equal(bolt_as_int(bolt_map_get(&map, "b"), -5), -5);
	assert_null(bolt_as_string(bolt_map_get(&map, "a")));
	assert_string_equal(bolt_as_string(bolt_map_get(&map, "b")), "x");
	assert_true(bolt_as_bool(bolt_map_get(&map, "c"), false));
	assert_true(bolt_as_bool(bolt_map_get(&map, "d"), true));
	assert_null(bolt_map_get(&map, "d"));
	assert_null(bolt_map_get(&entries[0].value, "a"));
	assert_null(bolt_map_get(NULL, "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_long_forms_are_read),
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_heads_of_sized_values),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_truncation_at_every_byte),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_depth_of_a_message),
		cmocka_unit_test(test_texts_of_every_length),
		cmocka_unit_test(test_room_of_every_size),
		cmocka_unit_test(test_overflow_is_sticky),
		cmocka_unit_test(test_lookups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
