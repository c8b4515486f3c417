// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Dates and times by year, month, day, hour, minute and second, both ways, in the calendar that Neo4j has (proleptic Gregorian; ISO 8601).
// Pure: the rules of time zones are not known here, so a clock's offset from UTC comes from the value or the caller.
//
//   struct bolt_calendar day;
//   if (bolt_as_date(value, &date) && bolt_calendar_of_date(&date, &day, &err) == 0)
//           printf("%d.%d.\n", day.day, day.month);

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "bolt/structure.h"

// What a value has not is 0: a date no hour, a time no year.
struct bolt_calendar {
	int64_t year;	 // 0 is 1 BC; Neo4j has -999,999,999 to 999,999,999
	int month, day;	 // from 1 on
	int hour, minute, second; // by the clock on the wall
	int32_t nanosecond;
	int32_t offset_s;  // of that clock from UTC, if has_offset
	bool has_offset;   // false with a zone: the clock shows UTC, unless wall is set
	bool wall;	   // with a zone and no offset: hour and minute are those of the zone's clock (Bolt 4.4 without "utc")
	const char *zone;  // "Europe/Stockholm"; NULL: an offset only, or, without one, a local date and time
};

// ERR_INVALID: a year beyond Neo4j's. *ret is all 0 after an error.
int bolt_calendar_of_date(const struct bolt_date *date, struct bolt_calendar *ret, struct err *err);
int bolt_calendar_of_time(const struct bolt_time *time, struct bolt_calendar *ret, struct err *err);
int bolt_calendar_of_date_time(const struct bolt_date_time *date_time, struct bolt_calendar *ret, struct err *err);

// ERR_INVALID: there is no such day or time; the text says which member is wrong. Members that the value has not are not looked at. A leap second
// is none of Neo4j's.
int bolt_date_of_calendar(const struct bolt_calendar *calendar, struct bolt_date *ret, struct err *err);
int bolt_time_of_calendar(const struct bolt_calendar *calendar, struct bolt_time *ret, struct err *err);
int bolt_date_time_of_calendar(const struct bolt_calendar *calendar, struct bolt_date_time *ret, struct err *err); // the zone is not copied
