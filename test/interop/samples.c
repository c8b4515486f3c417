// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "test/interop/samples.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "bolt/structure.h"
#include "bolt/text.h"

static struct sample *add(struct samples *samples, const char *name, struct bolt_value value)
{
	if (samples->n == samples->room) {
		size_t room = samples->room ? 2 * samples->room : 64;
		struct sample *larger = arena_new_array(samples->arena, struct sample, room);

		if (samples->n)
			memcpy(larger, samples->items, samples->n * sizeof(*larger));
		samples->items = larger;
		samples->room = room;
	}
	samples->items[samples->n] = (struct sample){.name = name, .value = value, .storable = true};
	return &samples->items[samples->n++];
}

static void add_text(struct samples *samples, const char *name, struct bolt_value value, const char *text)
{
	add(samples, name, value)->text = text;
}

static void add_unstored(struct samples *samples, const char *name, struct bolt_value value)
{
	add(samples, name, value)->storable = false;
}

static void plain_values(struct samples *samples)
{
	static const double floats[] = {0.0, -0.0, 1.1, -1.5, 1e-7, DBL_MAX, -DBL_MAX, DBL_MIN, 4.9406564584124654e-324, M_PI};
	static const int64_t ints[] = {0, 1, -1, -16, -17, 127, 128, -128, -129, 255, 256, 32767, 32768, -32768, -32769, INT32_MAX,
				       INT32_MAX + INT64_C(1), INT32_MIN, INT32_MIN - INT64_C(1), INT64_C(1) << 53, INT64_MAX, INT64_MIN};

	add_unstored(samples, "null", bolt_null());
	add_text(samples, "true", bolt_bool(true), "true");
	add_text(samples, "false", bolt_bool(false), "false");
	for (size_t i = 0; i < sizeof(ints) / sizeof(ints[0]); i++) {
		const char *text = arena_printf(samples->arena, "%" PRId64, ints[i]);

		add_text(samples, arena_printf(samples->arena, "int %s", text), bolt_int(ints[i]), text);
	}
	for (size_t i = 0; i < sizeof(floats) / sizeof(floats[0]); i++)
		add(samples, arena_printf(samples->arena, "float %g", floats[i]), bolt_float(floats[i]));
	add_text(samples, "float infinity", bolt_float(INFINITY), "Infinity");
	add_text(samples, "float -infinity", bolt_float(-INFINITY), "-Infinity");
	add_text(samples, "float nan", bolt_float(NAN), "NaN");
	add_text(samples, "float half", bolt_float(0.5), "0.5");
}

static struct bolt_value sized(const char *data, size_t size)
{
	struct bolt_value v = bolt_string(data);

	v.size = (uint32_t)size;
	return v;
}

static const char *filled(struct arena *arena, size_t size)
{
	char *text = arena_alloc(arena, size + 1);

	for (size_t i = 0; i < size; i++)
		text[i] = (char)('a' + i % 26);
	return text;
}

static void strings(struct samples *samples)
{
	static const size_t sizes[] = {0, 1, 15, 16, 255, 256, 65535, 65536, 70000, 1048576};
	static const char *const texts[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9d\x84\x9e", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80",
					    "line\nand\ttab", "quote \" and \\", "\x01\x1f\x7f", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const char *text = filled(samples->arena, sizes[i]);

		add_text(samples, arena_printf(samples->arena, "string of %zu", sizes[i]), bolt_string(text), text);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		add_text(samples, arena_printf(samples->arena, "text %zu", i), bolt_string(texts[i]), texts[i]);
	add(samples, "text with a zero", sized("a\0b", 3));
}

static void bytes(struct samples *samples)
{
	static const size_t sizes[] = {0, 1, 255, 256, 65535, 65536, 100000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned char *data = arena_alloc(samples->arena, sizes[i]);

		for (size_t at = 0; at < sizes[i]; at++)
			data[at] = (unsigned char)(at * 7);
		add(samples, arena_printf(samples->arena, "bytes %zu", sizes[i]), bolt_bytes(data, (uint32_t)sizes[i]));
	}
}

static void lists(struct samples *samples)
{
	static const uint32_t sizes[] = {0, 1, 15, 16, 255, 256, 65535, 65536, 70000};
	struct bolt_value *mixed = arena_new_array(samples->arena, struct bolt_value, 6), *deep, inner;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct bolt_value *items = arena_new_array(samples->arena, struct bolt_value, sizes[i]);

		for (uint32_t at = 0; at < sizes[i]; at++)
			items[at] = bolt_int((int64_t)at * at - 300);
		add(samples, arena_printf(samples->arena, "list of %u", sizes[i]), bolt_list(items, sizes[i]));
	}
	mixed[0] = bolt_null();
	mixed[1] = bolt_bool(true);
	mixed[2] = bolt_int(-5);
	mixed[3] = bolt_float(2.25);
	mixed[4] = bolt_string("\xf0\x9d\x84\x9e");
	mixed[5] = bolt_list(mixed, 5);
	add_unstored(samples, "list mixed", bolt_list(mixed, 6));
	inner = bolt_list(NULL, 0);
	for (unsigned i = 0; i < 60; i++) {
		deep = arena_alloc(samples->arena, sizeof(*deep));
		*deep = inner;
		inner = bolt_list(deep, 1);
	}
	add_unstored(samples, "list 60 deep", inner);
}

