// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A table's columns are as wide as what is in its first rows, which are held back for that; a wider cell later on juts out.

#include "cmd/output.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cmd/jsonvalue.h"

#define HELD_ROWS 1000
#define HELD_MAX ((size_t)4 * 1024 * 1024)

struct output {
	FILE *file;
	enum output_format format;
	const char *const *keys;
	uint32_t n_keys;
	struct arena *arena; // of a row; of a table, of the rows that are held back
	const char **cells;  // of a table
	size_t n_rows;	     // held back
	size_t *widths;	     // NULL until the head is written
};

int output_format_parse(const char *text, enum output_format *ret)
{
	static const char *const names[] = {"table", "json", "csv"};

	for (int i = 0; i < 3; i++) {
		if (strcmp(text, names[i]) == 0) {
			*ret = (enum output_format)i;
			return 0;
		}
	}
	return -1;
}

static void *allocate(size_t n, size_t size)
{
	void *memory = calloc(n ? n : 1, size);

	if (!memory)
		abort();
	return memory;
}

static void csv_cell(FILE *file, const char *text)
{
	if (!text[strcspn(text, ",\"\r\n")]) {
		(void)fputs(text, file);
		return;
	}
	(void)fputc('"', file);
	for (; *text; text++) {
		if (*text == '"')
			(void)fputc('"', file);
		(void)fputc(*text, file);
	}
	(void)fputc('"', file);
}

struct output *output_new(FILE *file, enum output_format format, const char *const *keys, uint32_t n_keys)
{
	struct output *output = allocate(1, sizeof(*output));

	output->file = file;
	output->format = format;
	output->keys = keys;
	output->n_keys = n_keys;
	output->arena = arena_new();
	if (format == OUTPUT_TABLE)
		output->cells = allocate((size_t)HELD_ROWS * n_keys, sizeof(char *));
	for (uint32_t i = 0; format == OUTPUT_CSV && i < n_keys; i++) {
		(void)fputs(i ? "," : "", file);
		csv_cell(file, keys[i]);
	}
	if (format == OUTPUT_CSV && n_keys)
		(void)fputc('\n', file);
	return output;
}

void output_free(struct output *output)
{
	if (!output)
		return;
	arena_free(output->arena);
	free(output->cells);
	free(output->widths);
	free(output);
}

// A row stands on one line; what would move the cursor, or do worse to a terminal, is shown and not sent.
static const char *table_cell(const char *text, struct arena *arena)
{
	static const char special[] = "\n\r\t\b\f", letters[] = "nrtbf";
	char *shown = arena_alloc(arena, 2 * strlen(text) + 1), *to = shown;

	for (; *text; text++) {
		const char *at = strchr(special, *text);

		if (at) {
			*to++ = '\\';
			*to++ = letters[at - special];
		} else {
			*to++ = iscntrl((unsigned char)*text) ? '?' : *text;
		}
	}
	return shown;
}

// In letters, not bytes.
static size_t width_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xC0) != 0x80;
	return n;
}

static void table_line(struct output *output, const char *const *cells)
{
	for (uint32_t i = 0; i < output->n_keys; i++) {
		size_t width = width_of(cells[i]);

		(void)fprintf(output->file, "| %s", cells[i]);
		for (; width < output->widths[i]; width++)
			(void)fputc(' ', output->file);
		(void)fputc(' ', output->file);
	}
	(void)fputs("|\n", output->file);
}

static void table_rule(struct output *output)
{
	for (uint32_t i = 0; i < output->n_keys; i++) {
		(void)fputc('+', output->file);
		for (size_t n = 0; n < output->widths[i] + 2; n++)
			(void)fputc('-', output->file);
	}
	(void)fputs("+\n", output->file);
}

static void table_head(struct output *output)
{
	output->widths = allocate(output->n_keys, sizeof(size_t));
	for (uint32_t i = 0; i < output->n_keys; i++) {
		output->widths[i] = width_of(output->keys[i]);
		for (size_t row = 0; row < output->n_rows; row++) {
			size_t width = width_of(output->cells[row * output->n_keys + i]);

			if (width > output->widths[i])
				output->widths[i] = width;
		}
	}
	table_rule(output);
	table_line(output, output->keys);
	table_rule(output);
	for (size_t row = 0; row < output->n_rows; row++)
		table_line(output, output->cells + row * output->n_keys);
	output->n_rows = 0;
	arena_reset(output->arena);
}

static void table_row(struct output *output, const struct bolt_value *row)
{
	const char **cells = output->cells + output->n_rows * output->n_keys;

	for (uint32_t i = 0; i < output->n_keys; i++) {
		// A copy: the row's own texts do not live as long as a row that is held back.
		cells[i] = table_cell(jsonvalue_text(&row->items[i], output->arena), output->arena);
	}
	if (output->widths) {
		table_line(output, cells);
		arena_reset(output->arena);
		return;
	}
	output->n_rows++;
	if (output->n_rows == HELD_ROWS || arena_used(output->arena) > HELD_MAX)
		table_head(output);
}

static void json_row(struct output *output, const struct bolt_value *row)
{
	yyjson_mut_doc *doc = json_doc_new(output->arena);
	yyjson_mut_val *object = yyjson_mut_obj(doc);

	for (uint32_t i = 0; i < output->n_keys; i++)
		(void)yyjson_mut_obj_add(object, yyjson_mut_str(doc, output->keys[i]), jsonvalue_of(doc, &row->items[i], output->arena));
	yyjson_mut_doc_set_root(doc, object);
	(void)fputs(json_text(output->arena, doc), output->file);
	(void)fputc('\n', output->file);
	arena_reset(output->arena);
}

static void csv_row(struct output *output, const struct bolt_value *row)
{
	for (uint32_t i = 0; i < output->n_keys; i++) {
		(void)fputs(i ? "," : "", output->file);
		csv_cell(output->file, jsonvalue_text(&row->items[i], output->arena));
	}
	(void)fputc('\n', output->file);
	arena_reset(output->arena);
}

void output_row(struct output *output, const struct bolt_value *row)
{
	if (output->format == OUTPUT_TABLE)
		table_row(output, row);
	else if (output->format == OUTPUT_JSON)
		json_row(output, row);
	else
		csv_row(output, row);
}

int output_end(struct output *output, struct err *err)
{
	if (output->format == OUTPUT_TABLE && output->n_keys) {
		if (!output->widths)
			table_head(output);
		table_rule(output);
	}
	if (fflush(output->file) != 0 || ferror(output->file)) {
		(void)err_errno(err, errno, "the output could not be written");
		err->class = ERR_IO;
		return ERR_IO;
	}
	return 0;
}
