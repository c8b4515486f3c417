// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>


#include "base/clock.h"
#include "bolt/dialect.h"
#include "bolt/link.h"
#include "bolt/session.h"
#include "bolt/table.h"
#include "bolt/uri.h"
#include "test/unit/bolt/stage.h"

// Misuse, function by function: each pointer NULL, enums out of range, options of zeros. It is an error that names what is wrong, or nothing
// at all, and never a crash; and what a function was to give is NULL or empty after it.

#define LIMIT 10000

struct scene {
	struct stage *stage;
	struct bolt_driver *driver;
	struct bolt_session *session;
	struct arena *arena;
	char uri[64];
	struct bolt_target target;
	struct bolt_auth auth;
	struct err err;
	int64_t deadline;
};

static void begin(struct scene *scene)
{
	*scene = (struct scene){.stage = stage_start(5, 8), .arena = arena_new(), .auth = bolt_auth_basic("neo4j", "secret")};
	scene->deadline = deadline_in_ms(LIMIT);
	scene->target = (struct bolt_target){.host = "127.0.0.1", .port = stage_port(scene->stage), .user_agent = "test/1"};
	(void)snprintf(scene->uri, sizeof(scene->uri), "bolt://127.0.0.1:%u", stage_port(scene->stage));
	assert_int_equal(bolt_driver_new(&(struct bolt_driver_options){.uri = scene->uri}, &scene->driver, &scene->err), 0);
	assert_int_equal(bolt_session_new(scene->driver, NULL, &scene->session, &scene->err), 0);
}

static void end(struct scene *scene)
{
	bolt_session_free(scene->session);
	bolt_driver_free(scene->driver);
	stage_stop(scene->stage);
	arena_free(scene->arena);
}

// An error that names it, whether the caller wants the error or not.
#define REFUSED(scene, what, call)                                                             \
	do {                                                                                   \
		struct err *err = &(scene)->err;                                               \
		err_clear(err);                                                                \
		assert_int_equal((call), ERR_INVALID);                                         \
		if (strcmp(err->text, what) != 0)                                              \
			fail_msg("'%s' instead of '%s'", err->text, what);                     \
		/* An error that was not cleared is forgotten. */                              \
		assert_int_equal((call), ERR_INVALID);                                         \
		err = NULL;                                                                    \
		assert_int_equal((call), ERR_INVALID);                                         \
	} while (0)

#define GARBAGE ((void *)&garbage)
static int garbage;

