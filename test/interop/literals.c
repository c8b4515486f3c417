// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// boltq prints a value, the test puts the print back, and the server has the same value again (M13).

#include <stdlib.h>

#include "bolt/structure.h"
#include "cmd/expression.h"
#include "cmd/isotime.h"
#include "cmd/jsonvalue.h"
#include "cmd/zone.h"
#include "test/interop/interop.h"

#define TEXT_MAX ((size_t)64 * 1024 * 1024)
// The parser of Cypher needs minutes for an expression of some hundred thousand parts.
#define LITERAL_MAX ((size_t)100 * 1024)

static void assert_same(const char *name, const struct bolt_value *printed, const struct bolt_value *came)
{
	_cleanup_buf_ struct buf one = BUF_INIT(TEXT_MAX);
	_cleanup_buf_ struct buf two = BUF_INIT(TEXT_MAX);

	dump(&one, printed);
	dump(&two, came);
	assert_false(one.overflow || two.overflow);
	if (strcmp(one.data, two.data) != 0)
		fail_msg("%s: %.200s was printed, %.200s came back", name, one.data, two.data);
}

static bool holds(const struct bolt_value *v, enum bolt_type type)
{
	for (uint32_t i = 0; v->type == BOLT_LIST && i < v->size; i++) {
		if (holds(&v->items[i], type))
			return true;
	}
	for (uint32_t i = 0; v->type == BOLT_MAP && i < v->size; i++) {
		if (holds(&v->entries[i].value, type))
			return true;
	}
	return v->type == type;
}

// Vectors came with Cypher 25, which must be asked for.
static const char *prefix(void)
{
	return speaks(6, 0) ? "CYPHER 25 " : "";
}

// As --format cypher prints it.
static void check_literal(struct test *test, const char *name, const struct bolt_value *value)
{
	_cleanup_buf_ struct buf query = BUF_INIT(TEXT_MAX);
	struct bolt_value rows;

	server.doing = name;
	buf_addf(&query, "%sRETURN ", prefix());
	if (holds(value, BOLT_BYTES)) {
		assert_int_equal(expression_add(&query, value, &test->err), ERR_INVALID);
		err_clear(&test->err);
		return;
	}
	MUST(expression_add(&query, value, &test->err));
	buf_add(&query, " AS v");
	if (query.len > LITERAL_MAX)
		return;
	rows = run(test, buf_str(&query), NULL);
	assert_int_equal(rows.size, 1);
	assert_same(name, value, cell(&rows, 0, 0));
}

static void test_literals(void **state)
{
	struct test *test = *state;
	struct samples samples = samples_of(test);

	for (size_t i = 0; i < samples.n; i++)
		check_literal(test, samples.items[i].name, &samples.items[i].value);
}

static const char *function_of(const struct bolt_value *value)
{
	struct bolt_date_time date_time;
	struct bolt_duration duration;
	struct bolt_point point;
	struct bolt_date date;
	struct bolt_time time;

	if (bolt_as_date(value, &date))
		return "date";
	if (bolt_as_time(value, &time))
		return time.local ? "localtime" : "time";
	if (bolt_as_date_time(value, &date_time))
		return date_time.local ? "localdatetime" : "datetime";
	if (bolt_as_duration(value, &duration))
		return "duration";
	return bolt_as_point(value, &point) ? "point" : NULL;
}

static bool odd_offset(const struct bolt_value *value)
{
	struct bolt_date_time date_time;
	struct bolt_time time;

	return (bolt_as_time(value, &time) && time.offset_s % 60) ||
	       (bolt_as_date_time(value, &date_time) && !date_time.zone && date_time.offset_s % 60);
}

// As JSON, put back by --param and the function of the type.
static void test_json(void **state)
{
	struct test *test = *state;
	struct samples samples = samples_of(test);

	zone_begin();
	for (size_t i = 0; i < samples.n; i++) {
		const struct bolt_value *value = &samples.items[i].value;
		const char *function = function_of(value), *text;
		struct bolt_entry entry = {.key = "v"};
		const struct bolt_value params = bolt_map(&entry, 1);
		struct bolt_value rows;
		size_t size;

		// No function of Cypher reads an offset with seconds from a text.
		if (!function || odd_offset(value))
			continue;
		server.doing = samples.items[i].name;
		text = jsonvalue_text(value, test->arena, &size);
		if (strcmp(function, "point") != 0)
			entry.value = bolt_string(text);
		else
			MUST(jsonvalue_parse(text, test->arena, &entry.value, &test->err));
		rows = run(test, arena_printf(test->arena, "RETURN %s($v) AS v", function), &params);
		assert_int_equal(rows.size, 1);
		assert_same(samples.items[i].name, value, cell(&rows, 0, 0));
	}
}

// The answers of queries: each of table.txt that has no nodes and relationships.
static void test_answers(void **state)
{
	struct test *test = *state;
	char path[512], query[1024];
	FILE *table;
	unsigned n = 0;

	(void)snprintf(path, sizeof(path), "%s/table.txt", server.dir);
	table = fopen(path, "re");
	assert_non_null(table);
	while (fgets(query, sizeof(query), table)) {
		struct bolt_value rows;

		query[strcspn(query, "\n")] = '\0';
		if (strncmp(query, "RETURN", strlen("RETURN")) != 0)
			continue;
		rows = run(test, query, NULL);
		check_literal(test, query, cell(&rows, 0, 0));
		n++;
	}
	(void)fclose(table);
	assert_true(n > 10);
}

TESTS(tests_literals, TEST(test_literals), TEST(test_json), TEST(test_answers));
