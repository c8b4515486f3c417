// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cmd/isotime.h"

#include <stdlib.h>

#include "base/buf.h"
#include "bolt/structure.h"
#include "cmd/zone.h"

#define TEXT_MAX 256
#define DAY_S ((int64_t)86400)
#define NS ((int64_t)1000000000)

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

// Days since 1970-01-01 in the proleptic Gregorian calendar; from the 1st of March on, so that leap days end a year. Years of more than
// four digits carry a sign.
static void add_date(struct buf *out, int64_t days)
{
	int64_t z = days + 719468, era = floor_div(z, 146097), day = z - era * 146097;
	int64_t of_era = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t of_year = day - (365 * of_era + of_era / 4 - of_era / 100), month = (5 * of_year + 2) / 153;
	int64_t year = of_era + era * 400 + (month >= 10);
	long long absolute = llabs((long long)year);

	buf_addf(out, "%s%04lld-%02d-%02d", year < 0 ? "-" : year > 9999 ? "+" : "", absolute, (int)(month < 10 ? month + 3 : month - 9),
		 (int)(of_year - (153 * month + 2) / 5 + 1));
}

static void add_fraction(struct buf *out, int64_t nanoseconds)
{
	int digits = 9;

	if (nanoseconds == 0)
		return;
	for (; nanoseconds % 10 == 0; digits--)
		nanoseconds /= 10;
	buf_addf(out, ".%0*lld", digits, (long long)nanoseconds);
}

static void add_clock(struct buf *out, int64_t second, int64_t nanosecond)
{
	buf_addf(out, "%02d:%02d:%02d", (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
	add_fraction(out, nanosecond);
}

static void add_offset(struct buf *out, int32_t offset_s)
{
	int32_t absolute = offset_s < 0 ? -offset_s : offset_s;

	if (offset_s == 0) {
		buf_addc(out, 'Z');
		return;
	}
	buf_addf(out, "%c%02d:%02d", offset_s < 0 ? '-' : '+', absolute / 3600, absolute / 60 % 60);
	if (absolute % 60)
		buf_addf(out, ":%02d", absolute % 60);
}

// A zone comes without its offset, which is looked up: only with it the server reads the text back. Where this machine does not know the zone,
// the time is shown in UTC.
static void add_date_time(struct buf *out, const struct bolt_date_time *v)
{
	int32_t offset_s = v->offset_s;
	bool has_offset = v->has_offset || (v->zone && !v->wall && zone_offset(v->zone, v->seconds, &offset_s));
	int64_t shown = v->seconds + (v->local || v->wall || !has_offset ? 0 : offset_s), days = floor_div(shown, DAY_S);

	add_date(out, days);
	buf_addc(out, 'T');
	add_clock(out, shown - days * DAY_S, v->nanoseconds);
	if (has_offset)
		add_offset(out, offset_s);
	else if (!v->local && !v->wall)
		buf_addc(out, 'Z');
	if (v->zone)
		buf_addf(out, "[%s]", v->zone);
}

static void add_part(struct buf *out, int64_t n, char unit)
{
	if (n)
		buf_addf(out, "%lld%c", (long long)n, unit);
}

// Gives seconds and nanoseconds the same sign first: -1 s and 500 ms is -0.5 s.
static void add_seconds(struct buf *out, int64_t seconds, int64_t nanoseconds)
{
	bool negative = seconds < 0 && nanoseconds > 0;

	if (negative) {
		seconds++;
		nanoseconds = NS - nanoseconds;
	}
	buf_addf(out, "%s%lld", negative && seconds == 0 ? "-" : "", (long long)seconds);
	add_fraction(out, nanoseconds);
	buf_addc(out, 'S');
}

static void add_duration(struct buf *out, const struct bolt_duration *v)
{
	bool time = v->seconds || v->nanoseconds;

	buf_addc(out, 'P');
	add_part(out, v->months / 12, 'Y');
	add_part(out, v->months % 12, 'M');
	add_part(out, v->days, 'D');
	if (time)
		buf_addc(out, 'T');
	if (time || out->len == 1) {
		buf_add(out, time ? "" : "T");
		add_seconds(out, v->seconds, v->nanoseconds);
	}
}

const char *isotime_offset(int32_t offset_s, struct arena *arena)
{
	_cleanup_buf_ struct buf out = BUF_INIT(TEXT_MAX);

	add_offset(&out, offset_s);
	return arena_strdup(arena, buf_str(&out));
}

const char *isotime_text(const struct bolt_value *value, struct arena *arena)
{
	_cleanup_buf_ struct buf out = BUF_INIT(TEXT_MAX);
	struct bolt_date_time date_time;
	struct bolt_duration duration;
	struct bolt_date date;
	struct bolt_time time;

	if (bolt_as_date(value, &date)) {
		add_date(&out, date.days);
	} else if (bolt_as_time(value, &time)) {
		add_clock(&out, time.nanoseconds / NS, time.nanoseconds % NS);
		if (!time.local)
			add_offset(&out, time.offset_s);
	} else if (bolt_as_date_time(value, &date_time)) {
		add_date_time(&out, &date_time);
	} else if (bolt_as_duration(value, &duration)) {
		add_duration(&out, &duration);
	} else {
		return NULL;
	}
	return arena_strdup(arena, buf_str(&out));
}