static void test_driver(void **state)
{
	const struct bolt_call call = {.text = "RETURN 1"};
	struct bolt_driver *driver = GARBAGE;
	struct bolt_answer answer = {.n_rows = 7};
	struct bolt_pool_figures figures = {.in_use = 7, .idle = 7};
	struct bolt_server_info info = {.address = GARBAGE, .agent = GARBAGE, .major = 7};
	struct bolt_routing_view view;
	struct scene scene;
	bool yes = true;

	(void)state;
	begin(&scene);
	REFUSED(&scene, "options is NULL", bolt_driver_new(NULL, &driver, err));
	assert_null(driver);
	REFUSED(&scene, "options.uri is NULL", bolt_driver_new(&(struct bolt_driver_options){0}, &driver, err));
	REFUSED(&scene, "ret is NULL", bolt_driver_new(&(struct bolt_driver_options){.uri = scene.uri}, NULL, err));
	REFUSED(&scene, "driver is NULL", bolt_driver_verify(NULL, NULL, scene.deadline, scene.arena, &info, err));
	assert_true(!info.address && !info.agent && info.major == 0);
	info.agent = GARBAGE;
	assert_int_equal(bolt_driver_verify(scene.driver, NULL, deadline_in_ms(0), scene.arena, &info, &scene.err), ERR_TIMEOUT);
	assert_null(info.agent);
	REFUSED(&scene, "arena is NULL", bolt_driver_verify(scene.driver, NULL, scene.deadline, NULL, NULL, err));
	REFUSED(&scene, "driver is NULL", bolt_driver_verify_auth(NULL, NULL, scene.deadline, &yes, err));
	assert_false(yes);
	REFUSED(&scene, "ret is NULL", bolt_driver_verify_auth(scene.driver, NULL, scene.deadline, NULL, err));
	REFUSED(&scene, "driver is NULL", bolt_driver_supports_session_auth(NULL, scene.deadline, &yes, err));
	REFUSED(&scene, "ret is NULL", bolt_driver_supports_session_auth(scene.driver, scene.deadline, NULL, err));
	REFUSED(&scene, "driver is NULL", bolt_driver_query(NULL, &call, scene.deadline, scene.arena, &answer, err));
	assert_int_equal(answer.n_rows, 0);
	REFUSED(&scene, "call is NULL", bolt_driver_query(scene.driver, NULL, scene.deadline, scene.arena, &answer, err));
	REFUSED(&scene, "call.text is NULL", bolt_driver_query(scene.driver, &(struct bolt_call){0}, scene.deadline, scene.arena, &answer, err));
	REFUSED(&scene, "arena is NULL", bolt_driver_query(scene.driver, &call, scene.deadline, NULL, &answer, err));
	REFUSED(&scene, "ret is NULL", bolt_driver_query(scene.driver, &call, scene.deadline, scene.arena, NULL, err));
	REFUSED(&scene, "driver is NULL", bolt_driver_reroute(NULL, NULL, NULL, scene.deadline, err));
	assert_null(bolt_answer_get(NULL, 0, "x"));
	assert_null(bolt_answer_get(&answer, 0, NULL));
	assert_false(bolt_driver_is_encrypted(NULL));
	assert_null(bolt_driver_bookmarks(NULL));
	bolt_driver_figures(NULL, NULL, &figures);
	assert_true(figures.in_use == 0 && figures.idle == 0);
	bolt_driver_figures(scene.driver, NULL, &figures);
	bolt_driver_figures(scene.driver, &(struct bolt_address){0}, &figures);
	bolt_driver_figures(scene.driver, NULL, NULL);
	assert_false(bolt_driver_routing(NULL, NULL, scene.arena, &view));
	assert_false(bolt_driver_routing(scene.driver, NULL, NULL, NULL));
	assert_int_equal(stage_count(scene.stage, "RUN"), 0);
	end(&scene);
}

static void test_driver_options(void **state)
{
	static const struct bolt_auth_provider no_get;
	static const struct bolt_resolver no_resolve;
	static const struct clock no_clock;
	static const struct bolt_log no_log;
	const struct {
		struct bolt_driver_options options;
		const char *text;
	} cases[] = {
		{{.uri = "bolt://h", .tls = (enum bolt_tls)3}, "the driver's tls of 3 is none of enum bolt_tls"},
		{{.uri = "bolt://h", .tls = (enum bolt_tls)-1}, "the driver's tls of -1 is none of enum bolt_tls"},
		{{.uri = "bolt://h", .provider = &no_get}, "the driver's provider.get is NULL"},
		{{.uri = "bolt://h", .resolver = &no_resolve}, "the resolve of the driver's resolver or names is NULL"},
		{{.uri = "bolt://h", .names = &no_resolve}, "the resolve of the driver's resolver or names is NULL"},
		{{.uri = "bolt://h", .log = &no_log}, "the line of the driver's log is NULL"},
		{{.uri = "bolt://h", .clock = &no_clock}, "a function of the driver's clock is NULL"},
	};
	struct scene scene;

	(void)state;
	begin(&scene);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bolt_driver *driver = GARBAGE;

		REFUSED(&scene, cases[i].text, bolt_driver_new(&cases[i].options, &driver, err));
		assert_null(driver);
	}
	end(&scene);
}

