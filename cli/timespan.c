// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/timespan.h"

#include <stddef.h>

#define SECOND_MS INT64_C(1000)

static const struct unit {
	int64_t ms;
	char letter;
	const char *word;
} units[] = {
	{365 * 86400 * SECOND_MS, 'y', "years"},
	{86400 * SECOND_MS, 'd', "days"},
	{3600 * SECOND_MS, 'h', "hours"},
	{60 * SECOND_MS, 'm', "minutes"},
	{SECOND_MS, 's', "seconds"},
};

static const struct unit *unit_of(int64_t ms)
{
	size_t i = 0;

	while (i + 1 < sizeof(units) / sizeof(units[0]) && ms < 2 * units[i].ms)
		i++;
	return &units[i];
}

const char *timespan_short(int64_t ms, struct arena *arena)
{
	const struct unit *unit;

	ms = ms < 0 ? 0 : ms;
	unit = unit_of(ms);
	return arena_printf(arena, "%lld%c", (long long)(ms / unit->ms), unit->letter);
}

const char *timespan_from_now(int64_t ms, struct arena *arena)
{
	int64_t length = ms < 0 ? -ms : ms;
	const struct unit *unit = unit_of(length);

	if (length < 2 * SECOND_MS)
		return "now";
	return arena_printf(arena, ms < 0 ? "%lld %s ago" : "in %lld %s", (long long)(length / unit->ms), unit->word);
}
