// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "test/testkit/temporal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bolt/structure.h"
#include "test/testkit/backend_fault.h"
#include "test/testkit/named.h"

#define DAY ((int64_t)86400)
#define SECOND ((int64_t)1000000000)
#define CARTESIAN_2D 7203
#define CARTESIAN_3D 9157
#define WGS84_2D 4326
#define WGS84_3D 4979

// The C library knows one zone at a time, in the environment.
static pthread_mutex_t zone_lock = PTHREAD_MUTEX_INITIALIZER;

// The offset of a zone's clock from UTC, at a moment of UTC or of that clock.
static int zone_offset(const char *zone, int64_t seconds, bool wall, int32_t *ret, struct err *err)
{
	char path[256];
	struct tm tm;
	time_t moment = seconds;

	(void)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);
	if (strstr(zone, "..") || access(path, R_OK) < 0)
		return err_set(err, ERR_INVALID, "this system knows no time zone '%s'", zone);
	(void)pthread_mutex_lock(&zone_lock);
	(void)setenv("TZ", zone, 1);
	tzset();
	if (wall) {
		(void)gmtime_r(&moment, &tm);
		tm.tm_isdst = -1;
		moment = mktime(&tm);
	}
	(void)localtime_r(&moment, &tm);
	(void)pthread_mutex_unlock(&zone_lock);
	*ret = (int32_t)tm.tm_gmtoff;
	return 0;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

// By proleptic Gregorian rules, counted from 1 March of a year divisible by 400.
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	const int64_t y = month <= 2 ? year - 1 : year, era = floor_div(y, 400), of_era = y - era * 400;
	const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void add_date(yyjson_mut_doc *doc, yyjson_mut_val *data, int64_t days)
{
	const int64_t z = days + 719468, era = floor_div(z, 146097), doe = z - era * 146097;
	const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	const int64_t mp = (5 * doy + 2) / 153, month = mp < 10 ? mp + 3 : mp - 9;

	yyjson_mut_obj_add_sint(doc, data, "year", yoe + era * 400 + (month <= 2));
	yyjson_mut_obj_add_sint(doc, data, "month", month);
	yyjson_mut_obj_add_sint(doc, data, "day", doy - (153 * mp + 2) / 5 + 1);
}

static void add_clock(yyjson_mut_doc *doc, yyjson_mut_val *data, int64_t second_of_day, int64_t nanoseconds)
{
	yyjson_mut_obj_add_sint(doc, data, "hour", second_of_day / 3600);
	yyjson_mut_obj_add_sint(doc, data, "minute", second_of_day / 60 % 60);
	yyjson_mut_obj_add_sint(doc, data, "second", second_of_day % 60);
	yyjson_mut_obj_add_sint(doc, data, "nanosecond", nanoseconds);
}

static int write_date_time(yyjson_mut_doc *doc, const struct bolt_date_time *time, yyjson_mut_val **ret, struct err *err)
{
	yyjson_mut_val *data = yyjson_mut_obj(doc);
	int32_t offset = time->offset_s;

	if (time->zone) {
		const int r = zone_offset(time->zone, time->seconds, time->wall, &offset, err);

		if (r < 0)
			return r;
	}
	const int64_t wall = time->seconds + (time->local || time->wall ? 0 : offset), days = floor_div(wall, DAY);

	add_date(doc, data, days);
	add_clock(doc, data, wall - days * DAY, time->nanoseconds);
	if (!time->local)
		yyjson_mut_obj_add_sint(doc, data, "utc_offset_s", offset);
	if (time->zone)
		yyjson_mut_obj_add_strcpy(doc, data, "timezone_id", time->zone);
	*ret = named_wrap(doc, "CypherDateTime", data);
	return 0;
}

static yyjson_mut_val *write_time(yyjson_mut_doc *doc, const struct bolt_time *time)
{
	yyjson_mut_val *data = yyjson_mut_obj(doc);

	add_clock(doc, data, time->nanoseconds / SECOND, time->nanoseconds % SECOND);
	if (!time->local)
		yyjson_mut_obj_add_sint(doc, data, "utc_offset_s", time->offset_s);
	return named_wrap(doc, "CypherTime", data);
}

static yyjson_mut_val *write_duration(yyjson_mut_doc *doc, const struct bolt_duration *duration)
{
	yyjson_mut_val *data = yyjson_mut_obj(doc);

	yyjson_mut_obj_add_sint(doc, data, "months", duration->months);
	yyjson_mut_obj_add_sint(doc, data, "days", duration->days);
	yyjson_mut_obj_add_sint(doc, data, "seconds", duration->seconds);
	yyjson_mut_obj_add_sint(doc, data, "nanoseconds", duration->nanoseconds);
	return named_wrap(doc, "CypherDuration", data);
}

