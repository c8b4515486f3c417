// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "neo4j/instant.h"

#include <ctype.h>
#include <stdbool.h>
#include <time.h>

#define YEAR_DIGITS_MAX 10
#define YEAR_MAX INT64_C(1000000000)
#define OFFSET_MAX (18 * 3600)

struct instant {
	const char *rest; // the unread rest
	int64_t year;
	int month, day, hour, minute, second;
	int ms;
	bool fraction; // there is one, and it is more than zero
	int offset;    // seconds east
};

static bool read_two(struct instant *instant, int max, int *ret)
{
	const char *text = instant->rest;

	if (!isdigit((unsigned char)text[0]) || !isdigit((unsigned char)text[1]))
		return false;
	*ret = (text[0] - '0') * 10 + (text[1] - '0');
	instant->rest += 2;
	return *ret <= max;
}

static bool skip(struct instant *instant, char c)
{
	if (*instant->rest != c)
		return false;
	instant->rest++;
	return true;
}

// Four digits, or a sign and more; "+" only where there are more.
static bool read_year(struct instant *instant)
{
	bool minus = *instant->rest == '-', plus = *instant->rest == '+';
	int digits = 0;

	instant->rest += minus || plus;
	for (; isdigit((unsigned char)*instant->rest) && digits <= YEAR_DIGITS_MAX; instant->rest++, digits++)
		instant->year = instant->year * 10 + (*instant->rest - '0');
	if (digits < 4 || digits > YEAR_DIGITS_MAX || instant->year > YEAR_MAX || (minus && !instant->year))
		return false;
	if (digits > 4 ? !minus && !plus : plus)
		return false;
	instant->year = minus ? -instant->year : instant->year;
	return true;
}

static bool is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool read_date(struct instant *instant)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int last;

	if (!read_year(instant) || !skip(instant, '-') || !read_two(instant, 12, &instant->month) || !instant->month ||
	    !skip(instant, '-') || !read_two(instant, 31, &instant->day) || !instant->day)
		return false;
	last = days[instant->month - 1] + (instant->month == 2 && is_leap(instant->year));
	return instant->day <= last;
}

// Up to nine digits, or none.
static bool read_fraction(struct instant *instant)
{
	int digits = 0, scale = 100;

	if (!skip(instant, '.'))
		return true;
	for (; isdigit((unsigned char)*instant->rest); instant->rest++, digits++, scale /= 10) {
		instant->ms += (*instant->rest - '0') * scale;
		instant->fraction = instant->fraction || *instant->rest != '0';
	}
	return digits <= 9;
}

static bool read_time(struct instant *instant)
{
	if (!read_two(instant, 24, &instant->hour) || !skip(instant, ':') || !read_two(instant, 59, &instant->minute) ||
	    !skip(instant, ':') || !read_two(instant, 60, &instant->second) || !read_fraction(instant))
		return false;
	// The end of a day; and a leap second, which counts as the second before.
	if (instant->hour == 24)
		return !instant->minute && !instant->second && !instant->fraction;
	if (instant->second < 60)
		return true;
	instant->second = 59;
	return instant->hour == 23 && instant->minute == 59;
}

static bool read_offset(struct instant *instant)
{
	bool minus = *instant->rest == '-';
	int hours, minutes, seconds = 0;

	if (skip(instant, 'Z') || skip(instant, 'z'))
		return !*instant->rest;
	if ((!skip(instant, '+') && !skip(instant, '-')) || !read_two(instant, 18, &hours) || !skip(instant, ':') ||
	    !read_two(instant, 59, &minutes))
		return false;
	if (skip(instant, ':') && !read_two(instant, 59, &seconds))
		return false;
	instant->offset = (hours * 3600 + minutes * 60 + seconds) * (minus ? -1 : 1);
	return instant->offset <= OFFSET_MAX && instant->offset >= -OFFSET_MAX && !*instant->rest;
}

int instant_parse(const char *text, int64_t *ret_wall_ms)
{
	struct instant instant = {.rest = text};
	struct tm tm = {0};
	int64_t seconds;

	if (!read_date(&instant) || !(skip(&instant, 'T') || skip(&instant, 't')) || !read_time(&instant) || !read_offset(&instant))
		return -1;
	tm.tm_year = (int)(instant.year - 1900);
	tm.tm_mon = instant.month - 1;
	tm.tm_mday = instant.day;
	tm.tm_hour = instant.hour;
	tm.tm_min = instant.minute;
	tm.tm_sec = instant.second;
	seconds = (int64_t)timegm(&tm) - instant.offset;
	if (__builtin_mul_overflow(seconds, 1000, ret_wall_ms))
		*ret_wall_ms = seconds < 0 ? INT64_MIN : INT64_MAX;
	else
		*ret_wall_ms += instant.ms;
	return 0;
}
