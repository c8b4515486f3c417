// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bolt/summary_read.h"

static struct bolt_value map_of(struct arena *arena, const struct bolt_entry *entries, uint32_t n)
{
	struct bolt_entry *kept = arena_new_array(arena, struct bolt_entry, n);

	if (n)
		memcpy(kept, entries, n * sizeof(*kept));
	return bolt_map(kept, n);
}
#define MAP(arena, ...)                                                                                            \
	map_of((arena), (const struct bolt_entry[]){__VA_ARGS__},                                                  \
	       sizeof((const struct bolt_entry[]){__VA_ARGS__}) / sizeof(struct bolt_entry))

static void test_counters(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct bolt_value none = bolt_map(NULL, 0), some = MAP(arena, {"nodes-created", bolt_int(2)}, {"labels-removed", bolt_int(1)});
	const struct bolt_value system = MAP(arena, {"system-updates", bolt_int(3)});
	const struct bolt_value said = MAP(arena, {"nodes-created", bolt_int(2)}, {"contains-updates", bolt_bool(false)},
					   {"contains-system-updates", bolt_bool(true)});
	const struct bolt_value *const stats[] = {&none, &some, &system, &said};
	static const struct {
		int64_t created;
		bool updates, system;
	} wanted[] = {{0, false, false}, {2, true, false}, {0, false, true}, {2, false, true}};
	struct err err = ERR_INIT;

	(void)state;
	for (int i = 0; i < 4; i++) {
		const struct bolt_value meta = MAP(arena, {"stats", *stats[i]}, {"type", bolt_string("rw")});
		const struct summary_input input = {.meta = &meta, .available_after_ms = -1, .database = "asked"};
		struct bolt_summary summary;

		assert_int_equal(summary_read(&input, arena, &summary, &err), 0);
		assert_int_equal(summary.counters.nodes_created, wanted[i].created);
		assert_int_equal(summary.counters.contains_updates, wanted[i].updates);
		assert_int_equal(summary.counters.contains_system_updates, wanted[i].system);
		assert_string_equal(summary.database, "asked");
		assert_string_equal(summary.query_type, "rw");
		assert_int_equal(summary.consumed_after_ms, -1);
		assert_int_equal(summary.plan.type, BOLT_NULL);
	}
}

// Each way that a query of an old server can end has its GQL status.
static void test_outcomes(void **state)
{
	static const struct {
		bool has_keys, had_record, discarded;
		const char *status;
	} cases[] = {
		{false, false, false, "00001"},
		{true, true, false, "00000"},
		{true, true, true, "00000"},
		{true, false, true, "02N42"},
		{true, false, false, "02000"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct bolt_value meta = bolt_map(NULL, 0);
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct summary_input input = {&meta, 0, NULL, cases[i].has_keys, cases[i].had_record, cases[i].discarded};
		struct bolt_summary summary;

		assert_int_equal(summary_read(&input, arena, &summary, &err), 0);
		assert_int_equal(summary.n_statuses, 1);
		assert_string_equal(summary.statuses[0].gql_status, cases[i].status);
		assert_false(summary.statuses[0].is_notification);
		assert_string_equal(bolt_as_string(bolt_map_get(&summary.statuses[0].diagnostic, "OPERATION_CODE")), "0");
		assert_int_equal(summary.notifications.type, BOLT_NULL);
	}
}

static struct bolt_value notification(struct arena *arena, const char *severity, const char *text)
{
	const struct bolt_value position = MAP(arena, {"line", bolt_int(1)}, {"column", bolt_int(2)}, {"offset", bolt_int(3)});

	return MAP(arena, {"code", bolt_string("Neo.ClientNotification.X")}, {"title", bolt_string("title")},
		   {"description", bolt_string(text)}, {"severity", bolt_string(severity)}, {"category", bolt_string("HINT")},
		   {"position", position});
}

// Notifications of an old server become statuses; no data comes first, then warnings, the success, and information.
static void test_notifications(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct bolt_value items[] = {notification(arena, "INFORMATION", ""), notification(arena, "WARNING", "careful"),
					   bolt_map(NULL, 0), notification(arena, "WARNING", "")};
	const struct bolt_value meta = MAP(arena, {"notifications", bolt_list(items, 4)});
	struct summary_input input = {.meta = &meta, .has_keys = true, .had_record = true};
	static const char *const statuses[] = {"01N42", "01N42", "00000", "03N42", "03N42"};
	static const char *const texts[] = {"careful", "warn: unknown warning", "note: successful completion", "info: unknown notification",
					    "info: unknown notification"};
	struct bolt_summary summary;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(summary_read(&input, arena, &summary, &err), 0);
	assert_int_equal(summary.n_statuses, 5);
	for (int i = 0; i < 5; i++) {
		assert_string_equal(summary.statuses[i].gql_status, statuses[i]);
		assert_string_equal(summary.statuses[i].description, texts[i]);
	}
	assert_true(summary.statuses[0].is_notification);
	assert_string_equal(summary.statuses[0].code, "Neo.ClientNotification.X");
	assert_string_equal(summary.statuses[0].title, "title");
	assert_string_equal(summary.statuses[0].text, "careful");
	assert_string_equal(summary.statuses[0].severity, "WARNING");
	assert_string_equal(summary.statuses[0].classification, "HINT");
	assert_int_equal(bolt_as_int(bolt_map_get(&summary.statuses[0].position, "column"), 0), 2);
	assert_string_equal(bolt_as_string(bolt_map_get(&summary.statuses[0].diagnostic, "_severity")), "WARNING");
	assert_int_equal(summary.notifications.size, 4);
	assert_null(summary.server);
}

// Those of a new server are taken as they come, with the defaults of the record filled in.
static void test_statuses(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct bolt_value record = MAP(arena, {"OPERATION", bolt_string("MATCH")}, {"_severity", bolt_string("WARNING")},
					     {"_classification", bolt_string("HINT")});
	const struct bolt_value items[] = {
		MAP(arena, {"gql_status", bolt_string("00000")}, {"status_description", bolt_string("fine")}),
		MAP(arena, {"gql_status", bolt_string("01N50")}, {"status_description", bolt_string("label")},
		    {"neo4j_code", bolt_string("Neo.ClientNotification.X")}, {"title", bolt_string("t")}, {"description", bolt_string("d")},
		    {"diagnostic_record", record}),
	};
	const struct bolt_value meta = MAP(arena, {"statuses", bolt_list(items, 2)});
	const struct bolt_value wrong = MAP(arena, {"statuses", bolt_list(items[0].entries ? &record : NULL, 1)});
	struct summary_input input = {.meta = &meta, .has_keys = true};
	struct bolt_summary summary;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(summary_read(&input, arena, &summary, &err), 0);
	assert_int_equal(summary.n_statuses, 2);
	assert_string_equal(summary.statuses[0].gql_status, "00000");
	assert_false(summary.statuses[0].is_notification);
	assert_true(summary.statuses[1].is_notification);
	assert_string_equal(summary.statuses[1].severity, "WARNING");
	assert_string_equal(bolt_as_string(bolt_map_get(&summary.statuses[1].diagnostic, "OPERATION")), "MATCH");
	assert_string_equal(bolt_as_string(bolt_map_get(&summary.statuses[1].diagnostic, "CURRENT_SCHEMA")), "/");
	input.meta = &wrong;
	assert_int_equal(summary_read(&input, arena, &summary, &err), ERR_PROTOCOL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_notifications),
		cmocka_unit_test(test_statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