static int work(struct bolt_tx *tx, void *user, int64_t deadline, struct err *err)
{
	(void)tx;
	(void)user;
	(void)deadline;
	(void)err;
	return 0;
}

static void test_session(void **state)
{
	const struct bolt_statement statement = {.text = "RETURN 1"};
	struct bolt_session *session = GARBAGE;
	struct bolt_result *result = GARBAGE;
	struct bolt_tx *tx = GARBAGE;
	struct scene scene;

	(void)state;
	begin(&scene);
	REFUSED(&scene, "driver is NULL", bolt_session_new(NULL, NULL, &session, err));
	assert_null(session);
	REFUSED(&scene, "ret is NULL", bolt_session_new(scene.driver, NULL, NULL, err));
	REFUSED(&scene, "session is NULL", bolt_session_close(NULL, scene.deadline, err));
	REFUSED(&scene, "session is NULL", bolt_session_run(NULL, &statement, scene.deadline, &result, err));
	assert_null(result);
	REFUSED(&scene, "statement is NULL", bolt_session_run(scene.session, NULL, scene.deadline, &result, err));
	REFUSED(&scene, "statement.text is NULL", bolt_session_run(scene.session, &(struct bolt_statement){0}, scene.deadline, &result, err));
	REFUSED(&scene, "ret is NULL", bolt_session_run(scene.session, &statement, scene.deadline, NULL, err));
	REFUSED(&scene, "session is NULL", bolt_session_begin(NULL, NULL, scene.deadline, &tx, err));
	assert_null(tx);
	REFUSED(&scene, "ret is NULL", bolt_session_begin(scene.session, NULL, scene.deadline, NULL, err));
	REFUSED(&scene, "session is NULL", bolt_session_execute(NULL, &(struct bolt_job){.work = work}, scene.deadline, err));
	REFUSED(&scene, "job is NULL", bolt_session_execute(scene.session, NULL, scene.deadline, err));
	REFUSED(&scene, "job.work is NULL", bolt_session_execute(scene.session, &(struct bolt_job){0}, scene.deadline, err));
	REFUSED(&scene, "tx is NULL", bolt_tx_run(NULL, &statement, scene.deadline, &result, err));
	REFUSED(&scene, "tx is NULL", bolt_tx_commit(NULL, scene.deadline, err));
	REFUSED(&scene, "tx is NULL", bolt_tx_rollback(NULL, scene.deadline, err));
	assert_int_equal(bolt_session_begin(scene.session, NULL, scene.deadline, &tx, NULL), 0);
	REFUSED(&scene, "statement is NULL", bolt_tx_run(tx, NULL, scene.deadline, &result, err));
	REFUSED(&scene, "statement.text is NULL", bolt_tx_run(tx, &(struct bolt_statement){0}, scene.deadline, &result, err));
	REFUSED(&scene, "ret is NULL", bolt_tx_run(tx, &statement, scene.deadline, NULL, err));
	assert_int_equal(bolt_tx_commit(tx, scene.deadline, NULL), 0);
	bolt_tx_free(tx);
	assert_false(bolt_tx_is_open(NULL));
	bolt_session_cancel(NULL);
	assert_int_equal(bolt_session_bookmarks(NULL).n, 0);
	assert_null(bolt_session_failure(NULL));
	assert_false(bolt_is_retryable(NULL));
	bolt_tx_free(NULL);
	bolt_session_free(NULL);
	bolt_driver_free(NULL);
	assert_int_equal(stage_count(scene.stage, "RUN"), 0);
	end(&scene);
}

