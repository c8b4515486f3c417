// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "api/duration.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#define DIGITS_MAX 4

static const struct {
	char letter;
	int64_t ms;
} units[] = {{'d', 86400000}, {'h', 3600000}, {'m', 60000}};
#define UNITS (sizeof(units) / sizeof(units[0]))

// Reads a number and one of the units from *unit on, and moves *unit behind it.
static bool read_part(const char **text, size_t *unit, int64_t *ret_ms)
{
	int64_t value = 0;
	int digits = 0;

	if (**text == '0')
		return false;
	for (; isdigit((unsigned char)**text) && digits <= DIGITS_MAX; (*text)++, digits++)
		value = value * 10 + (**text - '0');
	while (*unit < UNITS && units[*unit].letter != **text)
		(*unit)++;
	if (digits == 0 || digits > DIGITS_MAX || *unit == UNITS)
		return false;
	*ret_ms += value * units[(*unit)++].ms;
	(*text)++;
	return true;
}

bool duration_parse(const char *text, int64_t *ret_ms)
{
	size_t unit = 0;

	*ret_ms = 0;
	if (strcmp(text, "0") == 0)
		return true;
	if (!*text)
		return false;
	while (*text)
		if (!read_part(&text, &unit, ret_ms))
			return false;
	return true;
}
