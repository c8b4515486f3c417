// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/jsonvalue.h"
#include "cmd/outcome.h"
#include "cmd/plan.h"

static int begin(void **state)
{
	*state = arena_new();
	return 0;
}

static int end(void **state)
{
	arena_free(*state);
	return 0;
}

static struct bolt_value value_of(const char *json, struct arena *arena)
{
	struct bolt_value value;
	struct err err = ERR_INIT;

	assert_int_equal(jsonvalue_parse(json, arena, &value, &err), 0);
	return value;
}

static char *planned(const char *plan, const char *profile, struct arena *arena)
{
	const struct bolt_summary summary = {.plan = value_of(plan, arena), .profile = value_of(profile, arena)};
	struct err err = ERR_INIT;
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	assert_int_equal(plan_print(&summary, file, arena, &err), 0);
	(void)fclose(file);
	return text;
}

static void test_plan(void **state)
{
	_cleanup_free_ char *none = planned("null", "null", *state);
	_cleanup_free_ char *plan = planned("{\"operatorType\":\"ProduceResults@neo4j\",\"identifiers\":[\"n\"],"
					    "\"args\":{\"planner\":\"COST\",\"runtime\":\"SLOTTED\",\"Details\":\"n\",\"EstimatedRows\":9.6},\"children\":["
					    "{\"operatorType\":\"AllNodesScan@neo4j\",\"args\":{\"Details\":\"n\",\"EstimatedRows\":10.0}}]}",
					    "null", *state);

	assert_string_equal(none, "");
	assert_string_equal(plan, "planner COST, runtime SLOTTED\n"
				  "+------------------+---------+----------------+\n"
				  "| plan             | details | estimated rows |\n"
				  "+------------------+---------+----------------+\n"
				  "| + ProduceResults | n       | 10             |\n"
				  "| + AllNodesScan   | n       | 10             |\n"
				  "+------------------+---------+----------------+\n");
}

// What feeds a step besides its first feeder is set in; figures stand in the step or in its arguments; one that nobody has is left out.
static void test_profile(void **state)
{
	_cleanup_free_ char *text = planned(
		"null",
		"{\"operatorType\":\"Apply\",\"args\":{},\"rows\":3,\"dbHits\":0,\"children\":["
		"{\"operatorType\":\"Left\",\"args\":{\"Rows\":2,\"DbHits\":5},\"children\":[{\"operatorType\":\"Argument\",\"args\":{}}]},"
		"{\"operatorType\":\"Cross\",\"args\":{},\"rows\":1,\"children\":[{\"operatorType\":\"A\",\"args\":{}},{\"operatorType\":\"B\",\"args\":{}}]}]}",
		*state);

	assert_string_equal(text, "+------------+------+---------+\n"
				  "| plan       | rows | db hits |\n"
				  "+------------+------+---------+\n"
				  "| + Apply    | 3    | 0       |\n"
				  "| |\\         |      |         |\n"
				  "| | + Cross  | 1    |         |\n"
				  "| | |\\       |      |         |\n"
				  "| | | + B    |      |         |\n"
				  "| | + A      |      |         |\n"
				  "| + Left     | 2    | 5       |\n"
				  "| + Argument |      |         |\n"
				  "+------------+------+---------+\n");
}

// Whatever a server sends for a plan, there is a tree of what can be read of it.
static void test_odd_plans(void **state)
{
	_cleanup_free_ char *list = planned("[1]", "5", *state);
	_cleanup_free_ char *odd = planned("{\"operatorType\":7,\"children\":{},\"args\":[]}", "null", *state);
	_cleanup_free_ char *children = planned("{\"children\":[null,1]}", "null", *state);

	assert_string_equal(list, "");
	assert_string_equal(odd, "+------+\n| plan |\n+------+\n| + ?  |\n+------+\n");
	assert_string_equal(children, "+-------+\n| plan  |\n+-------+\n| + ?   |\n| |\\    |\n| | + ? |\n| + ?   |\n+-------+\n");
}

static struct bolt_summary changed(struct bolt_status *statuses, struct arena *arena)
{
	statuses[0] = (struct bolt_status){.gql_status = "00000", .description = "note: successful completion"};
	statuses[1] = (struct bolt_status){.gql_status = "01N50", .code = "Neo.ClientNotification.Statement.UnknownLabelWarning",
					   .title = "no label", .text = "no\nsuch label", .severity = "WARNING", .classification = "UNRECOGNIZED",
					   .position = value_of("{\"offset\":9,\"line\":1,\"column\":10}", arena), .is_notification = true};
	statuses[2] = (struct bolt_status){.gql_status = "03N60", .description = "info", .position = bolt_null(), .is_notification = true};
	return (struct bolt_summary){.address = "h:1", .server = "Neo4j/5.26.12", .database = "neo4j", .query_type = "w",
				     .counters = {.nodes_created = 2, .properties_set = 1}, .statuses = statuses, .n_statuses = 3,
				     .available_after_ms = 4, .consumed_after_ms = -1};
}

static void test_told(void **state)
{
	struct bolt_status statuses[3];
	const struct bolt_summary summary = changed(statuses, *state), nothing = {0};
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	outcome_tell(&nothing, file, "");
	assert_int_equal(fflush(file), 0);
	assert_int_equal(size, 0);
	outcome_tell(&summary, file, "f, line 2: ");
	(void)fclose(file);
	assert_string_equal(text, "boltq: f, line 2: WARNING: no such label (Neo.ClientNotification.Statement.UnknownLabelWarning, line 1, column 10)\n"
				  "boltq: f, line 2: NOTIFICATION: info (03N60)\n"
				  "nodes created: 2, properties set: 1\n");
	free(text);
}

static void test_written(void **state)
{
	struct bolt_status statuses[3];
	struct bolt_summary summary = changed(statuses, *state);
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	summary.plan = value_of("{\"operatorType\":\"X\"}", *state);
	outcome_write(&summary, 3, 7, file, *state);
	(void)fclose(file);
	assert_string_equal(text,
			    "{\"statement\":3,\"rows\":7,\"type\":\"w\",\"database\":\"neo4j\",\"address\":\"h:1\",\"server\":\"Neo4j/5.26.12\",\"availableAfterMs\":4,"
			    "\"counters\":{\"nodesCreated\":2,\"nodesDeleted\":0,\"relationshipsCreated\":0,\"relationshipsDeleted\":0,\"propertiesSet\":1,"
			    "\"labelsAdded\":0,\"labelsRemoved\":0,\"indexesAdded\":0,\"indexesRemoved\":0,\"constraintsAdded\":0,\"constraintsRemoved\":0,"
			    "\"systemUpdates\":0},\"notifications\":[{\"code\":\"Neo.ClientNotification.Statement.UnknownLabelWarning\",\"gqlStatus\":\"01N50\","
			    "\"title\":\"no label\",\"description\":\"no\\nsuch label\",\"severity\":\"WARNING\",\"classification\":\"UNRECOGNIZED\","
			    "\"position\":{\"offset\":9,\"line\":1,\"column\":10}},{\"gqlStatus\":\"03N60\",\"description\":\"info\"}],"
			    "\"plan\":{\"operatorType\":\"X\"}}\n");
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_plan), TEST(test_profile), TEST(test_odd_plans), TEST(test_told), TEST(test_written)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