static void maps(struct samples *samples)
{
	static const uint32_t sizes[] = {0, 1, 15, 16, 255, 256, 65536};
	struct bolt_entry *outer = arena_new_array(samples->arena, struct bolt_entry, 4);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct bolt_entry *entries = arena_new_array(samples->arena, struct bolt_entry, sizes[i]);

		for (uint32_t at = 0; at < sizes[i]; at++)
			entries[at] = (struct bolt_entry){arena_printf(samples->arena, "k%u", at), bolt_int(at)};
		add_unstored(samples, arena_printf(samples->arena, "map of %u", sizes[i]), bolt_map(entries, sizes[i]));
	}
	outer[0] = (struct bolt_entry){"\xc3\xa4 key", samples->items[samples->n - 5].value};
	outer[1] = (struct bolt_entry){"list", samples->items[0].value};
	outer[2] = (struct bolt_entry){filled(samples->arena, 300), bolt_string("")};
	// Characters that would end the name if Cypher read them so.
	outer[3] = (struct bolt_entry){"`\\u0060\\\\u0060\\", bolt_string("\\u0027\\\\u0027\\")};
	add_unstored(samples, "map nested", bolt_map(outer, 4));
}

static void add_date(struct samples *samples, int64_t days, const char *text, bool ours)
{
	struct sample *sample = add(samples, arena_printf(samples->arena, "date %s", text),
				    bolt_from_date(&(struct bolt_date){days}, samples->arena));

	sample->text = text;
	sample->ours = ours;
}

static void dates(struct samples *samples)
{
	add_date(samples, 0, "1970-01-01", false);
	add_date(samples, -1, "1969-12-31", false);
	add_date(samples, 11016, "2000-02-29", false);
	add_date(samples, -719162, "0001-01-01", false);
	add_date(samples, 2932896, "9999-12-31", false);
	add_date(samples, -719528, "0000-01-01", true);
	add_date(samples, -719529, "-0001-12-31", true);
	add_date(samples, -365243219162, "-999999999-01-01", true);
	add_date(samples, 365241780471, "+999999999-12-31", true);
}

static void add_time(struct samples *samples, int64_t nanoseconds, int32_t offset_s, const char *text)
{
	const struct bolt_time time = {.nanoseconds = nanoseconds, .offset_s = offset_s};

	struct sample *sample = add(samples, arena_printf(samples->arena, "time %s", text), bolt_from_time(&time, samples->arena));

	sample->text = text;
	sample->ours = offset_s % 60 != 0;
}

static void add_local_time(struct samples *samples, int64_t nanoseconds, const char *text)
{
	const struct bolt_time time = {.nanoseconds = nanoseconds, .local = true};

	add_text(samples, arena_printf(samples->arena, "local time %s", text), bolt_from_time(&time, samples->arena), text);
}

#define DAY_NS INT64_C(86400000000000)

static void times(struct samples *samples)
{
	add_time(samples, 0, 0, "00:00:00Z");
	add_time(samples, DAY_NS - 1, 64800, "23:59:59.999999999+18:00");
	add_time(samples, 1, -64800, "00:00:00.000000001-18:00");
	add_time(samples, 45296000000000, 5400, "12:34:56+01:30");
	add_time(samples, 45296789000000, -3723, "12:34:56.789-01:02:03");
	add_local_time(samples, 0, "00:00:00");
	add_local_time(samples, DAY_NS - 1, "23:59:59.999999999");
	add_local_time(samples, 45296000000000, "12:34:56");
}

