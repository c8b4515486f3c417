// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/link.h"
#include "bolt/structure.h"
#include "test/interop/interop.h"

#define TEXT_MAX ((size_t)64 * 1024 * 1024)

static FILE *open_in(const char *name, const char *mode)
{
	char path[512];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", server.dir, name);
	file = fopen(path, mode);
	assert_non_null(file);
	return file;
}

// A line for test/interop/table.py.
static void keep(FILE *file, const char *name, const struct buf *value)
{
	_cleanup_buf_ struct buf line = BUF_INIT(TEXT_MAX);

	buf_add(&line, "{\"name\":");
	dump_string(&line, name, strlen(name));
	buf_addf(&line, ",\"value\":%s}\n", buf_str(value));
	assert_false(line.overflow);
	assert_true(fputs(line.data, file) >= 0);
}

static void assert_same(const char *name, const struct bolt_value *sent, const struct bolt_value *came)
{
	_cleanup_buf_ struct buf one = BUF_INIT(TEXT_MAX);
	_cleanup_buf_ struct buf two = BUF_INIT(TEXT_MAX);

	dump(&one, sent);
	dump(&two, came);
	assert_false(one.overflow || two.overflow);
	if (strcmp(one.data, two.data) != 0)
		fail_msg("%s: %.200s was sent, %.200s came back", name, one.data, two.data);
}

static void test_agreed(void **state)
{
	struct test *test = *state;
	struct bolt_server_info info;
	char agent[64];

	MUST(bolt_driver_verify(test->driver, NULL, limit(), test->arena, &info, &test->err));
	(void)snprintf(agent, sizeof(agent), "Neo4j/%s", server.release);
	assert_string_equal(info.agent, agent);
	assert_int_equal(info.major, server.major);
	assert_int_equal(info.minor, server.minor);
	assert_string_equal(info.address, server.uri + strlen("bolt://"));
}

static void test_round_trips(void **state)
{
	struct test *test = *state;
	struct samples samples = samples_of(test);

	assert_true(samples.n > 150);
	for (size_t i = 0; i < samples.n; i++) {
		const struct bolt_entry entry = {"v", samples.items[i].value};
		const struct bolt_value params = bolt_map(&entry, 1);
		struct bolt_value rows;

		server.doing = samples.items[i].name;
		rows = run(test, "RETURN $v AS v", &params);
		assert_int_equal(rows.size, 1);
		assert_same(samples.items[i].name, &samples.items[i].value, cell(&rows, 0, 0));
	}
}

static void test_texts(void **state)
{
	struct test *test = *state;
	struct samples samples = samples_of(test);

	for (size_t i = 0; i < samples.n; i++) {
		const struct bolt_entry entry = {"v", samples.items[i].value};
		const struct bolt_value params = bolt_map(&entry, 1);
		struct bolt_value rows;

		if (!samples.items[i].text)
			continue;
		server.doing = samples.items[i].name;
		rows = run(test, "RETURN toString($v) AS v", &params);
		assert_non_null(bolt_as_string(cell(&rows, 0, 0)));
		if (strcmp(bolt_as_string(cell(&rows, 0, 0)), samples.items[i].text) != 0)
			fail_msg("%s: the server understood %.200s", samples.items[i].name, bolt_as_string(cell(&rows, 0, 0)));
	}
}

// A stored value comes back the same, and stays for the other driver.
static void test_stored(void **state)
{
	struct test *test = *state;
	struct samples samples = samples_of(test);
	_cleanup_(fclosep) FILE *file = open_in("samples.jsonl", "we");

	(void)run(test, "MATCH (s:Sample) DELETE s", NULL);
	for (size_t i = 0; i < samples.n; i++) {
		const struct sample *sample = &samples.items[i];
		const struct bolt_entry entries[] = {{"name", bolt_string(sample->name)}, {"v", sample->value}, {"ours", bolt_bool(sample->ours)}};
		const struct bolt_value params = bolt_map(entries, 3);
		struct bolt_value rows;
		_cleanup_buf_ struct buf text = BUF_INIT(TEXT_MAX);

		if (!sample->storable)
			continue;
		server.doing = sample->name;
		(void)run(test, "CREATE (:Sample {name: $name, value: $v, ours: $ours})", &params);
		rows = run(test, "MATCH (s:Sample {name: $name}) RETURN s.value", &params);
		assert_same(sample->name, &sample->value, cell(&rows, 0, 0));
		dump(&text, cell(&rows, 0, 0));
		if (!sample->ours)
			keep(file, sample->name, &text);
	}
}

