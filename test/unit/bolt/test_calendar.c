// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "bolt/calendar.h"
#include "bolt/text.h"

static const char *text_of(struct bolt_value v, struct arena *arena)
{
	return bolt_text(&v, arena);
}

// Days of some thousand years, and the C library's own calendar beside.
static void test_days(void **state)
{
	(void)state;
	for (int64_t days = -1500000; days < 1500000; days += 97) {
		const struct bolt_date date = {days};
		const time_t at = (time_t)(days * 86400);
		struct bolt_calendar calendar;
		struct bolt_date back;
		struct tm tm;

		assert_non_null(gmtime_r(&at, &tm));
		assert_int_equal(bolt_calendar_of_date(&date, &calendar, NULL), 0);
		assert_int_equal(calendar.year, tm.tm_year + INT64_C(1900));
		assert_int_equal(calendar.month, tm.tm_mon + 1);
		assert_int_equal(calendar.day, tm.tm_mday);
		assert_int_equal(bolt_date_of_calendar(&calendar, &back, NULL), 0);
		assert_int_equal(back.days, days);
	}
}

static const char *const dates[] = {"1970-01-01", "1969-12-31", "2000-02-29", "2024-02-29", "0001-01-01", "9999-12-31", "0000-02-29", "-0001-12-31",
				    "+10000-01-01", "-999999999-01-01", "+999999999-12-31"};
static const char *const times[] = {"00:00:00", "23:59:59.999999999", "00:00:00Z", "12:34:56.78+01:30", "00:00:00.000000001-18:00", "01:02:03+00:00:01"};
static const char *const date_times[] = {"1970-01-01T00:00:00", "2024-07-01T12:00:00.5Z", "2024-07-01T12:00:00+02:00[Europe/Stockholm]",
					 "1969-12-31T23:59:59.000000001-18:00", "-0001-01-01T00:00:00+05:45:30", "+999999999-12-31T23:59:59.999999999",
					 "-999999999-01-01T00:00:00"};
static const char *const durations[] = {"PT0S",	 "P1Y2M3DT6.789S", "P-1Y-2M-3DT-6.789S", "PT-0.5S", "PT0.000000001S", "P11M", "PT-1S",
					"P-5D", "PT9223372036854775.5S"};
#define FOR(i, texts) for (size_t i = 0; i < sizeof(texts) / sizeof((texts)[0]); i++)

// A text that is read and written again is the same, by the value that goes to a server.
static void test_texts(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_date_time date_time;
	struct bolt_duration duration;
	struct bolt_date date;
	struct bolt_time time;

	(void)state;
	FOR(i, dates) {
		assert_int_equal(bolt_parse_date(dates[i], &date, NULL), 0);
		assert_string_equal(text_of(bolt_from_date(&date, arena), arena), dates[i]);
	}
	FOR(i, times) {
		assert_int_equal(bolt_parse_time(times[i], &time, NULL), 0);
		assert_string_equal(text_of(bolt_from_time(&time, arena), arena), times[i]);
	}
	FOR(i, date_times) {
		assert_int_equal(bolt_parse_date_time(date_times[i], arena, &date_time, NULL), 0);
		assert_string_equal(text_of(bolt_from_date_time(&date_time, arena), arena), date_times[i]);
	}
	FOR(i, durations) {
		assert_int_equal(bolt_parse_duration(durations[i], &duration, NULL), 0);
		assert_string_equal(text_of(bolt_from_duration(&duration, arena), arena), durations[i]);
	}
}

