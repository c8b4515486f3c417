// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Years are counted from the 1st of March on, so that a leap day ends one, and in eras of 400 years, which all have the same number of days.

#include "bolt/calendar.h"

#include "bolt/misuse.h"

#define DAY_S ((int64_t)86400)
#define NS ((int64_t)1000000000)
#define YEAR_MAX ((int64_t)999999999)
#define OFFSET_MAX_S (18 * 3600)
// No year in Neo4j's range has a day beyond.
#define DAYS_MAX ((int64_t)400000000000)
#define ERA_DAYS 146097
// From the 1st of March of the year 0 to 1970.
#define EPOCH 719468

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static bool is_within(int64_t v, int64_t low, int64_t high)
{
	return v >= low && v <= high;
}

static int set_day(struct bolt_calendar *ret, int64_t days, struct err *err)
{
	int64_t z, era, day, of_era, of_year, month;

	if (!is_within(days, -DAYS_MAX, DAYS_MAX))
		return err_set(err, ERR_INVALID, "%lld days from 1970 on are beyond the years that Neo4j has", (long long)days);
	z = days + EPOCH;
	era = floor_div(z, ERA_DAYS);
	day = z - era * ERA_DAYS;
	of_era = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	of_year = day - (365 * of_era + of_era / 4 - of_era / 100);
	month = (5 * of_year + 2) / 153;
	ret->year = of_era + era * 400 + (month >= 10);
	ret->month = (int)(month < 10 ? month + 3 : month - 9);
	ret->day = (int)(of_year - (153 * month + 2) / 5 + 1);
	if (!is_within(ret->year, -YEAR_MAX, YEAR_MAX))
		return err_set(err, ERR_INVALID, "%lld is beyond the years that Neo4j has", (long long)ret->year);
	return 0;
}

static void set_clock(struct bolt_calendar *ret, int64_t second, int64_t nanosecond)
{
	ret->hour = (int)(second / 3600);
	ret->minute = (int)(second / 60 % 60);
	ret->second = (int)(second % 60);
	ret->nanosecond = (int32_t)nanosecond;
}

static int done(int r, struct bolt_calendar *ret)
{
	if (r < 0)
		*ret = (struct bolt_calendar){0};
	return r;
}

int bolt_calendar_of_date(const struct bolt_date *date, struct bolt_calendar *ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = (struct bolt_calendar){0};
	if (MISUSED(err, NEED(date), NEED(ret)))
		return err->class;
	return done(set_day(ret, date->days, err), ret);
}

int bolt_calendar_of_time(const struct bolt_time *time, struct bolt_calendar *ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = (struct bolt_calendar){0};
	if (MISUSED(err, NEED(time), NEED(ret)))
		return err->class;
	if (!is_within(time->nanoseconds, 0, DAY_S * NS - 1))
		return err_set(err, ERR_INVALID, "%lld nanoseconds are no time of a day", (long long)time->nanoseconds);
	set_clock(ret, time->nanoseconds / NS, time->nanoseconds % NS);
	ret->has_offset = !time->local;
	ret->offset_s = time->local ? 0 : time->offset_s;
	return 0;
}

int bolt_calendar_of_date_time(const struct bolt_date_time *date_time, struct bolt_calendar *ret, struct err *err)
{
	int64_t shown, days;
	bool shifted;

	ENTER(err);
	if (ret)
		*ret = (struct bolt_calendar){0};
	if (MISUSED(err, NEED(date_time), NEED(ret)))
		return err->class;
	if (!is_within(date_time->seconds, -DAYS_MAX * DAY_S, DAYS_MAX * DAY_S) || !is_within(date_time->nanoseconds, 0, NS - 1))
		return err_set(err, ERR_INVALID, "%lld seconds and %d nanoseconds from 1970 on are no time that Neo4j has", (long long)date_time->seconds,
			       (int)date_time->nanoseconds);
	shifted = !date_time->local && !date_time->wall && date_time->has_offset;
	shown = date_time->seconds + (shifted ? date_time->offset_s : 0);
	days = floor_div(shown, DAY_S);
	set_clock(ret, shown - days * DAY_S, date_time->nanoseconds);
	ret->zone = date_time->local ? NULL : date_time->zone;
	ret->has_offset = !date_time->local && date_time->has_offset;
	ret->offset_s = ret->has_offset ? date_time->offset_s : 0;
	ret->wall = date_time->wall && !ret->has_offset && ret->zone;
	return done(set_day(ret, days, err), ret);
}

