// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cmd/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NAME_MAX_LEN 64

// putenv() keeps the text itself: a change of it moves no variable, so threads that read others are not in its way.
static char variable[4 + NAME_MAX_LEN] = "TZ=UTC";
static bool begun;

void zone_begin(void)
{
	begun = putenv(variable) == 0;
}

// A name of the database, and no path out of it: the server chose it.
static bool is_name(const char *zone)
{
	size_t len = strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/");

	return len > 0 && len < NAME_MAX_LEN && !zone[len] && zone[0] != '/' && zone[len - 1] != '/';
}

// The C library takes an unknown zone for UTC without a word.
static bool is_known(const char *zone)
{
	const char *dir = getenv("TZDIR");
	char path[512];
	int n = snprintf(path, sizeof(path), "%s/%s", dir && *dir ? dir : "/usr/share/zoneinfo", zone);

	return n > 0 && (size_t)n < sizeof(path) && access(path, R_OK) == 0;
}

bool zone_offset(const char *zone, int64_t second, int32_t *ret)
{
	const time_t at = (time_t)second;
	struct tm there;

	if (!begun || !is_name(zone) || !is_known(zone))
		return false;
	memcpy(variable + 3, zone, strlen(zone) + 1);
	tzset();
	if (!localtime_r(&at, &there))
		return false;
	*ret = (int32_t)there.tm_gmtoff;
	return true;
}