// A value that was built by hand may hold a pointer that was forgotten, also deep inside. Nothing of it is sent.
static void test_parameters(void **state)
{
	static const struct bolt_entry no_key = {NULL, {.type = BOLT_INT}}, texts = {"x", {.type = BOLT_STRING, .size = 3}};
	static const struct {
		struct bolt_value value;
		const char *text;
	} cases[] = {
		{{.type = BOLT_MAP, .size = 1}, "the parameters hold a map that is NULL"},
		{{.type = BOLT_MAP, .size = 1, .entries = &no_key}, "the parameters hold a key that is NULL"},
		{{.type = BOLT_MAP, .size = 1, .entries = &texts}, "the parameters hold a text that is NULL"},
		{{.type = BOLT_LIST, .size = 2}, "the parameters hold a list that is NULL"},
		{{.type = BOLT_STRING, .size = 3}, "the parameters hold a text that is NULL"},
		{{.type = BOLT_BYTES, .size = 3}, "the parameters hold a text that is NULL"},
		{{.type = BOLT_STRUCT, .tag = STRUCTURE_DATE, .size = 1}, "the parameters hold a structure that is NULL"},
		{{.type = BOLT_UUID, .size = BOLT_UUID_SIZE}, "the parameters hold a UUID that is NULL"},
	};
	struct bolt_result *result;
	struct scene scene;

	(void)state;
	begin(&scene);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct bolt_value list = bolt_list(&cases[i].value, 1);
		const struct bolt_entry entries[] = {{"n", bolt_int(1)}, {"list", list}};
		const struct bolt_value params = bolt_map(entries, 2);
		const struct bolt_statement statement = {.text = "RETURN 1", .params = &params};

		REFUSED(&scene, cases[i].text, bolt_session_run(scene.session, &statement, scene.deadline, &result, err));
	}
	assert_int_equal(stage_count(scene.stage, "RUN"), 0);
	end(&scene);
}

// A duration is no deadline: it lies before there was a driver.
static void test_deadline(void **state)
{
	static const int64_t durations[] = {5000, 0, -1, INT64_MIN};
	const struct bolt_statement statement = {.text = "RETURN 1"};
	struct bolt_result *result;
	struct bolt_answer answer;
	struct bolt_tx *tx;
	struct scene scene;
	char text[200];

	(void)state;
	begin(&scene);
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		const int64_t duration = durations[i];

		(void)snprintf(text, sizeof(text), "the deadline of %lld is no point of time to come; a call that may take so many milliseconds has bolt_deadline_in_ms(%lld)",
			       (long long)duration, (long long)duration);
		REFUSED(&scene, text, bolt_session_run(scene.session, &statement, duration, &result, err));
		REFUSED(&scene, text, bolt_session_begin(scene.session, NULL, duration, &tx, err));
		REFUSED(&scene, text, bolt_session_execute(scene.session, &(struct bolt_job){.work = work}, duration, err));
		REFUSED(&scene, text, bolt_driver_query(scene.driver, &(struct bolt_call){.text = "RETURN 1"}, duration, scene.arena, &answer, err));
		REFUSED(&scene, text, bolt_driver_verify(scene.driver, NULL, duration, scene.arena, NULL, err));
	}
	assert_int_equal(stage_connections(scene.stage), 0);
	// A point of time that has passed stays a point of time.
	assert_int_equal(bolt_session_run(scene.session, &statement, deadline_in_ms(0), &result, &scene.err), ERR_TIMEOUT);
	end(&scene);
}

