// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The server's words beside the rows: summaries, notifications, GQL statuses, failures.

#include "bolt/conn.h"
#include "test/interop/interop.h"

#define UNKNOWN_LABEL "Neo.ClientNotification.Statement.UnknownLabelWarning"
#define NOTHING "MATCH (n:NobodyHasThis) RETURN n"

static void test_summary(void **state)
{
	struct test *test = *state;
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	_cleanup_(bolt_result_freep) struct bolt_result *second = NULL;
	const struct bolt_summary *summary = run_summary(test, "CREATE (a:Sum:Mary {x: 1, y: 2})-[:R]->(b:Sum) RETURN a", &result);

	assert_int_equal(summary->counters.nodes_created, 2);
	assert_int_equal(summary->counters.relationships_created, 1);
	assert_int_equal(summary->counters.properties_set, 2);
	assert_int_equal(summary->counters.labels_added, 3);
	assert_true(summary->counters.contains_updates);
	assert_string_equal(summary->query_type, "rw");
	assert_string_equal(summary->database, "neo4j");
	assert_true(summary->available_after_ms >= 0);
	assert_true(summary->consumed_after_ms >= 0);
	summary = run_summary(test, "MATCH (a:Sum) DETACH DELETE a", &second);
	assert_true(summary->counters.nodes_deleted >= 2);
	assert_true(summary->counters.relationships_deleted >= 1);
	assert_string_equal(summary->query_type, "w");
}

static void test_system_updates(void **state)
{
	struct test *test = *state;
	_cleanup_(bolt_session_freep) struct bolt_session *session = NULL;
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	const struct bolt_summary *summary;

	MUST(bolt_session_new(test->driver, &(struct bolt_session_options){.database = "system"}, &session, &test->err));
	MUST(bolt_session_run(session, &(struct bolt_statement){.text = "CREATE OR REPLACE USER summary SET PASSWORD 'long-enough'"}, limit(), &result,
			      &test->err));
	MUST(bolt_result_consume(result, limit(), &summary, &test->err));
	assert_true(summary->counters.contains_system_updates);
	assert_true(summary->counters.system_updates > 0);
	assert_string_equal(summary->database, "system");
}

static void test_plans(void **state)
{
	struct test *test = *state;
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	_cleanup_(bolt_result_freep) struct bolt_result *second = NULL;
	const struct bolt_summary *summary = run_summary(test, "EXPLAIN MATCH (n) RETURN n", &result);

	assert_int_equal(summary->plan.type, BOLT_MAP);
	assert_non_null(bolt_as_string(bolt_map_get(&summary->plan, "operatorType")));
	assert_int_equal(summary->profile.type, BOLT_NULL);
	summary = run_summary(test, "PROFILE MATCH (n) RETURN count(n)", &second);
	assert_int_equal(summary->profile.type, BOLT_MAP);
	assert_true(bolt_as_int(bolt_map_get(&summary->profile, "rows"), -1) >= 1);
}

static const struct bolt_status *status_of(const struct bolt_summary *summary, const char *code)
{
	for (uint32_t i = 0; i < summary->n_statuses; i++) {
		if (summary->statuses[i].code && strcmp(summary->statuses[i].code, code) == 0)
			return &summary->statuses[i];
	}
	return NULL;
}

static void test_notifications(void **state)
{
	struct test *test = *state;
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	// Neo4j 4.4 looks for names that nothing has where it only explains.
	bool always = speaks(5, 0);
	const struct bolt_summary *summary = run_summary(test, always ? NOTHING : "EXPLAIN " NOTHING, &result);
	const struct bolt_status *status = status_of(summary, UNKNOWN_LABEL);

	assert_non_null(status);
	assert_true(status->is_notification);
	assert_string_equal(status->severity, "WARNING");
	assert_int_equal(status->position.type, BOLT_MAP);
	assert_int_equal(bolt_as_int(bolt_map_get(&status->position, "offset"), -1), always ? 9 : 17);
	assert_int_equal(bolt_as_int(bolt_map_get(&status->position, "line"), -1), 1);
	if (speaks(5, 2))
		assert_string_equal(status->classification, "UNRECOGNIZED");
	if (speaks(5, 5))
		assert_string_equal(status->gql_status, "01N50");
	// Nothing was found, which is a status, too.
	assert_int_equal(summary->n_statuses, 2);
	assert_string_equal(summary->statuses[0].gql_status, "02000");
}

