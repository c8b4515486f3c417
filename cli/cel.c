// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A recursive descent that evaluates while it reads. Both sides of an operator are always read: a comparison with an absent member is false, where
// CEL would raise an error, so a rule must ask has() first.

#include "cli/cel.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 16

struct reader {
	const char *at;
	yyjson_val *self, *item; // item: of the all() that is being read
	int depth;
	bool failed;
};

static bool read_any(struct reader *reader);

static bool skip(struct reader *reader, const char *token)
{
	size_t len = strlen(token);

	reader->at += strspn(reader->at, " ");
	if (strncmp(reader->at, token, len) != 0)
		return false;
	reader->at += len;
	return true;
}

static void expect(struct reader *reader, const char *token)
{
	reader->failed |= !skip(reader, token);
}

// A word, and not the beginning of a longer one.
static bool skip_word(struct reader *reader, const char *word)
{
	const char *before = reader->at;

	if (skip(reader, word) && !isalnum((unsigned char)*reader->at) && *reader->at != '_')
		return true;
	reader->at = before;
	return false;
}

static yyjson_val *member(yyjson_val *val, const char *name, size_t len)
{
	yyjson_val *found = yyjson_obj_getn(val, name, len);

	return yyjson_is_null(found) ? NULL : found;
}

// self, or item, and the names behind it up to all( or the end.
static yyjson_val *read_path(struct reader *reader)
{
	yyjson_val *val = NULL;

	if (skip_word(reader, "self"))
		val = reader->self;
	else if (skip_word(reader, "item"))
		val = reader->item;
	else
		reader->failed = true;
	while (*reader->at == '.' && strncmp(reader->at, ".all(", strlen(".all(")) != 0) {
		const char *name = ++reader->at;

		while (isalnum((unsigned char)*reader->at) || *reader->at == '_')
			reader->at++;
		reader->failed |= reader->at == name || *reader->at == '(';
		val = member(val, name, (size_t)(reader->at - name));
	}
	return val;
}

// Whether the value is the literal that comes next.
static bool read_equal(struct reader *reader, yyjson_val *val, const int64_t *size)
{
	char *end;
	long long number;

	reader->at += strspn(reader->at, " ");
	if (skip(reader, "'")) {
		const char *text = reader->at;
		size_t len = strcspn(text, "'\\");

		reader->failed |= text[len] != '\'';
		reader->at += len + (text[len] == '\'');
		return yyjson_is_str(val) && yyjson_get_len(val) == len && memcmp(yyjson_get_str(val), text, len) == 0;
	}
	if (skip_word(reader, "true"))
		return yyjson_is_true(val);
	if (skip_word(reader, "false"))
		return yyjson_is_false(val);
	number = strtoll(reader->at, &end, 10);
	reader->failed |= end == reader->at;
	reader->at = end;
	return size ? *size == number : yyjson_is_num(val) && yyjson_get_num(val) == (double)number;
}

static bool read_in(struct reader *reader, yyjson_val *val)
{
	bool found = false;

	expect(reader, "[");
	do
		found |= read_equal(reader, val, NULL);
	while (skip(reader, ",") && !reader->failed);
	expect(reader, "]");
	return found;
}

// What a value is compared with; without a comparison it must be a truth itself.
static bool read_comparison(struct reader *reader, yyjson_val *val, const int64_t *size)
{
	if (skip(reader, "=="))
		return read_equal(reader, val, size);
	if (skip(reader, "!="))
		return !read_equal(reader, val, size);
	if (skip_word(reader, "in"))
		return read_in(reader, val);
	reader->failed |= size != NULL;
	return yyjson_is_true(val);
}

static bool read_all(struct reader *reader, yyjson_val *list)
{
	const char *body;
	bool holds = true;
	size_t index, max;
	yyjson_val *val;

	expect(reader, "item,");
	body = reader->at;
	reader->item = NULL;
	(void)read_any(reader);
	yyjson_arr_foreach(list, index, max, val) {
		reader->at = body;
		reader->item = val;
		holds &= read_any(reader);
	}
	reader->item = NULL;
	expect(reader, ")");
	return holds;
}

static bool read_operand(struct reader *reader)
{
	yyjson_val *val;

	if (skip(reader, "size(")) {
		int64_t size;

		val = read_path(reader);
		size = (int64_t)yyjson_get_len(val);
		expect(reader, ")");
		return read_comparison(reader, NULL, &size);
	}
	val = read_path(reader);
	return skip(reader, ".all(") ? read_all(reader, val) : read_comparison(reader, val, NULL);
}

static bool read_one(struct reader *reader)
{
	bool holds;

	if (skip(reader, "!"))
		return !read_one(reader);
	if (skip(reader, "(")) {
		holds = read_any(reader);
		expect(reader, ")");
		return holds;
	}
	if (skip(reader, "has(")) {
		holds = read_path(reader) != NULL;
		expect(reader, ")");
		return holds;
	}
	if (skip_word(reader, "true"))
		return true;
	return !skip_word(reader, "false") && read_operand(reader);
}

static bool read_every(struct reader *reader)
{
	bool holds = read_one(reader);

	while (!reader->failed && skip(reader, "&&"))
		holds &= read_one(reader);
	return holds;
}

static bool read_any(struct reader *reader)
{
	bool holds = false;

	if (reader->depth++ == MAX_DEPTH)
		reader->failed = true;
	do
		holds |= !reader->failed && read_every(reader);
	while (!reader->failed && skip(reader, "||"));
	reader->depth--;
	return holds;
}

bool cel_evaluate(const char *rule, yyjson_val *self, bool *ret_holds)
{
	struct reader reader = {.at = rule, .self = self};
	bool holds = read_any(&reader);

	if (reader.failed || reader.at[strspn(reader.at, " ")])
		return false;
	if (ret_holds)
		*ret_holds = holds;
	return true;
}
