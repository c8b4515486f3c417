// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// libfyaml can write YAML, too, but leaves words such as "yes" bare, which a reader of version 1.1 takes for true.

#include "cli/yaml_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"

static bool is_word_of_its_own(const char *text)
{
	static const char *const words[] = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

// It begins with a letter, and nothing in it has a meaning in YAML.
static bool is_plain(const char *text, size_t len)
{
	if (!len || !isalpha((unsigned char)*text) || is_word_of_its_own(text) || text[len - 1] == ' ')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr(" ./_-", text[i]))
			return false;
	}
	return strlen(text) == len;
}

// Several lines that survive being indented: no space at the beginning of the text or at the end of a line, and nothing that needs an escape.
static bool is_block(const char *text, size_t len)
{
	if (!memchr(text, '\n', len) || strlen(text) != len || isspace((unsigned char)*text))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (((unsigned char)text[i] < ' ' && text[i] != '\n' && text[i] != '\t') || text[i] == 0x7f || (text[i] == '\n' && i > 0 && text[i - 1] == ' '))
			return false;
		if ((unsigned char)text[i] >= 0x80)
			return false;
	}
	return text[len - 1] != ' ';
}

static void write_indent(int depth, FILE *out)
{
	(void)fprintf(out, "%*s", 2 * depth, "");
}

static void write_block(const char *text, size_t len, int depth, FILE *out)
{
	bool ends = text[len - 1] == '\n', more = ends && len > 1 && text[len - 2] == '\n';

	(void)fputs(more ? "|+\n" : ends ? "|\n" : "|-\n", out);
	while (*text) {
		size_t line = strcspn(text, "\n");

		if (line)
			write_indent(depth, out);
		(void)fprintf(out, "%.*s\n", (int)line, text);
		text += line + (text[line] != '\0');
	}
}

static void write_quoted(yyjson_val *val, FILE *out)
{
	char *text = yyjson_val_write(val, YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL);

	(void)fputs(text ? text : "null", out);
	free(text);
}

static void write_scalar(yyjson_val *val, int depth, FILE *out)
{
	const char *text = yyjson_get_str(val);
	size_t len = yyjson_get_len(val);

	if (text && is_block(text, len)) {
		write_block(text, len, depth, out);
		return;
	}
	if (text && is_plain(text, len))
		(void)fputs(text, out);
	else
		write_quoted(val, out);
	(void)fputc('\n', out);
}

static bool is_nested(yyjson_val *val)
{
	return (yyjson_is_obj(val) && yyjson_obj_size(val)) || (yyjson_is_arr(val) && yyjson_arr_size(val));
}

static void write_value(yyjson_val *val, int depth, bool inline_first, FILE *out);

static void write_key(yyjson_val *key, FILE *out)
{
	if (is_plain(yyjson_get_str(key), yyjson_get_len(key)))
		(void)fputs(yyjson_get_str(key), out);
	else
		write_quoted(key, out);
	(void)fputc(':', out);
}

static void write_map(yyjson_val *map, int depth, bool inline_first, FILE *out)
{
	size_t index, max;
	yyjson_val *key, *val;

	yyjson_obj_foreach(json_members(map), index, max, key, val) {
		if (index || !inline_first)
			write_indent(depth, out);
		write_key(key, out);
		(void)fputc(is_nested(val) ? '\n' : ' ', out);
		// A list stands under its key without further indentation.
		write_value(val, depth + !(yyjson_is_arr(val) && is_nested(val)), false, out);
	}
}

static void write_list(yyjson_val *list, int depth, bool inline_first, FILE *out)
{
	size_t index, max;
	yyjson_val *val;

	yyjson_arr_foreach(list, index, max, val) {
		if (index || !inline_first)
			write_indent(depth, out);
		(void)fputs("- ", out);
		write_value(val, depth + 1, true, out);
	}
}

static void write_value(yyjson_val *val, int depth, bool inline_first, FILE *out)
{
	if (yyjson_is_obj(val) && is_nested(val))
		write_map(val, depth, inline_first, out);
	else if (is_nested(val))
		write_list(val, depth, inline_first, out);
	else
		write_scalar(val, depth, out);
}

void yaml_text_write(yyjson_val *val, FILE *out)
{
	write_value(val, 0, false, out);
}
