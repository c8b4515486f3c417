// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A table's columns are as wide as what is in its first rows, which are held back for that; a wider cell later on juts out.

#include "cmd/output.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cmd/expression.h"
#include "cmd/jsonvalue.h"

#define HELD_ROWS 1000
#define HELD_MAX ((size_t)4 * 1024 * 1024)
#define ROW_MAX ((size_t)256 * 1024 * 1024)

struct output {
	FILE *file;
	enum output_format format;
	const char *const *keys;
	uint32_t n_keys;
	const char *null; // of CSV; NULL: nothing
	struct arena *arena; // of a row; of a table, of the rows that are held back
	const char **cells;  // of a table
	size_t n_rows;	     // held back
	size_t *widths;	     // NULL until the head is written
};

int output_format_parse(const char *text, enum output_format *ret)
{
	static const char *const names[] = {"table", "json", "csv", "cypher"};

	for (int i = 0; i < 4; i++) {
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

// A text may hold U+0000.
static void csv_cell(FILE *file, const char *text, size_t size, bool quoted)
{
	for (size_t i = 0; i < size && !quoted; i++)
		quoted = strchr(",\"\r\n", text[i]) != NULL; // and the end of that list, U+0000
	if (quoted)
		(void)fputc('"', file);
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '"')
			(void)fputc('"', file);
		(void)fputc(text[i], file);
	}
	if (quoted)
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
		csv_cell(file, keys[i], strlen(keys[i]), false);
	}
	if (format == OUTPUT_CSV && n_keys)
		(void)fputc('\n', file);
	return output;
}

void output_null(struct output *output, const char *text)
{
	output->null = text;
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
static const char *table_cell(const char *text, size_t size, struct arena *arena)
{
	static const char special[] = "\n\r\t\b\f", letters[] = "nrtbf0"; // the last is U+0000's
	char *shown = arena_alloc(arena, 2 * size + 1), *to = shown;

	for (size_t i = 0; i < size; i++) {
		const char *at = strchr(special, text[i]);

		if (at) {
			*to++ = '\\';
			*to++ = letters[at - special];
		} else {
			*to++ = iscntrl((unsigned char)text[i]) ? '?' : text[i];
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
		size_t size;
		const char *text = jsonvalue_text(&row->items[i], output->arena, &size);

		// A copy: the row's own texts do not live as long as a row that is held back.
		cells[i] = table_cell(text, size, output->arena);
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

// A string that is empty, or reads as null does, is quoted: neither is taken for null, nor a line of it for none.
static void csv_value(struct output *output, const struct bolt_value *value)
{
	const char *null = output->null ? output->null : "";
	size_t size;
	const char *text = jsonvalue_text(value, output->arena, &size);

	if (value->type == BOLT_NULL)
		(void)fputs(null, output->file);
	else
		csv_cell(output->file, text, size, value->type == BOLT_STRING && (size == 0 || (size == strlen(null) && memcmp(text, null, size) == 0)));
}

static void csv_row(struct output *output, const struct bolt_value *row)
{
	for (uint32_t i = 0; i < output->n_keys; i++) {
		(void)fputs(i ? "," : "", output->file);
		csv_value(output, &row->items[i]);
	}
	(void)fputc('\n', output->file);
	arena_reset(output->arena);
}

static int cypher_row(struct output *output, const struct bolt_value *row, struct err *err)
{
	_cleanup_buf_ struct buf line = BUF_INIT(ROW_MAX);

	buf_addc(&line, '{');
	for (uint32_t i = 0; i < output->n_keys; i++) {
		buf_add(&line, i ? ", " : "");
		expression_add_name(&line, output->keys[i]);
		buf_add(&line, ": ");
		if (expression_add(&line, &row->items[i], err) < 0)
			return err->class;
	}
	buf_add(&line, "}\n");
	(void)fwrite(line.data, 1, line.len, output->file);
	return 0;
}

int output_row(struct output *output, const struct bolt_value *row, struct err *err)
{
	switch (output->format) {
	case OUTPUT_TABLE:
		table_row(output, row);
		return 0;
	case OUTPUT_JSON:
		json_row(output, row);
		return 0;
	case OUTPUT_CSV:
		csv_row(output, row);
		return 0;
	case OUTPUT_CYPHER:
		break;
	}
	return cypher_row(output, row, err);
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
