// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Digits, an optional fraction, then a binary suffix (Ki ... Ei), a decimal one (n, u, m, none, k ... E) or an exponent. The arithmetic is in
// whole numbers on a mantissa of at most 18 digits, so floating point loses nothing.

#include "api/quantity.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct suffix {
	const char *text;
	int binary;  // power of 1024
	int decimal; // power of 10
};

static const struct suffix suffixes[] = {
	{"", 0, 0},   {"Ki", 1, 0}, {"Mi", 2, 0}, {"Gi", 3, 0},	 {"Ti", 4, 0},	{"Pi", 5, 0},
	{"Ei", 6, 0}, {"n", 0, -9}, {"u", 0, -6}, {"m", 0, -3},	 {"k", 0, 3},	{"M", 0, 6},
	{"G", 0, 9},  {"T", 0, 12}, {"P", 0, 15}, {"E", 0, 18},
};

static bool read_suffix(const char *text, struct suffix *ret)
{
	char *end;
	long exponent;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (!strcmp(text, suffixes[i].text)) {
			*ret = suffixes[i];
			return true;
		}
	if ((*text != 'e' && *text != 'E') || !text[1] || isspace((unsigned char)text[1]))
		return false;
	exponent = strtol(text + 1, &end, 10);
	if (*end || exponent < -30 || exponent > 18)
		return false;
	*ret = (struct suffix){.decimal = (int)exponent};
	return true;
}

// Multiplies within 64 bits.
static bool scale(unsigned __int128 *value, unsigned factor, int times)
{
	for (; times > 0; times--) {
		if (*value > UINT64_MAX)
			return false;
		*value *= factor;
	}
	return true;
}

bool quantity_parse(const char *text, uint64_t *ret)
{
	unsigned __int128 value = 0;
	struct suffix suffix;
	int decimals = 0, digits = 0;
	bool fraction = false;

	if (*text == '+')
		text++;
	for (; isdigit((unsigned char)*text) || (*text == '.' && !fraction); text++) {
		if (*text == '.') {
			fraction = true;
			continue;
		}
		if (value > UINT64_MAX / 10)
			return false;
		value = value * 10 + (unsigned)(*text - '0');
		decimals += fraction;
		digits++;
	}
	if (!digits || !read_suffix(text, &suffix))
		return false;
	if (!scale(&value, 1024, suffix.binary) || !scale(&value, 10, suffix.decimal))
		return false;
	for (int i = decimals + (suffix.decimal < 0 ? -suffix.decimal : 0); i > 0; i--)
		value /= 10;
	if (value > UINT64_MAX)
		return false;
	*ret = (uint64_t)value;
	return true;
}