static void filtered(struct test *test, const struct bolt_notifications *filter, bool in_session)
{
	struct bolt_driver_options options = plain();
	_cleanup_(bolt_driver_freep) struct bolt_driver *driver = NULL;
	_cleanup_(bolt_session_freep) struct bolt_session *session = NULL;
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	const struct bolt_summary *summary;

	if (!in_session)
		options.notifications = filter;
	MUST(bolt_driver_new(&options, &driver, &test->err));
	MUST(bolt_session_new(driver, &(struct bolt_session_options){.notifications = in_session ? filter : NULL}, &session, &test->err));
	MUST(bolt_session_run(session, &(struct bolt_statement){.text = NOTHING}, limit(), &result, &test->err));
	MUST(bolt_result_consume(result, limit(), &summary, &test->err));
	assert_null(status_of(summary, UNKNOWN_LABEL));
}

static void test_filters(void **state)
{
	static const char *const unrecognized[] = {"UNRECOGNIZED"};
	const struct bolt_notifications off = {.minimum_severity = "OFF"}, some = {.disabled = unrecognized, .n_disabled = 1};
	struct test *test = *state;

	if (!speaks(5, 2))
		return; // a filter is refused: test_filters_refused
	filtered(test, &off, false);
	filtered(test, &off, true);
	filtered(test, &some, false);
	filtered(test, &some, true);
}

static void test_filters_refused(void **state)
{
	const struct bolt_notifications off = {.minimum_severity = "OFF"};
	struct test *test = *state;
	_cleanup_(bolt_session_freep) struct bolt_session *session = NULL;
	struct bolt_result *result;

	if (speaks(5, 2))
		return;
	MUST(bolt_session_new(test->driver, &(struct bolt_session_options){.notifications = &off}, &session, &test->err));
	FAILS(ERR_INVALID, BOLT_UNSUPPORTED,
	      bolt_session_run(session, &(struct bolt_statement){.text = "RETURN 1"}, limit(), &result, &test->err));
}

static void test_failure(void **state)
{
	struct test *test = *state;
	const struct bolt_failure *failure;
	struct bolt_result *result;

	FAILS(ERR_SERVER, "Neo.ClientError.Statement.SyntaxError",
	      bolt_session_run(test->session, &(struct bolt_statement){.text = "RETRUN 1"}, limit(), &result, &test->err));
	failure = bolt_session_failure(test->session);
	assert_non_null(failure);
	assert_string_equal(failure->code, "Neo.ClientError.Statement.SyntaxError");
	assert_non_null(strstr(failure->message, "RETRUN"));
	assert_int_equal(failure->diagnostic_record->type, BOLT_MAP);
	// 5.26 has a status of its own for few errors; this is the one for all others.
	assert_string_equal(failure->gql_status, speaks(6, 0) ? "42001" : "50N42");
	if (!speaks(6, 0))
		return;
	assert_string_equal(failure->classification, "CLIENT_ERROR");
	assert_non_null(failure->cause);
	assert_string_not_equal(failure->cause->gql_status, "");
}

static void test_other_failures(void **state)
{
	static const struct {
		const char *text, *code;
	} rows[] = {
		{"CALL no.such()", "Neo.ClientError.Procedure.ProcedureNotFound"},
		{"RETURN $absent", "Neo.ClientError.Statement.ParameterMissing"},
		{"RETURN toInteger(date())", "Neo.ClientError.Statement.SyntaxError"},
		{"RETURN 1 + duration('P1D') * {a: 1}", "Neo.ClientError.Statement.SyntaxError"},
	};
	struct test *test = *state;
	_cleanup_(bolt_session_freep) struct bolt_session *session = NULL;
	struct bolt_result *result;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		FAILS(ERR_SERVER, rows[i].code,
		      bolt_session_run(test->session, &(struct bolt_statement){.text = rows[i].text}, limit(), &result, &test->err));
	(void)run(test, "RETURN 1", NULL);
	MUST(bolt_session_new(test->driver, &(struct bolt_session_options){.database = "nowhere"}, &session, &test->err));
	FAILS(ERR_SERVER, "Neo.ClientError.Database.DatabaseNotFound",
	      bolt_session_run(session, &(struct bolt_statement){.text = "RETURN 1"}, limit(), &result, &test->err));
}

// The server sees the metadata, and the name of the client.
static void test_metadata(void **state)
{
	struct test *test = *state;
	const struct bolt_value metadata = marked(test, "metadata");
	const struct bolt_statement statement = {
		.text = "SHOW TRANSACTIONS YIELD metaData WHERE metaData.mark = 'metadata' RETURN count(*)", .metadata = &metadata};
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	const struct bolt_value *row;

	MUST(bolt_session_run(test->session, &statement, limit(), &result, &test->err));
	MUST(bolt_result_single(result, limit(), &row, &test->err));
	assert_int_equal(bolt_as_int(&row->items[0], -1), 1);
}

TESTS(tests_words, TEST(test_summary), TEST(test_system_updates), TEST(test_plans), TEST(test_notifications), TEST(test_filters),
      TEST(test_filters_refused), TEST(test_failure), TEST(test_other_failures), TEST(test_metadata));
