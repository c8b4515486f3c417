// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// test/unit/neo4j/test_verdicts.c compares this, value by value, with the servers' own classes.

#include "neo4j/conf_value.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 64
#define GREATEST 9223372036854775807.0

static bool is_blank(char c)
{
	return (unsigned char)c <= ' ';
}

// Without the blanks that the server trims at both ends.
static size_t trim(const char **text)
{
	size_t len;

	while (**text && is_blank(**text))
		++*text;
	len = strlen(*text);
	while (len && is_blank((*text)[len - 1]))
		len--;
	return len;
}

// Whether there is a comma followed by a digit.
static bool is_comma(const char *text, size_t len, size_t at)
{
	return text[at] == ',' && at + 1 < len && isdigit((unsigned char)text[at + 1]);
}

// The end of the exponent that begins here; the same place when there is none.
static size_t exponent_end(const char *text, size_t len, size_t at)
{
	size_t end = at + 1;

	if (end >= len || text[at] != 'E')
		return at;
	end += text[end] == '-';
	if (end >= len || !isdigit((unsigned char)text[end]))
		return at;
	while (end < len && isdigit((unsigned char)text[end]))
		end++;
	return end;
}

// The number at the beginning of a size, without its commas; returns its length in the text, 0: none. whole: it has neither fraction nor
// exponent.
static size_t read_number(const char *text, size_t len, char number[static NUMBER_MAX], bool *ret_whole)
{
	size_t n = 0, i = 0, digits = 0, end;

	*ret_whole = true;
	for (; i < len && n < NUMBER_MAX - 1; i++) {
		bool digit = isdigit((unsigned char)text[i]);

		if (*ret_whole && is_comma(text, len, i))
			continue;
		if (!digit && !(text[i] == '.' && *ret_whole))
			break;
		*ret_whole = *ret_whole && digit;
		digits += digit;
		number[n++] = text[i];
	}
	end = digits ? exponent_end(text, len, i) : i;
	*ret_whole = *ret_whole && end == i;
	for (; i < end && n < NUMBER_MAX - 1; i++)
		number[n++] = text[i];
	number[n] = '\0';
	return digits && n < NUMBER_MAX - 1 ? i : 0;
}

// The power of 1024; -1 when it is no unit.
static int power_of(const char *unit, size_t len)
{
	static const struct {
		const char *name;
		int power;
	} units[] = {
		{"B", 0},   {"KiB", 1}, {"KB", 1}, {"K", 1},	 {"kB", 1},	 {"kb", 1},  {"k", 1},	 {"MiB", 2}, {"MB", 2},
		{"M", 2},   {"mB", 2},	{"mb", 2}, {"m", 2},	 {"GiB", 3}, {"GB", 3}, {"G", 3},	 {"gB", 3},	 {"gb", 3},
		{"g", 3},   {"TiB", 4}, {"TB", 4}, {"PiB", 5}, {"PB", 5},	 {"EiB", 6}, {"EB", 6},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i].name) == len && !memcmp(units[i].name, unit, len))
			return units[i].power;
	return -1;
}

bool conf_value_size(const char *text, uint64_t *ret)
{
	char number[NUMBER_MAX];
	size_t len = trim(&text), used, unit;
	bool whole;
	double bytes;
	int power = 0;

	used = read_number(text, len, number, &whole);
	if (!used)
		return false;
	bytes = strtod(number, NULL);
	while (used < len && is_blank(text[used]))
		used++;
	for (unit = used; unit < len && !is_blank(text[unit]); unit++)
		;
	if (unit > used)
		power = power_of(text + used, unit - used);
	if (power < 0)
		return false;
	for (int i = 0; i < power; i++)
		bytes *= 1024;
	if (bytes > GREATEST)
		return false;
	// Beyond 53 bits only a number without a unit is exact.
	*ret = whole && unit == used ? strtoull(number, NULL, 10) : bytes >= GREATEST ? (uint64_t)INT64_MAX : (uint64_t)bytes;
	if (*ret > INT64_MAX)
		*ret = INT64_MAX;
	return true;
}