static void test_what_is_meant(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_date_time date_time;
	struct bolt_duration duration;
	struct bolt_calendar calendar;
	struct bolt_time time;

	(void)state;
	assert_int_equal(bolt_parse_date_time("2024-07-01T12:00+02:00[Europe/Stockholm]", arena, &date_time, NULL), 0);
	assert_int_equal(date_time.seconds, 1719828000);
	assert_string_equal(date_time.zone, "Europe/Stockholm");
	assert_true(date_time.has_offset && !date_time.local && date_time.offset_s == 7200);
	assert_int_equal(bolt_calendar_of_date_time(&date_time, &calendar, NULL), 0);
	assert_true(calendar.year == 2024 && calendar.month == 7 && calendar.day == 1 && calendar.hour == 12 && calendar.minute == 0);
	// As a server of Bolt 5 sends it: without the offset.
	date_time.has_offset = false;
	assert_string_equal(text_of(bolt_from_date_time(&date_time, arena), arena), "2024-07-01T10:00:00Z[Europe/Stockholm]");
	// As one of Bolt 4.4 does.
	date_time.wall = true;
	assert_string_equal(text_of(bolt_from_date_time(&date_time, arena), arena), "2024-07-01T10:00:00[Europe/Stockholm]");
	assert_int_equal(bolt_calendar_of_date_time(&date_time, &calendar, NULL), 0);
	assert_int_equal(bolt_date_time_of_calendar(&calendar, &date_time, NULL), 0);
	assert_true(date_time.wall && !date_time.local && date_time.seconds == 1719828000);
	assert_int_equal(bolt_parse_time("12:30", &time, NULL), 0);
	assert_true(time.local && time.nanoseconds == INT64_C(45000000000000));
	assert_int_equal(bolt_parse_duration("P2WT1H-30M+0.25S", &duration, NULL), 0);
	assert_true(duration.days == 14 && duration.seconds == 1800 && duration.nanoseconds == 250000000);
	assert_int_equal(bolt_parse_duration("PT-0.25S", &duration, NULL), 0);
	assert_true(duration.seconds == -1 && duration.nanoseconds == 750000000);
	assert_string_equal(text_of(bolt_from_duration(&(struct bolt_duration){.nanoseconds = -1}, arena), arena), "PT-0.000000001S");
	assert_string_equal(text_of(bolt_from_duration(&(struct bolt_duration){.seconds = 1, .nanoseconds = 1500000000}, arena), arena), "PT2.5S");
}

#define REFUSES(call)                                              \
	do {                                                       \
		assert_int_equal((call), ERR_INVALID);             \
		assert_string_not_equal(err.text, "");             \
		err_clear(&err);                                   \
	} while (0)

static void test_no_texts(void **state)
{
	static const char *const no_dates[] = {"", "2024", "2024-2-29", "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-01", "2024-01-00", "2024-04-31",
					       "12024-01-01", "+1000000000-01-01", "2024-01-01x", "2024-01-01T00:00:00", " 2024-01-01"};
	static const char *const no_times[] = {"", "24:00:00", "12:60:00", "12:00:60", "12", "12:00:", "12:00:00.", "12:00:00.1234567890", "12:00:00+1",
					       "12:00:00+19:00", "12:00:00+01:60", "12:00:00+01:00:60", "12:00:00z", "1:00:00"};
	static const char *const no_date_times[] = {"", "2024-07-01", "2024-07-01 12:00:00", "2024-07-01T12:00:00[Europe/Paris]", "2024-07-01T12:00:00Z[]",
						    "2024-07-01T12:00:00Z[Europe/Paris", "2024-07-01T12:00:00Z[Europe/Paris]x", "2024-07-01T12:00:00Zx"};
	static const char *const no_durations[] = {"", "P", "PT", "P1", "P1S", "PT1Y", "P1DT", "1D", "P1D1Y", "P1Y1Y", "P0.5Y", "PT0.5H", "PT1.S", "PT.5S",
						   "P1D ", "PT1234567890123456789S", "P999999999999999999Y", "PTT1S", "P--1D"};
	static const char *const no_uuids[] = {"", "550e8400e29b41d4a716446655440000", "550e8400-e29b-41d4-a716-44665544000", "550e8400-e29b-41d4-a716-4466554400000",
					       "g50e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716_446655440000"};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	unsigned char uuid[BOLT_UUID_SIZE];
	struct bolt_date_time date_time;
	struct bolt_duration duration;
	struct err err = ERR_INIT;
	struct bolt_date date;
	struct bolt_time time;

	(void)state;
	FOR(i, no_dates)
		REFUSES(bolt_parse_date(no_dates[i], &date, &err));
	FOR(i, no_times)
		REFUSES(bolt_parse_time(no_times[i], &time, &err));
	FOR(i, no_date_times)
		REFUSES(bolt_parse_date_time(no_date_times[i], arena, &date_time, &err));
	FOR(i, no_durations) {
		REFUSES(bolt_parse_duration(no_durations[i], &duration, &err));
		assert_true(duration.months == 0 && duration.days == 0 && duration.seconds == 0);
	}
	FOR(i, no_uuids)
		REFUSES(bolt_parse_uuid(no_uuids[i], uuid, &err));
}