// Nothing is said that late, and what was open stays so: a commit that was called so is no doubt.
static void test_deadline_of_what_is_open(void **state)
{
	static const char text[] = "the deadline of 5000 is no point of time to come; a call that may take so many milliseconds has bolt_deadline_in_ms(5000)";
	const struct bolt_statement statement = {.text = "Q"};
	const struct bolt_summary *summary;
	struct bolt_result *result, *other;
	const struct bolt_value *row;
	struct bolt_value rows;
	struct bolt_tx *tx;
	struct scene scene;

	(void)state;
	begin(&scene);
	assert_int_equal(bolt_session_begin(scene.session, NULL, scene.deadline, &tx, &scene.err), 0);
	assert_int_equal(bolt_tx_run(tx, &statement, scene.deadline, &result, &scene.err), 0);
	REFUSED(&scene, text, bolt_tx_run(tx, &statement, 5000, &other, err));
	REFUSED(&scene, text, bolt_result_next(result, 5000, &row, err));
	REFUSED(&scene, text, bolt_result_peek(result, 5000, &row, err));
	REFUSED(&scene, text, bolt_result_single(result, 5000, &row, err));
	REFUSED(&scene, text, bolt_result_all(result, 0, 5000, scene.arena, &rows, err));
	REFUSED(&scene, text, bolt_result_consume(result, 5000, &summary, err));
	REFUSED(&scene, text, bolt_tx_rollback(tx, 5000, err));
	REFUSED(&scene, text, bolt_session_close(scene.session, 5000, err));
	REFUSED(&scene, text, bolt_tx_commit(tx, 5000, err));
	assert_string_equal(scene.err.code, "");
	assert_true(bolt_tx_is_open(tx));
	assert_int_equal(bolt_result_next(result, scene.deadline, &row, &scene.err), 1);
	assert_int_equal(bolt_tx_commit(tx, scene.deadline, &scene.err), 0);
	bolt_result_free(result);
	bolt_tx_free(tx);
	// An earlier result that is open is not read to its end before the next is refused.
	assert_int_equal(bolt_session_run(scene.session, &statement, scene.deadline, &result, &scene.err), 0);
	REFUSED(&scene, text, bolt_session_run(scene.session, &statement, 5000, &other, err));
	assert_int_equal(bolt_result_next(result, scene.deadline, &row, &scene.err), 1);
	bolt_result_free(result);
	assert_int_equal(stage_count(scene.stage, "COMMIT"), 1);
	assert_int_equal(stage_count(scene.stage, "ROLLBACK"), 0);
	assert_int_equal(stage_connections(scene.stage), 1);
	end(&scene);
}

static void test_result(void **state)
{
	const struct bolt_value *row = GARBAGE, number = bolt_int(1);
	const struct bolt_summary *summary = GARBAGE;
	struct bolt_value rows = bolt_int(7);
	struct bolt_result *result;
	struct scene scene;
	uint32_t n = 7;

	(void)state;
	begin(&scene);
	assert_int_equal(bolt_session_run(scene.session, &(struct bolt_statement){.text = "Q"}, scene.deadline, &result, &scene.err), 0);
	REFUSED(&scene, "result is NULL", bolt_result_next(NULL, scene.deadline, &row, err));
	assert_null(row);
	REFUSED(&scene, "ret is NULL", bolt_result_next(result, scene.deadline, NULL, err));
	REFUSED(&scene, "result is NULL", bolt_result_peek(NULL, scene.deadline, &row, err));
	REFUSED(&scene, "ret is NULL", bolt_result_peek(result, scene.deadline, NULL, err));
	REFUSED(&scene, "result is NULL", bolt_result_single(NULL, scene.deadline, &row, err));
	REFUSED(&scene, "ret is NULL", bolt_result_single(result, scene.deadline, NULL, err));
	REFUSED(&scene, "result is NULL", bolt_result_all(NULL, 0, scene.deadline, scene.arena, &rows, err));
	assert_int_equal(rows.type, BOLT_NULL);
	REFUSED(&scene, "arena is NULL", bolt_result_all(result, 0, scene.deadline, NULL, &rows, err));
	REFUSED(&scene, "ret is NULL", bolt_result_all(result, 0, scene.deadline, scene.arena, NULL, err));
	REFUSED(&scene, "result is NULL", bolt_result_consume(NULL, scene.deadline, &summary, err));
	assert_null(summary);
	REFUSED(&scene, "ret is NULL", bolt_result_consume(result, scene.deadline, NULL, err));
	assert_null(bolt_result_keys(NULL, &n));
	assert_int_equal(n, 0);
	assert_non_null(bolt_result_keys(result, NULL));
	// It is as it was; and the end gives no row.
	assert_int_equal(bolt_result_next(result, scene.deadline, &row, &scene.err), 1);
	assert_null(bolt_result_get(NULL, row, "x"));
	assert_null(bolt_result_get(result, NULL, "x"));
	assert_null(bolt_result_get(result, row, NULL));
	assert_null(bolt_result_get(result, &number, "x"));
	assert_int_equal(bolt_result_next(result, scene.deadline, &row, &scene.err), 0);
	assert_null(row);
	bolt_result_free(result);
	bolt_result_free(NULL);
	end(&scene);
}