static bool is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int get_day(const struct bolt_calendar *calendar, int64_t *ret, struct err *err)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t year = calendar->year, era, of_era, of_year;
	int month = calendar->month;

	if (!is_within(year, -YEAR_MAX, YEAR_MAX))
		return err_set(err, ERR_INVALID, "%lld is beyond the years that Neo4j has", (long long)year);
	if (month < 1 || month > 12)
		return err_set(err, ERR_INVALID, "%d is no month of a year", month);
	if (calendar->day < 1 || calendar->day > lengths[month - 1] + (month == 2 && is_leap(year)))
		return err_set(err, ERR_INVALID, "%d is no day of month %d of the year %lld", calendar->day, month, (long long)year);
	year -= month <= 2;
	era = floor_div(year, 400);
	of_era = year - era * 400;
	of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + calendar->day - 1;
	*ret = era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH;
	return 0;
}

static int get_clock(const struct bolt_calendar *calendar, int64_t *ret, struct err *err)
{
	const struct {
		const char *name;
		int v, max;
	} members[] = {{"hour", calendar->hour, 23},
		       {"minute", calendar->minute, 59},
		       {"second", calendar->second, 59},
		       {"nanosecond", calendar->nanosecond, (int)NS - 1}};

	for (unsigned i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (members[i].v < 0 || members[i].v > members[i].max)
			return err_set(err, ERR_INVALID, "the %s %d is not within 0 and %d", members[i].name, members[i].v, members[i].max);
	}
	if (calendar->has_offset && !is_within(calendar->offset_s, -OFFSET_MAX_S, OFFSET_MAX_S))
		return err_set(err, ERR_INVALID, "an offset of %d seconds is more than 18 hours", (int)calendar->offset_s);
	*ret = (int64_t)calendar->hour * 3600 + calendar->minute * 60 + calendar->second;
	return 0;
}

int bolt_date_of_calendar(const struct bolt_calendar *calendar, struct bolt_date *ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = (struct bolt_date){0};
	if (MISUSED(err, NEED(calendar), NEED(ret)))
		return err->class;
	return get_day(calendar, &ret->days, err);
}

int bolt_time_of_calendar(const struct bolt_calendar *calendar, struct bolt_time *ret, struct err *err)
{
	int64_t second;

	ENTER(err);
	if (ret)
		*ret = (struct bolt_time){0};
	if (MISUSED(err, NEED(calendar), NEED(ret)) || get_clock(calendar, &second, err) < 0)
		return err->class;
	*ret = (struct bolt_time){second * NS + calendar->nanosecond, calendar->has_offset ? calendar->offset_s : 0, !calendar->has_offset};
	return 0;
}

int bolt_date_time_of_calendar(const struct bolt_calendar *calendar, struct bolt_date_time *ret, struct err *err)
{
	int64_t days, second;
	bool has_offset;

	ENTER(err);
	if (ret)
		*ret = (struct bolt_date_time){0};
	if (MISUSED(err, NEED(calendar), NEED(ret)) || get_day(calendar, &days, err) < 0 || get_clock(calendar, &second, err) < 0)
		return err->class;
	has_offset = calendar->has_offset;
	*ret = (struct bolt_date_time){
		.seconds = days * DAY_S + second - (has_offset ? calendar->offset_s : 0),
		.nanoseconds = calendar->nanosecond,
		.local = !has_offset && !calendar->zone,
		.zone = calendar->zone,
		.offset_s = has_offset ? calendar->offset_s : 0,
		.has_offset = has_offset,
		.wall = !has_offset && calendar->zone && calendar->wall,
	};
	return 0;
}
