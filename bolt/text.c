// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A text is read by a cursor that walks over it: each step takes what it knows, and the last sees that nothing is left.

#include "bolt/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "bolt/calendar.h"
#include "bolt/misuse.h"

#define TEXT_MAX 256
#define NS ((int64_t)1000000000)
#define FRACTION_DIGITS 9

// Writing.

static void add_day(struct buf *out, const struct bolt_calendar *c)
{
	buf_addf(out, "%s%04lld-%02d-%02d", c->year < 0 ? "-" : c->year > 9999 ? "+" : "", llabs((long long)c->year), c->month, c->day);
}

static void add_fraction(struct buf *out, int64_t nanoseconds)
{
	int digits = FRACTION_DIGITS;

	if (nanoseconds == 0)
		return;
	for (; nanoseconds % 10 == 0; digits--)
		nanoseconds /= 10;
	buf_addf(out, ".%0*lld", digits, (long long)nanoseconds);
}

static void add_offset(struct buf *out, int64_t offset_s)
{
	int64_t absolute = offset_s < 0 ? -offset_s : offset_s;

	if (offset_s == 0) {
		buf_addc(out, 'Z');
		return;
	}
	buf_addf(out, "%c%02d:%02d", offset_s < 0 ? '-' : '+', (int)(absolute / 3600), (int)(absolute / 60 % 60));
	if (absolute % 60)
		buf_addf(out, ":%02d", (int)(absolute % 60));
}

static void add_clock(struct buf *out, const struct bolt_calendar *c)
{
	buf_addf(out, "%02d:%02d:%02d", c->hour, c->minute, c->second);
	add_fraction(out, c->nanosecond);
	if (c->has_offset || (c->zone && !c->wall))
		add_offset(out, c->offset_s);
	if (c->zone)
		buf_addf(out, "[%s]", c->zone);
}

static void add_part(struct buf *out, int64_t n, char unit)
{
	if (n)
		buf_addf(out, "%lld%c", (long long)n, unit);
}

// Of the same sign in seconds and nanoseconds: -1 s and 500 ms is -0.5 s. A server has nanoseconds that only add, below a second; a program may
// have others.
static bool add_seconds(struct buf *out, int64_t seconds, int64_t nanoseconds)
{
	int64_t carried = nanoseconds / NS - (nanoseconds % NS < 0);
	bool negative;

	if (__builtin_add_overflow(seconds, carried, &seconds))
		return false;
	nanoseconds -= carried * NS;
	negative = seconds < 0 && nanoseconds > 0;
	if (negative) {
		seconds++;
		nanoseconds = NS - nanoseconds;
	}
	buf_addf(out, "%s%lld", negative && seconds == 0 ? "-" : "", (long long)seconds);
	add_fraction(out, nanoseconds);
	buf_addc(out, 'S');
	return true;
}

static bool add_duration(struct buf *out, const struct bolt_duration *v)
{
	buf_addc(out, 'P');
	add_part(out, v->months / 12, 'Y');
	add_part(out, v->months % 12, 'M');
	add_part(out, v->days, 'D');
	if (v->seconds || v->nanoseconds || out->len == 1) {
		buf_addc(out, 'T');
		return add_seconds(out, v->seconds, v->nanoseconds);
	}
	return true;
}

static void add_uuid(struct buf *out, const unsigned char *bytes)
{
	for (unsigned i = 0; i < BOLT_UUID_SIZE; i++)
		buf_addf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
}

// False: it has no text.
static bool add_value(struct buf *out, const struct bolt_value *v)
{
	struct bolt_date_time date_time;
	struct bolt_duration duration;
	struct bolt_calendar calendar;
	struct bolt_date date;
	struct bolt_time time;

	if (bolt_as_date(v, &date)) {
		if (bolt_calendar_of_date(&date, &calendar, NULL) < 0)
			return false;
		add_day(out, &calendar);
	} else if (bolt_as_time(v, &time)) {
		if (bolt_calendar_of_time(&time, &calendar, NULL) < 0)
			return false;
		add_clock(out, &calendar);
	} else if (bolt_as_date_time(v, &date_time)) {
		if (bolt_calendar_of_date_time(&date_time, &calendar, NULL) < 0)
			return false;
		add_day(out, &calendar);
		buf_addc(out, 'T');
		add_clock(out, &calendar);
	} else if (bolt_as_duration(v, &duration)) {
		return add_duration(out, &duration);
	} else {
		return false;
	}
	return true;
}

const char *bolt_text(const struct bolt_value *v, struct arena *arena)
{
	_cleanup_buf_ struct buf out = BUF_INIT(TEXT_MAX);

	if (!v || !arena)
		return NULL;
	if (v->type == BOLT_UUID)
		add_uuid(&out, v->bytes);
	else if (!add_value(&out, v))
		return NULL;
	return out.overflow ? NULL : arena_strdup(arena, buf_str(&out));
}