static void test_uuids(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	unsigned char bytes[BOLT_UUID_SIZE];

	(void)state;
	assert_int_equal(bolt_parse_uuid("550E8400-e29b-41d4-a716-446655440000", bytes, NULL), 0);
	assert_memory_equal(bytes, "\x55\x0e\x84\x00\xe2\x9b\x41\xd4\xa7\x16\x44\x66\x55\x44\x00\x00", BOLT_UUID_SIZE);
	assert_string_equal(text_of(bolt_uuid(bytes), arena), "550e8400-e29b-41d4-a716-446655440000");
}

// What a server or a program may have put into a value, beyond all years.
static void test_out_of_range(void **state)
{
	static const int64_t extremes[] = {INT64_MIN, INT64_MIN + 1, -400000000001, 365241780472, 400000000001, INT64_MAX - 1, INT64_MAX};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_calendar calendar;
	struct err err = ERR_INIT;

	(void)state;
	FOR(i, extremes) {
		const struct bolt_date date = {extremes[i]};
		// The day's seconds where there are so many.
		const struct bolt_date_time at = {.seconds = llabs(extremes[i] / 2) < INT64_C(1000000000000) ? extremes[i] * 86400 + 43200 : extremes[i]};

		REFUSES(bolt_calendar_of_date(&date, &calendar, &err));
		assert_int_equal(calendar.day, 0);
		assert_null(text_of(bolt_from_date(&date, arena), arena));
		REFUSES(bolt_calendar_of_date_time(&at, &calendar, &err));
		assert_null(text_of(bolt_from_date_time(&at, arena), arena));
	}
	REFUSES(bolt_calendar_of_time(&(struct bolt_time){.nanoseconds = -1}, &calendar, &err));
	REFUSES(bolt_calendar_of_time(&(struct bolt_time){.nanoseconds = INT64_C(86400000000000)}, &calendar, &err));
	assert_null(text_of(bolt_from_time(&(struct bolt_time){.nanoseconds = -1}, arena), arena));
	assert_null(text_of(bolt_from_duration(&(struct bolt_duration){.seconds = INT64_MAX, .nanoseconds = 2000000000}, arena), arena));
	assert_null(text_of(bolt_int(1), arena));
	assert_null(text_of(bolt_null(), arena));
	assert_null(bolt_text(NULL, arena));
	assert_string_equal(text_of(bolt_from_duration(&(struct bolt_duration){INT64_MIN, INT64_MIN, INT64_MIN, 0}, arena), arena),
			    "P-768614336404564650Y-8M-9223372036854775808DT-9223372036854775808S");
}

static void test_members(void **state)
{
	static const struct {
		struct bolt_calendar calendar;
		const char *text;
	} cases[] = {
		{{.year = 1000000000, .month = 1, .day = 1}, "1000000000 is beyond the years that Neo4j has"},
		{{.year = 2024, .month = 13, .day = 1}, "13 is no month of a year"},
		{{.year = 2023, .month = 2, .day = 29}, "29 is no day of month 2 of the year 2023"},
		{{.year = 2023, .month = 2, .day = 1, .hour = 24}, "the hour 24 is not within 0 and 23"},
		{{.year = 2023, .month = 2, .day = 1, .minute = -1}, "the minute -1 is not within 0 and 59"},
		{{.year = 2023, .month = 2, .day = 1, .second = 60}, "the second 60 is not within 0 and 59"},
		{{.year = 2023, .month = 2, .day = 1, .nanosecond = 1000000000}, "the nanosecond 1000000000 is not within 0 and 999999999"},
		{{.year = 2023, .month = 2, .day = 1, .offset_s = 64801, .has_offset = true}, "an offset of 64801 seconds is more than 18 hours"},
	};
	struct bolt_date_time date_time;
	struct err err = ERR_INIT;

	(void)state;
	FOR(i, cases) {
		assert_int_equal(bolt_date_time_of_calendar(&cases[i].calendar, &date_time, &err), ERR_INVALID);
		assert_string_equal(err.text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_days),	  cmocka_unit_test(test_texts), cmocka_unit_test(test_what_is_meant), cmocka_unit_test(test_no_texts),
		cmocka_unit_test(test_uuids), cmocka_unit_test(test_out_of_range),	cmocka_unit_test(test_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