static yyjson_mut_val *write_point(yyjson_mut_doc *doc, const struct bolt_point *point)
{
	yyjson_mut_val *data = yyjson_mut_obj(doc);
	const bool earth = point->srid == WGS84_2D || point->srid == WGS84_3D;

	yyjson_mut_obj_add_str(doc, data, "system", earth ? "wgs84" : "cartesian");
	yyjson_mut_obj_add_real(doc, data, "x", point->x);
	yyjson_mut_obj_add_real(doc, data, "y", point->y);
	if (point->dimensions == 3)
		yyjson_mut_obj_add_real(doc, data, "z", point->z);
	return named_wrap(doc, "CypherPoint", data);
}

int temporal_write(yyjson_mut_doc *doc, const struct bolt_value *value, yyjson_mut_val **ret, struct err *err)
{
	struct bolt_date date;
	struct bolt_time time;
	struct bolt_date_time date_time;
	struct bolt_duration duration;
	struct bolt_point point;

	if (bolt_as_date_time(value, &date_time))
		return write_date_time(doc, &date_time, ret, err);
	if (bolt_as_date(value, &date)) {
		yyjson_mut_val *data = yyjson_mut_obj(doc);

		add_date(doc, data, date.days);
		*ret = named_wrap(doc, "CypherDate", data);
	} else if (bolt_as_time(value, &time)) {
		*ret = write_time(doc, &time);
	} else if (bolt_as_duration(value, &duration)) {
		*ret = write_duration(doc, &duration);
	} else if (bolt_as_point(value, &point)) {
		*ret = write_point(doc, &point);
	} else {
		return err_set(err, ERR_INVALID, "testkit has no words for a structure 0x%02X with %u fields", value->tag, value->size);
	}
	return 0;
}

static int64_t whole(yyjson_val *data, const char *key)
{
	return yyjson_get_sint(yyjson_obj_get(data, key));
}

static int64_t second_of_day(yyjson_val *data)
{
	return whole(data, "hour") * 3600 + whole(data, "minute") * 60 + whole(data, "second");
}

static struct bolt_value read_date(yyjson_val *data, struct arena *arena)
{
	const struct bolt_date date = {.days = days_of(whole(data, "year"), whole(data, "month"), whole(data, "day"))};

	return bolt_from_date(&date, arena);
}

static struct bolt_value read_time(yyjson_val *data, struct arena *arena)
{
	const bool local = !yyjson_is_int(yyjson_obj_get(data, "utc_offset_s"));
	const struct bolt_time time = {.nanoseconds = second_of_day(data) * SECOND + whole(data, "nanosecond"),
				       .offset_s = (int32_t)whole(data, "utc_offset_s"),
				       .local = local};

	return bolt_from_time(&time, arena);
}

static struct bolt_value read_date_time(yyjson_val *data, struct arena *arena)
{
	const bool local = !yyjson_is_int(yyjson_obj_get(data, "utc_offset_s"));
	const int64_t days = days_of(whole(data, "year"), whole(data, "month"), whole(data, "day"));
	const struct bolt_date_time time = {.seconds = days * DAY + second_of_day(data) - whole(data, "utc_offset_s"),
					    .nanoseconds = (int32_t)whole(data, "nanosecond"),
					    .local = local,
					    .zone = yyjson_get_str(yyjson_obj_get(data, "timezone_id")),
					    .offset_s = (int32_t)whole(data, "utc_offset_s"),
					    .has_offset = !local};

	return bolt_from_date_time(&time, arena);
}

static struct bolt_value read_duration(yyjson_val *data, struct arena *arena)
{
	const struct bolt_duration duration = {.months = whole(data, "months"),
					       .days = whole(data, "days"),
					       .seconds = whole(data, "seconds"),
					       .nanoseconds = (int32_t)whole(data, "nanoseconds")};

	return bolt_from_duration(&duration, arena);
}

static struct bolt_value read_point(yyjson_val *data, struct arena *arena)
{
	const bool earth = yyjson_equals_str(yyjson_obj_get(data, "system"), "wgs84");
	const bool deep = yyjson_is_num(yyjson_obj_get(data, "z"));
	const struct bolt_point point = {.srid = earth ? (deep ? WGS84_3D : WGS84_2D) : (deep ? CARTESIAN_3D : CARTESIAN_2D),
					 .dimensions = deep ? 3 : 2,
					 .x = yyjson_get_num(yyjson_obj_get(data, "x")),
					 .y = yyjson_get_num(yyjson_obj_get(data, "y")),
					 .z = yyjson_get_num(yyjson_obj_get(data, "z"))};

	return bolt_from_point(&point, arena);
}

static const struct {
	const char *name;
	struct bolt_value (*read)(yyjson_val *data, struct arena *arena);
} kinds[] = {
	{"CypherDate", read_date},	   {"CypherTime", read_time},	{"CypherDateTime", read_date_time},
	{"CypherDuration", read_duration}, {"CypherPoint", read_point},
};

int temporal_read(const char *name, yyjson_val *data, struct arena *arena, struct bolt_value *ret, struct err *err)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, name)) {
			*ret = kinds[i].read(data, arena);
			return 0;
		}
	return backend_fault(err, "the backend knows no value '%s'", name);
}