// Reading.

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool take(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

// So many digits at least and at most; false: there are fewer.
static bool take_number(const char **at, unsigned least, unsigned most, int64_t *ret)
{
	unsigned n = 0;

	for (*ret = 0; n < most && is_digit(**at); n++)
		*ret = *ret * 10 + (*(*at)++ - '0');
	return n >= least;
}

static bool take_two(const char **at, int *ret)
{
	int64_t v;
	bool found = take_number(at, 2, 2, &v);

	*ret = (int)v;
	return found;
}

// The digits behind a point, as nanoseconds.
static bool take_fraction(const char **at, int64_t *ret)
{
	const char *start = *at;

	if (!take_number(at, 1, FRACTION_DIGITS, ret))
		return false;
	for (long n = *at - start; n < FRACTION_DIGITS; n++)
		*ret *= 10;
	return true;
}

// A year of other than four digits has a sign.
static bool take_day(const char **at, struct bolt_calendar *ret)
{
	bool negative = **at == '-', is_signed = negative || **at == '+';

	*at += is_signed;
	if (!take_number(at, 4, is_signed ? 9 : 4, &ret->year))
		return false;
	if (negative)
		ret->year = -ret->year;
	return take(at, '-') && take_two(at, &ret->month) && take(at, '-') && take_two(at, &ret->day);
}

static bool take_offset(const char **at, struct bolt_calendar *ret)
{
	bool negative = **at == '-';
	int hours, minutes, seconds = 0;

	ret->has_offset = true;
	if (take(at, 'Z'))
		return true;
	if (!take(at, '+') && !take(at, '-')) {
		ret->has_offset = false;
		return true;
	}
	if (!take_two(at, &hours) || !take(at, ':') || !take_two(at, &minutes) || minutes > 59)
		return false;
	if (take(at, ':') && (!take_two(at, &seconds) || seconds > 59))
		return false;
	ret->offset_s = (hours * 60 + minutes) * 60 + seconds;
	if (negative)
		ret->offset_s = -ret->offset_s;
	return true;
}

static bool take_clock(const char **at, struct bolt_calendar *ret)
{
	int64_t nanosecond = 0;

	if (!take_two(at, &ret->hour) || !take(at, ':') || !take_two(at, &ret->minute))
		return false;
	if (take(at, ':')) {
		if (!take_two(at, &ret->second) || (take(at, '.') && !take_fraction(at, &nanosecond)))
			return false;
	}
	ret->nanosecond = (int32_t)nanosecond;
	return take_offset(at, ret);
}

static int no_text(const char *text, const char *form, struct err *err)
{
	return err_set(err, ERR_INVALID, "'%.64s' is no text such as %s", text, form);
}

int bolt_parse_date(const char *text, struct bolt_date *ret, struct err *err)
{
	struct bolt_calendar calendar = {0};
	const char *at = text;

	ENTER(err);
	if (ret)
		*ret = (struct bolt_date){0};
	if (MISUSED(err, NEED(text), NEED(ret)))
		return err->class;
	if (!take_day(&at, &calendar) || *at)
		return no_text(text, "2024-02-29", err);
	return bolt_date_of_calendar(&calendar, ret, err);
}

int bolt_parse_time(const char *text, struct bolt_time *ret, struct err *err)
{
	struct bolt_calendar calendar = {0};
	const char *at = text;

	ENTER(err);
	if (ret)
		*ret = (struct bolt_time){0};
	if (MISUSED(err, NEED(text), NEED(ret)))
		return err->class;
	if (!take_clock(&at, &calendar) || *at)
		return no_text(text, "12:00:00.5+01:00", err);
	return bolt_time_of_calendar(&calendar, ret, err);
}

int bolt_parse_date_time(const char *text, struct arena *arena, struct bolt_date_time *ret, struct err *err)
{
	struct bolt_calendar calendar = {0};
	const char *at = text;
	size_t len = 0;

	ENTER(err);
	if (ret)
		*ret = (struct bolt_date_time){0};
	if (MISUSED(err, NEED(text), NEED(arena), NEED(ret)))
		return err->class;
	if (!take_day(&at, &calendar) || !take(&at, 'T') || !take_clock(&at, &calendar))
		return no_text(text, "2024-07-01T12:00:00+02:00[Europe/Stockholm]", err);
	if (take(&at, '[')) {
		len = strcspn(at, "]");
		if (len == 0 || strcmp(at + len, "]") != 0)
			return no_text(text, "2024-07-01T12:00:00+02:00[Europe/Stockholm]", err);
		if (!calendar.has_offset)
			return err_set(err, ERR_INVALID, "'%.64s' has a time zone without an offset, as in +02:00[Europe/Stockholm]", text);
		calendar.zone = arena_memdup0(arena, at, len);
		at += len + 1;
	}
	if (*at)
		return no_text(text, "2024-07-01T12:00:00+02:00[Europe/Stockholm]", err);
	return bolt_date_time_of_calendar(&calendar, ret, err);
}

// What the parts of a duration are called, in their order, and how much of which member one is.
static const struct unit {
	char letter;
	bool time;
	int64_t months, days, seconds;
} units[] = {
	{'Y', false, 12, 0, 0}, {'M', false, 1, 0, 0}, {'W', false, 0, 7, 0}, {'D', false, 0, 1, 0},
	{'H', true, 0, 0, 3600}, {'M', true, 0, 0, 60}, {'S', true, 0, 0, 1},
};
#define N_UNITS (sizeof(units) / sizeof(units[0]))

static bool add_times(int64_t *sum, int64_t n, int64_t times)
{
	int64_t product;

	return !__builtin_mul_overflow(n, times, &product) && !__builtin_add_overflow(*sum, product, sum);
}

// A number with a sign and, where it is of seconds, a fraction. A part of more digits than these is refused.
static bool take_amount(const char **at, int64_t *ret, int64_t *ret_ns, bool *ret_fraction)
{
	bool negative = take(at, '-');

	if (!negative)
		(void)take(at, '+');
	*ret_ns = 0;
	*ret_fraction = false;
	if (!take_number(at, 1, 18, ret))
		return false;
	if (take(at, '.')) {
		*ret_fraction = true;
		if (!take_fraction(at, ret_ns))
			return false;
	}
	if (negative) {
		*ret = -*ret;
		*ret_ns = -*ret_ns;
	}
	return true;
}

// The parts from the present unit on; false: it is no duration.
static bool take_part(const char **at, bool time, size_t *unit, struct bolt_duration *ret)
{
	const struct unit *found;
	int64_t n, nanoseconds;
	bool fraction;

	if (!take_amount(at, &n, &nanoseconds, &fraction))
		return false;
	while (*unit < N_UNITS && (units[*unit].time != time || units[*unit].letter != **at))
		++*unit;
	if (*unit == N_UNITS || (fraction && units[*unit].letter != 'S'))
		return false;
	found = &units[(*unit)++];
	++*at;
	ret->nanoseconds = (int32_t)nanoseconds;
	return add_times(&ret->months, n, found->months) && add_times(&ret->days, n, found->days) && add_times(&ret->seconds, n, found->seconds);
}

static bool take_duration(const char **at, struct bolt_duration *ret)
{
	bool time = false, some = false;
	size_t unit = 0; // the parts come in their order

	if (!take(at, 'P'))
		return false;
	while (**at) {
		if (!time && take(at, 'T'))
			time = true;
		if (!take_part(at, time, &unit, ret))
			return false;
		some = true;
	}
	// Neo4j has nanoseconds that only add.
	if (ret->nanoseconds < 0) {
		ret->nanoseconds += (int32_t)NS;
		return !__builtin_sub_overflow(ret->seconds, 1, &ret->seconds) && some;
	}
	return some;
}

int bolt_parse_duration(const char *text, struct bolt_duration *ret, struct err *err)
{
	const char *at = text;

	ENTER(err);
	if (ret)
		*ret = (struct bolt_duration){0};
	if (MISUSED(err, NEED(text), NEED(ret)))
		return err->class;
	if (take_duration(&at, ret))
		return 0;
	*ret = (struct bolt_duration){0};
	return no_text(text, "P1Y2M3DT4H5M6.789S", err);
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_uuid(const char **at, unsigned char *ret)
{
	for (unsigned i = 0; i < BOLT_UUID_SIZE; i++) {
		int high, low;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && !take(at, '-'))
			return false;
		high = hex_digit((*at)[0]);
		low = high < 0 ? -1 : hex_digit((*at)[1]);
		if (low < 0)
			return false;
		ret[i] = (unsigned char)(high << 4 | low);
		*at += 2;
	}
	return **at == '\0';
}

int bolt_parse_uuid(const char *text, unsigned char *ret, struct err *err)
{
	const char *at = text;

	ENTER(err);
	if (ret)
		memset(ret, 0, BOLT_UUID_SIZE);
	if (MISUSED(err, NEED(text), NEED(ret)))
		return err->class;
	if (take_uuid(&at, ret))
		return 0;
	memset(ret, 0, BOLT_UUID_SIZE);
	return no_text(text, "550e8400-e29b-41d4-a716-446655440000", err);
}
