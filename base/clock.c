// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Time runs on while the machine sleeps: a lease of thirty seconds has passed after an hour's sleep. So all deadlines count by CLOCK_BOOTTIME.
// The calls that wait know only CLOCK_MONOTONIC, which stands still during a sleep; deadline_timespec() converts the time that is left.

#include "base/clock.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

// 0000-01-01T00:00:00Z, and the end of 9999.
#define FIRST_MS INT64_C(-62167219200000)
#define LAST_MS INT64_C(253402300799999)

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t system_monotonic(void *user)
{
	(void)user;
	return read_clock(CLOCK_BOOTTIME);
}

static int64_t system_wall(void *user)
{
	(void)user;
	return read_clock(CLOCK_REALTIME);
}

const struct clock clock_system = {.monotonic_ms = system_monotonic, .wall_ms = system_wall};

int64_t deadline_in_ms(int64_t ms)
{
	int64_t at;

	return __builtin_add_overflow(read_clock(CLOCK_BOOTTIME), ms, &at) ? DEADLINE_NEVER : at;
}

int deadline_left_ms(int64_t deadline)
{
	int64_t left = deadline - read_clock(CLOCK_BOOTTIME);

	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

struct timespec deadline_timespec(int64_t deadline)
{
	int64_t asleep = read_clock(CLOCK_BOOTTIME) - read_clock(CLOCK_MONOTONIC), at = deadline - asleep;

	return (struct timespec){.tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000};
}

void time_format_rfc3339(int64_t wall_ms, char *text, size_t size)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm = {0};

	if (!text)
		return;
	(void)gmtime_r(&seconds, &tm);
	(void)strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

// "Z", "+01:00" or "-0130" at the end of a time; seconds east of Greenwich.
static int parse_offset(const char *text, int *ret_seconds)
{
	int hours, minutes, used = 0;

	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0) {
		*ret_seconds = 0;
		return 0;
	}
	if (*text != '+' && *text != '-')
		return -1;
	if (sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 &&
	    sscanf(text + 1, "%2d%2d%n", &hours, &minutes, &used) != 2)
		return -1;
	if (text[1 + used] != '\0' || hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return -1;
	*ret_seconds = (hours * 60 + minutes) * 60 * (*text == '-' ? -1 : 1);
	return 0;
}

int time_parse_rfc3339(const char *text, int64_t *ret_wall_ms)
{
	struct tm tm = {0};
	int64_t ms = 0;
	int offset, scale = 100;
	const char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	if (!rest || !ret_wall_ms)
		return -1;
	if (*rest == '.') {
		if (!isdigit((unsigned char)*++rest))
			return -1;
		for (; isdigit((unsigned char)*rest); rest++, scale /= 10)
			ms += (*rest - '0') * scale;
	}
	if (parse_offset(rest, &offset) < 0)
		return -1;
	ms += ((int64_t)timegm(&tm) - offset) * 1000;
	// Its offset may take a time out of the years that have four digits, and so can be written.
	if (ms < FIRST_MS || ms > LAST_MS)
		return -1;
	*ret_wall_ms = ms;
	return 0;
}