static void add_date_time(struct samples *samples, struct bolt_date_time time, const char *text, bool ours)
{
	struct sample *sample = add(samples, arena_printf(samples->arena, "date time %s", text), bolt_from_date_time(&time, samples->arena));

	sample->text = text;
	sample->ours = ours;
}

// In the one hour that comes twice, both; and the first instant of the summer.
static void zones(struct samples *samples, bool twice)
{
	static const struct {
		int64_t seconds;
		int32_t nanoseconds;
		const char *zone;
		const char *text;
	} rows[] = {
		{1593597600, 123456789, "Europe/Stockholm", "2020-07-01T12:00:00.123456789+02:00[Europe/Stockholm]"},
		{1577880000, 0, "Europe/Stockholm", "2020-01-01T13:00:00+01:00[Europe/Stockholm]"},
		{1603585800, 0, "Europe/Stockholm", "2020-10-25T02:30:00+02:00[Europe/Stockholm]"},
		{1603589400, 0, "Europe/Stockholm", "2020-10-25T02:30:00+01:00[Europe/Stockholm]"},
		{1585443600, 0, "Europe/Stockholm", "2020-03-29T03:00:00+02:00[Europe/Stockholm]"},
		{1593597600, 1, "America/St_Johns", "2020-07-01T07:30:00.000000001-02:30[America/St_Johns]"},
		{1593597600, 0, "Asia/Kolkata", "2020-07-01T15:30:00+05:30[Asia/Kolkata]"},
		{0, 0, "UTC", "1970-01-01T00:00:00Z[UTC]"},
		{-1, 999999999, "Etc/UTC", "1969-12-31T23:59:59.999999999Z[Etc/UTC]"},
		{1593597600, 0, "Pacific/Apia", "2020-07-01T23:00:00+13:00[Pacific/Apia]"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!twice && strstr(rows[i].text, "02:30:00+01:00"))
			continue;
		add_date_time(samples, (struct bolt_date_time){.seconds = rows[i].seconds, .nanoseconds = rows[i].nanoseconds, .zone = rows[i].zone},
			      rows[i].text, false);
	}
}