// Nanoseconds of a unit of time; 0 when it is no unit.
static int64_t nanoseconds_of(const char *unit, size_t len)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
		{"ns", 1},
		{"us", 1000},
		{"\xce\xbcs", 1000}, // with a Greek mu
		{"ms", INT64_C(1000000)},
		{"s", INT64_C(1000000000)},
		{"m", INT64_C(60000000000)},
		{"h", INT64_C(3600000000000)},
		{"d", INT64_C(86400000000000)},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i].name) == len && !strncasecmp(units[i].name, unit, len))
			return units[i].ns;
	return 0;
}

// Reads at most as many digits as a Java long has.
static bool read_amount(const char *text, size_t len, int64_t *ret)
{
	char *end;
	long long amount = strtoll(text, &end, 10);

	*ret = amount;
	return len > 0 && len <= 18 && end == text + len && amount <= INT_MAX;
}

bool conf_value_duration(const char *text, int64_t *ret_ms)
{
	size_t len = trim(&text), i = 0, digits = 0;
	int64_t amount, unit, sum = 0, part;

	while (digits < len && isdigit((unsigned char)text[digits]))
		digits++;
	if (digits == len) {
		if (!read_amount(text, len, &amount))
			return false;
		*ret_ms = amount * 1000;
		return true;
	}
	while (i < len) {
		size_t begin = i, letters;

		while (i < len && isdigit((unsigned char)text[i]))
			i++;
		letters = i;
		while (i < len && !isdigit((unsigned char)text[i]))
			i++;
		unit = nanoseconds_of(text + letters, i - letters);
		if (!unit || !read_amount(text + begin, letters - begin, &amount))
			return false;
		if (__builtin_mul_overflow(amount, unit, &part))
			part = INT64_MAX;
		if (__builtin_add_overflow(sum, part, &sum))
			return false;
	}
	*ret_ms = sum / 1000000;
	return true;
}

bool conf_value_bool(const char *text, bool *ret)
{
	size_t len = trim(&text);

	*ret = len == 4 && !strncasecmp(text, "true", 4);
	return *ret || (len == 5 && !strncasecmp(text, "false", 5));
}

bool conf_value_integer(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	size_t len = trim(&text), i = *text == '+' || *text == '-';
	bool negative = *text == '-';
	int64_t value = 0;

	if (i >= len)
		return false;
	for (; i < len; i++) {
		if (!isdigit((unsigned char)text[i]) || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, text[i] - '0', &value))
			return false;
	}
	if (!negative && value == INT64_MIN)
		return false;
	*ret = negative ? value : -value;
	return *ret >= min && *ret <= max;
}

// A port consists of digits only; the server refuses a number that is too large for it.
static bool read_port(const char *text, size_t len, int *ret)
{
	int64_t port;

	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)text[i]))
			return false;
	if (!len || !read_amount(text, len, &port))
		return false;
	*ret = (int)port;
	return true;
}

static bool has_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (is_blank(text[i]))
			return true;
	return false;
}

static size_t count_colons(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == ':';
	return n;
}

// The place of the port's colon: the last one, when a host or nothing stands before it; len: there is no port.
static size_t find_port(const char *text, size_t len, int *ret_port)
{
	size_t colon = len;

	while (colon > 0 && text[colon - 1] != ':')
		colon--;
	if (!colon--)
		return len;
	if (colon && text[colon - 1] == ':' && !(colon > 1 && text[colon - 2] == ':'))
		return len; // "2001:db8::1" is all host
	return read_port(text + colon + 1, len - colon - 1, ret_port) ? colon : len;
}

static bool is_bracketed(const char *text, size_t len)
{
	return *text == '[' && len > 2 && text[len - 1] == ']';
}

bool conf_value_address(const char *text, bool brackets, struct arena *arena, struct conf_address *ret)
{
	size_t len = trim(&text), colon;

	*ret = (struct conf_address){.port = -1};
	if (!len || has_blank(text, len) || strstr(text, "://"))
		return false;
	colon = find_port(text, len, &ret->port);
	if (colon == 0)
		return true;
	if (colon == len && count_colons(text, len) == 1 && (len == 1 || text[len - 1] != ':'))
		return false; // the port is no number
	if (is_bracketed(text, colon) && (colon < len || brackets))
		text++, colon -= 2;
	if (memchr(text, '[', colon) || memchr(text, ']', colon))
		return false;
	ret->host = arena_memdup0(arena, text, colon);
	return true;
}
