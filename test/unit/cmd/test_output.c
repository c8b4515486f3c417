// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/output.h"

static const char *const keys[] = {"name", "n,m"};

// The output of so many rows of a string and a number.
static char *printed(enum output_format format, const char *const *names, size_t n, uint32_t n_keys)
{
	struct err err = ERR_INIT;
	struct output *output;
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	output = output_new(file, format, keys, n_keys);
	for (size_t i = 0; i < n; i++) {
		const struct bolt_value values[] = {bolt_string(names[i]), bolt_int((int64_t)i)}, row = bolt_list(values, 2);

		assert_int_equal(output_row(output, &row, &err), 0);
	}
	assert_int_equal(output_end(output, &err), 0);
	output_free(output);
	output_free(NULL);
	(void)fclose(file);
	return text;
}

static void test_formats(void **state)
{
	static const char *const names[] = {"Ås\"a", "a,b\nc\x1b", ""};
	_cleanup_free_ char *table = printed(OUTPUT_TABLE, names, 3, 2), *json = printed(OUTPUT_JSON, names, 3, 2);
	_cleanup_free_ char *csv = printed(OUTPUT_CSV, names, 3, 2), *none = printed(OUTPUT_TABLE, names, 0, 2);
	_cleanup_free_ char *empty = printed(OUTPUT_TABLE, names, 0, 0), *csv_empty = printed(OUTPUT_CSV, names, 0, 0);

	(void)state;
	assert_string_equal(table, "+---------+-----+\n"
				   "| name    | n,m |\n"
				   "+---------+-----+\n"
				   "| Ås\"a    | 0   |\n"
				   "| a,b\\nc? | 1   |\n"
				   "|         | 2   |\n"
				   "+---------+-----+\n");
	assert_string_equal(json, "{\"name\":\"Ås\\\"a\",\"n,m\":0}\n{\"name\":\"a,b\\nc\\u001B\",\"n,m\":1}\n{\"name\":\"\",\"n,m\":2}\n");
	assert_string_equal(csv, "name,\"n,m\"\n\"Ås\"\"a\",0\n\"a,b\nc\x1b\",1\n\"\",2\n");
	assert_string_equal(none, "+------+-----+\n| name | n,m |\n+------+-----+\n+------+-----+\n");
	assert_string_equal(empty, "");
	assert_string_equal(csv_empty, "");
}

// Null, the empty string and a string with U+0000 are three different things in CSV.
static void test_csv_loses_nothing(void **state)
{
	const struct bolt_value text = {.type = BOLT_STRING, .size = 3, .string = "a\0b"};
	const struct bolt_value values[] = {bolt_null(), bolt_string("")}, more[] = {text, bolt_string("x")};
	const struct bolt_value rows[] = {bolt_list(values, 2), bolt_list(more, 2)};
	struct err err = ERR_INIT;
	struct output *output;
	char *csv = NULL;
	size_t size;
	FILE *file = open_memstream(&csv, &size);

	(void)state;
	output = output_new(file, OUTPUT_CSV, keys, 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(output_row(output, &rows[i], &err), 0);
	assert_int_equal(output_end(output, &err), 0);
	output_free(output);
	(void)fclose(file);
	assert_int_equal(size, strlen("name,\"n,m\"\n,\"\"\n\"a?b\",x\n"));
	assert_memory_equal(csv, "name,\"n,m\"\n,\"\"\n\"a\0b\",x\n", size);
	free(csv);
}

// A row is one map; what Cypher has no expression for is refused, and nothing of its row is written.
static void test_cypher(void **state)
{
	const struct bolt_value values[] = {bolt_string("it's \\ \n"), bolt_float(1)}, bytes[] = {bolt_int(1), bolt_bytes((const unsigned char *)"x", 1)};
	const struct bolt_value rows[] = {bolt_list(values, 2), bolt_list(bytes, 2)};
	struct err err = ERR_INIT;
	struct output *output;
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	output = output_new(file, OUTPUT_CYPHER, keys, 2);
	assert_int_equal(output_row(output, &rows[0], &err), 0);
	assert_int_equal(output_row(output, &rows[1], &err), ERR_INVALID);
	assert_non_null(strstr(err.text, "bytes"));
	err_clear(&err);
	assert_int_equal(output_end(output, &err), 0);
	output_free(output);
	(void)fclose(file);
	assert_string_equal(text, "{`name`: 'it\\'s \\\\ \\u000A', `n,m`: 1.0}\n");
	free(text);
}

// No character of a name can end it: the server makes characters of \uXXXX before it reads names.
static void test_cypher_names(void **state)
{
	static const char *const odd[] = {"a`b", "c\\u0060: 1}) DETACH DELETE n //", "d\\\\u0060\\"};
	const struct bolt_entry entry = {"\\u0060", bolt_string("\\u0060")};
	const struct bolt_value values[] = {bolt_int(1), bolt_map(&entry, 1), bolt_int(3)};
	const struct bolt_value row = bolt_list(values, 3);
	struct err err = ERR_INIT;
	struct output *output;
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	output = output_new(file, OUTPUT_CYPHER, odd, 3);
	assert_int_equal(output_row(output, &row, &err), 0);
	assert_int_equal(output_end(output, &err), 0);
	output_free(output);
	(void)fclose(file);
	assert_string_equal(text, "{`a``b`: 1, `c\\u005Cu0060: 1}) DETACH DELETE n //`: {`\\u005Cu0060`: '\\\\u0060'}, `d\\u005C\\u005Cu0060\\u005C`: 3}\n");
	free(text);
}

// A table holds back its first thousand rows for the widths and no more.
static void test_long_table(void **state)
{
	static const char *names[1002];
	_cleanup_free_ char *text = NULL;

	(void)state;
	for (int i = 0; i < 1002; i++)
		names[i] = i < 1001 ? "ab" : "much wider than the rest";
	text = printed(OUTPUT_TABLE, names, 1002, 2);
	assert_non_null(strstr(text, "| ab   | 999 |\n| ab   | 1000 |\n| much wider than the rest | 1001 |\n+------+-----+\n"));
}

static void test_parse(void **state)
{
	enum output_format format;

	(void)state;
	assert_int_equal(output_format_parse("csv", &format), 0);
	assert_int_equal(format, OUTPUT_CSV);
	assert_int_equal(output_format_parse("xml", &format), -1);
}

// A full disk is told.
static void test_unwritten(void **state)
{
	const struct bolt_value values[] = {bolt_string("x"), bolt_int(1)}, row = bolt_list(values, 2);
	struct err err = ERR_INIT;
	FILE *full = fopen("/dev/full", "w");
	struct output *output;

	(void)state;
	assert_non_null(full);
	output = output_new(full, OUTPUT_JSON, keys, 2);
	assert_int_equal(output_row(output, &row, &err), 0);
	assert_int_equal(output_end(output, &err), ERR_IO);
	assert_non_null(strstr(err.text, "could not be written"));
	output_free(output);
	(void)fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_csv_loses_nothing),
		cmocka_unit_test(test_cypher),
		cmocka_unit_test(test_cypher_names),
		cmocka_unit_test(test_long_table),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_unwritten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