static void test_link(void **state)
{
	const struct bolt_query query = {.text = "RETURN 1"};
	const struct bolt_target none = {0}, nameless = {.host = "127.0.0.1"};
	struct bolt_link *link = GARBAGE;
	const struct bolt_table two = {.fields = (const char *const[]){"x", "y"}, .n_fields = 2};
	const struct bolt_value number = bolt_int(7), row = bolt_list(&number, 1);
	struct bolt_table table = {.n_rows = 7};
	struct conn_event event;
	struct scene scene;

	(void)state;
	begin(&scene);
	REFUSED(&scene, "target is NULL", bolt_link_open(NULL, &scene.auth, scene.deadline, &link, err));
	assert_null(link);
	REFUSED(&scene, "target.host is NULL", bolt_link_open(&none, &scene.auth, scene.deadline, &link, err));
	REFUSED(&scene, "target.user_agent is NULL", bolt_link_begin(&nameless, &scene.auth, scene.deadline, &link, err));
	REFUSED(&scene, "auth is NULL", bolt_link_open(&scene.target, NULL, scene.deadline, &link, err));
	REFUSED(&scene, "ret is NULL", bolt_link_open(&scene.target, &scene.auth, scene.deadline, NULL, err));
	REFUSED(&scene, "target is NULL", bolt_link_adopt(-1, NULL, &scene.auth, scene.deadline, &link, err));
	REFUSED(&scene, "link is NULL", bolt_link_settle(NULL, scene.deadline, err));
	REFUSED(&scene, "link is NULL", bolt_link_flush(NULL, scene.deadline, err));
	REFUSED(&scene, "link is NULL", bolt_link_next(NULL, scene.deadline, scene.arena, &event, err));
	REFUSED(&scene, "link is NULL", bolt_link_reset(NULL, scene.deadline, err));
	REFUSED(&scene, "link is NULL", bolt_link_query(NULL, &query, scene.deadline, scene.arena, &table, err));
	assert_int_equal(table.n_rows, 0);
	assert_int_equal(bolt_link_open(&scene.target, &scene.auth, scene.deadline, &link, NULL), 0);
	REFUSED(&scene, "arena is NULL", bolt_link_next(link, scene.deadline, NULL, &event, err));
	REFUSED(&scene, "ret is NULL", bolt_link_next(link, scene.deadline, scene.arena, NULL, err));
	REFUSED(&scene, "query is NULL", bolt_link_query(link, NULL, scene.deadline, scene.arena, &table, err));
	REFUSED(&scene, "query.text is NULL", bolt_link_query(link, &(struct bolt_query){0}, scene.deadline, scene.arena, &table, err));
	REFUSED(&scene, "arena is NULL", bolt_link_query(link, &query, scene.deadline, NULL, &table, err));
	REFUSED(&scene, "ret is NULL", bolt_link_query(link, &query, scene.deadline, scene.arena, NULL, err));
	assert_false(bolt_link_is_dead(link));
	bolt_link_close(link);
	bolt_link_close(NULL);
	assert_true(bolt_link_is_dead(NULL));
	assert_string_equal(bolt_link_server(NULL), "");
	assert_string_equal(bolt_link_connection_id(NULL), "");
	assert_int_equal(bolt_link_version(NULL).major, 0);
	assert_null(bolt_link_limits(NULL));
	assert_null(bolt_link_conn(NULL));
	assert_null(bolt_link_failure(NULL));
	bolt_link_set_cancel(NULL, NULL);
	bolt_link_expect(NULL, CONN_RUN);
	assert_null(bolt_table_get(NULL, 0, "x"));
	assert_null(bolt_row_get(NULL, NULL, "x"));
	assert_null(bolt_row_get(&table, NULL, NULL));
	assert_null(bolt_row_get(&two, &number, "x"));
	assert_ptr_equal(bolt_row_get(&two, &row, "x"), &number);
	assert_null(bolt_row_get(&two, &row, "y"));
	assert_int_equal(stage_count(scene.stage, "RUN"), 0);
	end(&scene);
}