static void test_table(void **state)
{
	struct test *test = *state;
	_cleanup_(fclosep) FILE *table = open_in("table.txt", "re");
	_cleanup_(fclosep) FILE *file = open_in("table.jsonl", "we");
	char query[1024];
	unsigned n = 0;

	(void)run(test, "MATCH (n:Station) DETACH DELETE n", NULL);
	(void)run(test, "CREATE (a:Station:Terminus {name: 'A', at: point({x: 1, y: 2}), since: date('1999-12-31')}), "
			"(b:Station {name: 'B', lines: [1, 2]}), (c:Station {name: 'C'}), (a)-[:LINE {minutes: 7.5}]->(b), "
			"(c)-[:LINE {minutes: 9}]->(b), (a)-[:LOOP]->(a)", NULL);
	while (fgets(query, sizeof(query), table)) {
		_cleanup_buf_ struct buf text = BUF_INIT(TEXT_MAX);
		struct bolt_value rows;

		query[strcspn(query, "\n")] = '\0';
		rows = run(test, query, NULL);
		assert_true(rows.size > 0);
		dump(&text, &rows);
		keep(file, query, &text);
		n++;
	}
	assert_true(n > 20);
}

static void test_graph(void **state)
{
	struct test *test = *state;
	// 4.4 has only numbers.
	const char *of = speaks(5, 0) ? "elementId" : "toString(id", *end_of = speaks(5, 0) ? "" : ")";
	struct bolt_value rows;
	struct bolt_node node, end;
	struct bolt_relationship relationship;
	struct bolt_path path;
	struct bolt_step step;

	(void)run(test, "MATCH (n:Graph) DETACH DELETE n", NULL);
	rows = run(test, arena_printf(test->arena, "CREATE p = (a:Graph:Zoo {n: 1})-[r:KNOWS {since: 2}]->(b:Graph {n: 2})<-[s:LIKES]-(c:Graph {n: 3}) "
			 "RETURN a, r, b, p, %s(a)%s, %s(r)%s, id(a), id(r)", of, end_of, of, end_of), NULL);
	assert_true(bolt_as_node(cell(&rows, 0, 0), &node));
	assert_int_equal(node.labels->size, 2);
	assert_int_equal(bolt_as_int(bolt_map_get(node.properties, "n"), -1), 1);
	assert_string_equal(node.element_id, bolt_as_string(cell(&rows, 0, 4)));
	assert_int_equal(node.id, bolt_as_int(cell(&rows, 0, 6), -2));
	assert_true(bolt_as_relationship(cell(&rows, 0, 1), &relationship));
	assert_string_equal(relationship.type, "KNOWS");
	assert_string_equal(relationship.element_id, bolt_as_string(cell(&rows, 0, 5)));
	assert_int_equal(relationship.id, bolt_as_int(cell(&rows, 0, 7), -2));
	assert_true(bolt_as_node(cell(&rows, 0, 2), &end));
	assert_string_equal(relationship.start_element_id, node.element_id);
	assert_string_equal(relationship.end_element_id, end.element_id);
	assert_int_equal(relationship.start_id, node.id);
	assert_true(bolt_as_path(cell(&rows, 0, 3), &path));
	assert_int_equal(path.length, 2);
	bolt_path_step(&path, 1, &step);
	assert_string_equal(step.from.element_id, end.element_id);
	assert_int_equal(bolt_as_int(bolt_map_get(step.to.properties, "n"), -1), 3);
	assert_string_equal(step.relationship.type, "LIKES");
	assert_string_equal(step.relationship.start_element_id, step.to.element_id);
}

// A value that cannot be sent is refused before anything goes out, and the session lives.
static void test_unsendable(void **state)
{
	struct test *test = *state;
	const struct bolt_value vector = bolt_from_floats((double[]){1, 2}, 2, test->arena);
	const struct bolt_entry entry = {"v", vector};
	const struct bolt_value params = bolt_map(&entry, 1);
	struct bolt_result *result;
	struct bolt_value rows;

	if (speaks(6, 0))
		return; // test_round_trips sends them
	FAILS(ERR_INVALID, NULL, bolt_session_run(test->session, &(struct bolt_statement){.text = "RETURN $v", .params = &params}, limit(),
						  &result, &test->err));
	rows = run(test, "RETURN 1", NULL);
	assert_int_equal(bolt_as_int(cell(&rows, 0, 0), -1), 1);
}

TESTS(tests_values, TEST(test_agreed), TEST(test_round_trips), TEST(test_texts), TEST(test_stored), TEST(test_table), TEST(test_graph),
      TEST(test_unsendable));