static void date_times(struct samples *samples, bool twice)
{
	static const struct {
		int64_t seconds;
		int32_t nanoseconds, offset_s;
		const char *text;
		bool local, ours;
	} rows[] = {
		{0, 0, 0, "1970-01-01T00:00:00Z", false, false},
		{-1, 1, 3600, "1970-01-01T00:59:59.000000001+01:00", false, false},
		{1593597600, 999999999, 64800, "2020-07-02T04:00:00.999999999+18:00", false, false},
		{1593597600, 0, -64800, "2020-06-30T16:00:00-18:00", false, false},
		{1593597600, 0, 3723, "2020-07-01T11:02:03+01:02:03", false, true},
		{-31557014135596800, 0, 0, "-999999999-01-01T00:00:00Z", false, true},
		{31556889832780799, 999999999, 0, "+999999999-12-31T23:59:59.999999999Z", false, true},
		{0, 0, 0, "1970-01-01T00:00:00", true, false},
		{-62135596800, 0, 0, "0001-01-01T00:00:00", true, false},
		{253402300799, 999999999, 0, "9999-12-31T23:59:59.999999999", true, false},
		{-31557014135596800, 0, 0, "-999999999-01-01T00:00:00", true, true},
		{31556889832780799, 999999999, 0, "+999999999-12-31T23:59:59.999999999", true, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bolt_date_time time = {.seconds = rows[i].seconds, .nanoseconds = rows[i].nanoseconds, .local = rows[i].local,
					      .has_offset = !rows[i].local, .offset_s = rows[i].offset_s};

		add_date_time(samples, time, rows[i].text, rows[i].ours);
	}
	zones(samples, twice);
}

static void durations(struct samples *samples)
{
	static const struct {
		struct bolt_duration duration;
		const char *text;
	} rows[] = {
		{{0, 0, 0, 0}, "PT0S"},
		{{14, 3, 4, 5}, "P1Y2M3DT4.000000005S"},
		{{-14, -3, -4, 0}, "P-1Y-2M-3DT-4S"},
		{{1, -1, 3661, 0}, "P1M-1DT1H1M1S"},
		{{0, 0, -1, 500000000}, "PT-0.5S"},
		{{0, 0, 0, 999999999}, "PT0.999999999S"},
		{{0, 0, -5, 1}, "PT-4.999999999S"},
		{{0, 0, INT64_MAX, 999999999}, NULL},
		{{0, 0, INT64_MIN, 0}, NULL},
		{{0, 106751991167300, 0, 0}, NULL},
		{{INT64_C(3507324295523), 0, 0, 0}, NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		add_text(samples, arena_printf(samples->arena, "duration %zu", i), bolt_from_duration(&rows[i].duration, samples->arena),
			 rows[i].text);
}

static void points(struct samples *samples)
{
	static const struct bolt_point rows[] = {
		{7203, 2, 0, 0, 0},	 {7203, 2, -0.0, 1e308, 0},	{7203, 2, -1.5, 4.9406564584124654e-324, 0},
		{9157, 3, 1, 2, 3},	 {9157, 3, -1e300, 0.1, -0.0},	{4326, 2, -180, -90, 0},
		{4326, 2, 179.99, 90, 0}, {4326, 2, 12.78, 56.7, 0},	{4979, 3, 12.78, 56.7, 8848.86},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		add(samples, arena_printf(samples->arena, "point %zu", i), bolt_from_point(&rows[i], samples->arena));
}

static void vectors(struct samples *samples)
{
	static const uint32_t sizes[] = {1, 3, 255, 4096};
	static const char *const names[] = {"i8", "i16", "i32", "i64", "f32", "f64"};

	for (enum bolt_element element = BOLT_INT8; element <= BOLT_FLOAT64; element++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			size_t size = (size_t)sizes[i] * bolt_element_size(element);
			unsigned char *data = arena_alloc(samples->arena, size);
			const struct bolt_vector vector = {element, sizes[i], data};

			// Finite as floats: the first byte of each is less than 0x7f.
			for (size_t at = 0; at < size; at++)
				data[at] = (unsigned char)((at * 37 + 5) % 127);
			add_unstored(samples, arena_printf(samples->arena, "vector %s %u", names[element], sizes[i]),
				     bolt_from_vector(&vector, samples->arena));
		}
	}
}

static void lists_of(struct samples *samples)
{
	size_t n = samples->n;

	// Lists of one type each, as properties hold them.
	for (size_t i = 0; i < n; i++) {
		struct bolt_value *items;

		if (samples->items[i].value.type != BOLT_STRUCT || !samples->items[i].storable || i % 3 != 0)
			continue;
		items = arena_new_array(samples->arena, struct bolt_value, 2);
		items[0] = items[1] = samples->items[i].value;
		add(samples, arena_printf(samples->arena, "list of %s", samples->items[i].name), bolt_list(items, 2))->ours =
			samples->items[i].ours;
	}
}

// Community does not keep them as properties, 2026.08.1.
static void uuids(struct samples *samples)
{
	static const unsigned char bytes[][BOLT_UUID_SIZE] = {
		{0},
		{0x55, 0x0e, 0x84, 0x00, 0xe2, 0x9b, 0x41, 0xd4, 0xa7, 0x16, 0x44, 0x66, 0x55, 0x44, 0x00, 0x00},
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	};
	struct bolt_value *items = arena_new_array(samples->arena, struct bolt_value, 3);

	for (size_t i = 0; i < 3; i++) {
		const char *text;

		items[i] = bolt_uuid(bytes[i]);
		text = bolt_text(&items[i], samples->arena);
		add_unstored(samples, arena_printf(samples->arena, "uuid %s", text), items[i]);
		samples->items[samples->n - 1].text = text;
	}
	add_unstored(samples, "list of uuids", bolt_list(items, 3));
}

void samples_make(struct samples *samples, bool with_vectors, bool with_uuids, bool twice)
{
	plain_values(samples);
	strings(samples);
	bytes(samples);
	lists(samples);
	maps(samples);
	dates(samples);
	times(samples);
	date_times(samples, twice);
	durations(samples);
	points(samples);
	if (with_vectors)
		vectors(samples);
	if (with_uuids)
		uuids(samples);
	lists_of(samples);
}