static void test_the_rest(void **state)
{
	const struct bolt_value number = bolt_int(1), map = bolt_map(NULL, 0);
	const struct bolt_bookmark_list none = {0};
	struct bolt_bookmark_list list = {.n = 7};
	struct bolt_bookmarks *bookmarks = bolt_bookmarks_new(NULL, NULL);
	struct bolt_cancel *cancel = GARBAGE;
	struct bolt_trust *trust = GARBAGE;
	struct bolt_uri uri;
	struct scene scene;

	(void)state;
	begin(&scene);
	REFUSED(&scene, "ret is NULL", bolt_cancel_new(NULL, err));
	assert_int_equal(bolt_cancel_new(&cancel, NULL), 0);
	bolt_cancel_free(cancel);
	bolt_cancel_fire(NULL);
	REFUSED(&scene, "target is NULL", bolt_trust_new(NULL, &trust, err));
	assert_null(trust);
	REFUSED(&scene, "ret is NULL", bolt_trust_new(&scene.target, NULL, err));
	REFUSED(&scene, "arena is NULL", bolt_uri_parse("bolt://h", NULL, &uri, err));
	REFUSED(&scene, "ret is NULL", bolt_uri_parse("bolt://h", scene.arena, NULL, err));
	REFUSED(&scene, "the URI is no SCHEME://HOST[:PORT], as in neo4j://localhost:7687", bolt_uri_parse(NULL, scene.arena, &uri, err));
	REFUSED(&scene, "bookmarks is NULL", bolt_bookmarks_get(NULL, scene.arena, &list, err));
	assert_int_equal(list.n, 0);
	REFUSED(&scene, "arena is NULL", bolt_bookmarks_get(bookmarks, NULL, &list, err));
	REFUSED(&scene, "ret is NULL", bolt_bookmarks_get(bookmarks, scene.arena, NULL, err));
	REFUSED(&scene, "bookmarks is NULL", bolt_bookmarks_replace(NULL, &none, "b", err));
	REFUSED(&scene, "used is NULL", bolt_bookmarks_replace(bookmarks, NULL, "b", err));
	REFUSED(&scene, "next is NULL", bolt_bookmarks_replace(bookmarks, &none, NULL, err));
	bolt_bookmarks_free(bookmarks);
	assert_int_equal(bolt_copy(NULL, scene.arena).type, BOLT_NULL);
	assert_int_equal(bolt_copy(&number, NULL).type, BOLT_NULL);
	assert_null(bolt_map_get(NULL, "x"));
	assert_null(bolt_map_get(&map, NULL));
	assert_null(bolt_map_get(&(struct bolt_value){.type = BOLT_MAP, .size = 1, .entries = &(const struct bolt_entry){0}}, "x"));
	assert_null(bolt_map_get(&(struct bolt_value){.type = BOLT_MAP, .size = 1}, "x"));
	assert_null(bolt_as_string(NULL));
	assert_int_equal(bolt_as_int(NULL, 7), 7);
	assert_true(bolt_as_bool(NULL, true));
	assert_int_equal(bolt_string(NULL).type, BOLT_NULL);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_driver),
		cmocka_unit_test(test_driver_options),
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_deadline_of_what_is_open),
		cmocka_unit_test(test_result),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
