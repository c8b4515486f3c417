// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/yaml_scalar.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 128

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++) {
		if (strcmp(text, *words) == 0)
			return true;
	}
	return false;
}

static const char *const truths[] = {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", NULL};
static const char *const lies[] = {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", NULL};
static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const beyond[] = {".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", NULL};

static size_t digits(const char *text)
{
	return strspn(text, "0123456789");
}

// The base of a number by its prefix; moves *text past the prefix.
static int base_of(const char **text)
{
	static const struct {
		const char *prefix;
		int base;
	} prefixes[] = {{"0x", 16}, {"0X", 16}, {"0b", 2}, {"0B", 2}, {"0o", 8}, {"0O", 8}};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (strncmp(*text, prefixes[i].prefix, 2) == 0) {
			*text += 2;
			return prefixes[i].base;
		}
	}
	return **text == '0' && (*text)[1] ? 8 : 10;
}

// A whole number in range; NULL: it is none.
static yyjson_mut_val *whole(yyjson_mut_doc *doc, const char *text)
{
	bool negative = *text == '-';
	unsigned long long value;
	char *end;
	int base;

	text += *text == '-' || *text == '+';
	base = base_of(&text);
	if (!isxdigit((unsigned char)*text))
		return NULL;
	errno = 0;
	value = strtoull(text, &end, base);
	if (*end || errno || (negative && value > (unsigned long long)INT64_MAX + 1))
		return NULL;
	return negative ? yyjson_mut_sint(doc, (int64_t)(0 - value)) : yyjson_mut_uint(doc, value);
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
static bool is_float(const char *text)
{
	size_t before, after = 0;

	text += *text == '-' || *text == '+';
	before = digits(text);
	text += before;
	if (*text == '.') {
		after = digits(text + 1);
		text += 1 + after;
	}
	if (before + after == 0)
		return false;
	if (*text == 'e' || *text == 'E') {
		text++;
		text += *text == '-' || *text == '+';
		if (!digits(text))
			return false;
		text += digits(text);
	}
	return *text == '\0';
}

static yyjson_mut_val *number(yyjson_mut_doc *doc, const char *text, size_t len)
{
	char plain[NUMBER_MAX];
	yyjson_mut_val *val;
	size_t n = 0;

	if (len >= sizeof(plain))
		return NULL;
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '_')
			plain[n++] = text[i];
	}
	plain[n] = '\0';
	val = whole(doc, plain);
	return val || !is_float(plain) ? val : yyjson_mut_real(doc, strtod(plain, NULL));
}

// 2025-12-01 is midnight of that day.
static yyjson_mut_val *date(yyjson_mut_doc *doc, const char *text, size_t len)
{
	char time[32] = "0000-00-00T00:00:00Z";

	if (len != 10 || digits(text) != 4 || text[4] != '-' || digits(text + 5) != 2 || text[7] != '-' || digits(text + 8) != 2)
		return NULL;
	memcpy(time, text, len);
	return yyjson_mut_strcpy(doc, time);
}

yyjson_mut_val *yaml_scalar_value(yyjson_mut_doc *doc, const char *text, size_t len)
{
	yyjson_mut_val *val = NULL;
	char word[8];

	if (len < sizeof(word)) {
		memcpy(word, text, len);
		word[len] = '\0';
		if (is_one_of(word, beyond))
			return NULL;
		if (is_one_of(word, nulls))
			return yyjson_mut_null(doc);
		if (is_one_of(word, truths) || is_one_of(word, lies))
			return yyjson_mut_bool(doc, is_one_of(word, truths));
	}
	if (len && (isdigit((unsigned char)*text) || strchr("+-.", *text)))
		val = date(doc, text, len);
	if (!val && len && (isdigit((unsigned char)*text) || strchr("+-.", *text)))
		val = number(doc, text, len);
	return val ? val : yyjson_mut_strncpy(doc, text, len);
}
