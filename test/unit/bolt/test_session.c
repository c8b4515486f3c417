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
#include "bolt/failure.h"
#include "bolt/session.h"
#include "test/unit/bolt/stage.h"

#define LIMIT 10000
#define LARGE_LIMIT 60000 // for many megabytes, under a sanitizer

// A server, a driver and a session.
struct scene {
	struct stage *stage;
	struct bolt_driver *driver;
	struct bolt_session *session;
	struct arena *arena;
	struct err err;
};

static void begin_as(struct scene *scene, unsigned major, unsigned minor, struct bolt_driver_options options,
		     const struct bolt_session_options *session)
{
	char uri[64];

	*scene = (struct scene){.stage = stage_start(major, minor), .arena = arena_new()};
	(void)snprintf(uri, sizeof(uri), "bolt://127.0.0.1:%u", stage_port(scene->stage));
	options.uri = uri;
	if (!options.auth.scheme)
		options.auth = bolt_auth_basic("neo4j", "secret");
	assert_int_equal(bolt_driver_new(&options, &scene->driver, &scene->err), 0);
	assert_int_equal(bolt_session_new(scene->driver, session, &scene->session, &scene->err), 0);
}

static void begin(struct scene *scene)
{
	begin_as(scene, 5, 8, (struct bolt_driver_options){0}, NULL);
}

static void end(struct scene *scene)
{
	bolt_session_free(scene->session);
	bolt_driver_free(scene->driver);
	stage_stop(scene->stage);
	arena_free(scene->arena);
}

static int run(struct scene *scene, const char *text, struct bolt_result **ret)
{
	err_clear(&scene->err);
	return bolt_session_run(scene->session, &(struct bolt_statement){.text = text}, deadline_in_ms(LIMIT), ret, &scene->err);
}

static int next_int(struct scene *scene, struct bolt_result *result, int64_t *ret)
{
	const struct bolt_value *row;
	int r;

	err_clear(&scene->err);
	r = bolt_result_next(result, deadline_in_ms(LIMIT), &row, &scene->err);
	if (r > 0)
		*ret = bolt_as_int(&row->items[0], -1);
	return r;
}

static void test_auto_commit(void **state)
{
	const struct bolt_summary *summary;
	struct bolt_result *result;
	struct scene scene;
	int64_t x;
	uint32_t n;

	(void)state;
	begin(&scene);
	assert_int_equal(run(&scene, "RETURN 1 AS x", &result), 0);
	assert_string_equal(bolt_result_keys(result, &n)[0], "x");
	assert_int_equal(n, 1);
	assert_int_equal(next_int(&scene, result, &x), 1);
	assert_int_equal(x, 1);
	assert_int_equal(next_int(&scene, result, &x), 0);
	assert_int_equal(next_int(&scene, result, &x), 0);
	assert_int_equal(bolt_result_consume(result, deadline_in_ms(LIMIT), &summary, &scene.err), 0);
	assert_string_equal(summary->query_type, "r");
	assert_string_equal(summary->server, "Neo4j/5.26.0");
	assert_int_equal(summary->n_statuses, 1);
	assert_string_equal(summary->statuses[0].gql_status, "00000");
	bolt_result_free(result);
	stage_assert_told(scene.stage, "HELLO\nLOGON\nRUN \"RETURN 1 AS x\" {} {}\nPULL {\"n\":1000}");
	end(&scene);
}

// Whatever the rules say, in a batch of two rows at a time.
static void begin_small(struct scene *scene)
{
	begin_as(scene, 5, 8, (struct bolt_driver_options){.fetch_size = 2}, NULL);
}

#define ROWS2 "RECORD [1]\nRECORD [2]\nSUCCESS {\"has_more\":true}"
#define ROWS1 "RECORD [3]\nSUCCESS {\"type\":\"r\",\"bookmark\":\"m1\",\"db\":\"movies\",\"t_last\":7}"

// Rows are asked for when they are wanted, so that memory is bounded by the batch.
static void test_demand(void **state)
{
	const struct bolt_summary *summary;
	const struct bolt_value *row;
	struct bolt_result *result;
	struct scene scene;
	int64_t x;

	(void)state;
	begin_small(&scene);
	STAGE_PLAY(scene.stage, NULL, {"RUN", 0, "SUCCESS {\"fields\":[\"x\"],\"t_first\":5}"}, {"PULL", 1, ROWS2}, {"PULL", 1, ROWS1});
	assert_int_equal(run(&scene, "Q", &result), 0);
	assert_int_equal(next_int(&scene, result, &x), 1);
	assert_int_equal(bolt_result_peek(result, deadline_in_ms(LIMIT), &row, &scene.err), 1);
	assert_int_equal(bolt_as_int(bolt_result_get(result, row, "x"), 0), 2);
	assert_null(bolt_result_get(result, row, "y"));
	assert_int_equal(next_int(&scene, result, &x), 1);
	assert_int_equal(x, 2);
	stage_assert_told(scene.stage, "HELLO\nLOGON\nRUN\nPULL {\"n\":2}");
	assert_int_equal(next_int(&scene, result, &x), 1);
	assert_int_equal(x, 3);
	assert_int_equal(next_int(&scene, result, &x), 0);
	assert_int_equal(bolt_result_peek(result, deadline_in_ms(LIMIT), &row, &scene.err), 0);
	stage_assert_told(scene.stage, "PULL {\"n\":2}");
	assert_int_equal(bolt_result_consume(result, deadline_in_ms(LIMIT), &summary, &scene.err), 0);
	assert_string_equal(summary->database, "movies");
	assert_int_equal(summary->available_after_ms, 5);
	assert_int_equal(summary->consumed_after_ms, 7);
	assert_string_equal(bolt_session_bookmarks(scene.session).items[0], "m1");
	assert_int_equal(next_int(&scene, result, &x), ERR_INVALID);
	bolt_result_free(result);
	end(&scene);
}

// The server discards rows that nobody wants to read.
static void test_discard(void **state)
{
	const struct bolt_summary *summary, *again;
	struct bolt_result *result;
	struct scene scene;
	int64_t x;

	(void)state;
	begin_small(&scene);
	STAGE_PLAY(scene.stage, NULL, {"PULL", 0, ROWS2}, {"DISCARD", 0, "SUCCESS {\"type\":\"w\"}"});
	assert_int_equal(run(&scene, "Q", &result), 0);
	assert_int_equal(next_int(&scene, result, &x), 1);
	assert_int_equal(bolt_result_consume(result, deadline_in_ms(LIMIT), &summary, &scene.err), 0);
	assert_int_equal(bolt_result_consume(result, deadline_in_ms(LIMIT), &again, &scene.err), 0);
	assert_ptr_equal(summary, again);
	stage_assert_told(scene.stage, "HELLO\nLOGON\nRUN\nPULL {\"n\":2}\nDISCARD {\"n\":-1}");
	bolt_result_free(result);
	// The same by freeing it, and by closing the session, which the result outlives.
	assert_int_equal(run(&scene, "Q", &result), 0);
	bolt_result_free(result);
	assert_int_equal(run(&scene, "Q", &result), 0);
	assert_int_equal(bolt_session_close(scene.session, deadline_in_ms(LIMIT), &scene.err), 0);
	assert_int_equal(next_int(&scene, result, &x), ERR_INVALID);
	bolt_session_free(scene.session);
	scene.session = NULL;
	assert_int_equal(bolt_result_consume(result, deadline_in_ms(LIMIT), &summary, &scene.err), 0);
	assert_string_equal(summary->query_type, "w");
	bolt_result_free(result);
	stage_assert_told(scene.stage, "RUN\nPULL\nDISCARD\nRUN\nPULL\nDISCARD");
	assert_int_equal(stage_connections(scene.stage), 1);
	end(&scene);
}

static void test_single(void **state)
{
	const struct bolt_value *row;
	struct bolt_result *result;
	struct scene scene;

	(void)state;
	begin_small(&scene);
	STAGE_PLAY(scene.stage, NULL, {"PULL", 1, "SUCCESS {}"}, {"PULL", 1, "RECORD [7]\nSUCCESS {}"}, {"PULL", 1, ROWS2});
	assert_int_equal(run(&scene, "none", &result), 0);
	assert_int_equal(bolt_result_single(result, deadline_in_ms(LIMIT), &row, &scene.err), ERR_NOT_FOUND);
	bolt_result_free(result);
	assert_int_equal(run(&scene, "one", &result), 0);
	assert_int_equal(bolt_result_single(result, deadline_in_ms(LIMIT), &row, &scene.err), 0);
	assert_int_equal(bolt_as_int(&row->items[0], 0), 7);
	bolt_result_free(result);
	assert_int_equal(run(&scene, "many", &result), 0);
	assert_int_equal(bolt_result_single(result, deadline_in_ms(LIMIT), &row, &scene.err), ERR_CONFLICT);
	bolt_result_free(result);
	assert_int_equal(stage_count(scene.stage, "DISCARD"), 1);
	end(&scene);
}

static void test_all(void **state)
{
	struct bolt_result *result;
	struct bolt_value rows;
	struct scene scene;
	int64_t x;

	(void)state;
	begin_small(&scene);
	STAGE_PLAY(scene.stage, NULL, {"PULL", 1, ROWS2}, {"PULL", 1, ROWS1}, {"PULL", 0, ROWS2});
	assert_int_equal(run(&scene, "Q", &result), 0);
	assert_int_equal(next_int(&scene, result, &x), 1);
	assert_int_equal(bolt_result_all(result, 0, deadline_in_ms(LIMIT), scene.arena, &rows, &scene.err), 0);
	assert_int_equal(rows.size, 2);
	assert_int_equal(bolt_as_int(&rows.items[1].items[0], 0), 3);
	bolt_result_free(result);
	stage_assert_told(scene.stage, "HELLO\nLOGON\nRUN\nPULL {\"n\":2}\nPULL {\"n\":-1}");
	// More than were allowed.
	assert_int_equal(run(&scene, "Q", &result), 0);
	assert_int_equal(bolt_result_all(result, 9, deadline_in_ms(LIMIT), scene.arena, &rows, &scene.err), ERR_TOO_LARGE);
	assert_non_null(strstr(scene.err.text, "more than 9 rows"));
	assert_int_equal(stage_count(scene.stage, "PULL {\"n\":10}"), 4);
	assert_int_equal(next_int(&scene, result, &x), 1);
	bolt_result_free(result);
	end(&scene);
}

// A new query does not take away the rows of the one before.
static void test_run_keeps(void **state)
{
	struct bolt_result *first, *second;
	struct scene scene;
	int64_t x;

	(void)state;
	begin_small(&scene);
	STAGE_PLAY(scene.stage, NULL, {"PULL", 1, ROWS2}, {"PULL", 1, ROWS1});
	assert_int_equal(run(&scene, "first", &first), 0);
	assert_int_equal(next_int(&scene, first, &x), 1);
	assert_int_equal(run(&scene, "second", &second), 0);
	stage_assert_told(scene.stage, "HELLO\nLOGON\nRUN \"first\"\nPULL {\"n\":2}\nPULL {\"n\":-1}\nRUN \"second\" {} {\"bookmarks\":[\"m1\"]}\nPULL");
	for (int64_t i = 2; i <= 3; i++) {
		assert_int_equal(next_int(&scene, first, &x), 1);
		assert_int_equal(x, i);
	}
	assert_int_equal(next_int(&scene, first, &x), 0);
	assert_int_equal(next_int(&scene, second, &x), 1);
	bolt_result_free(first);
	bolt_result_free(second);
	end(&scene);
}

// Everything that can be said of a transaction is said.
static void test_extra(void **state)
{
	const struct bolt_notifications filter = {.minimum_severity = "WARNING", .disabled = (const char *const[]){"HINT"}, .n_disabled = 1};
	const struct bolt_session_options options = {
		.database = "movies",
		.read = true,
		.impersonated_user = "eva",
		.after = {(const char *const[]){"m", "m"}, 2},
		.notifications = &filter,
	};
	const struct bolt_entry entries[] = {{"who", bolt_string("me")}};
	const struct bolt_value map = bolt_map(entries, 1);
	struct bolt_statement statement = {.text = "Q", .params = &map, .timeout_ms = -1, .metadata = &map};
	struct bolt_result *result;
	struct scene scene;

	(void)state;
	begin_as(&scene, 5, 6, (struct bolt_driver_options){.notifications = &filter}, &options);
	assert_int_equal(bolt_session_run(scene.session, &statement, deadline_in_ms(LIMIT), &result, &scene.err), 0);
	bolt_result_free(result);
	assert_int_equal(stage_count(scene.stage, "RUN \"Q\" {\"who\":\"me\"} {"), 1);
	statement.timeout_ms = -2;
	assert_int_equal(bolt_session_run(scene.session, &statement, deadline_in_ms(LIMIT), &result, &scene.err), ERR_INVALID);
	assert_non_null(strstr(scene.err.text, "timeout of -2 ms"));
	end(&scene);
}

#define SYNTAX "FAILURE Neo.ClientError.Statement.SyntaxError no such word"

static void test_failures(void **state)
{
	struct bolt_result *result;
	struct scene scene;
	int64_t x;

	(void)state;
	begin_small(&scene);
	STAGE_PLAY(scene.stage, NULL, {"RUN \"bad\"", 0, SYNTAX}, {"PULL", 1, "RECORD [1]\n" SYNTAX});
	// RUN fails: the caller of run() is told, and can have all that the server said until the next call.
	assert_int_equal(run(&scene, "bad", &result), ERR_SERVER);
	assert_string_equal(scene.err.code, "Neo.ClientError.Statement.SyntaxError");
	assert_string_equal(scene.err.text, "no such word");
	assert_non_null(bolt_session_failure(scene.session));
	assert_string_equal(bolt_session_failure(scene.session)->gql_status, "01N00");
	// PULL fails: the rows before it come first, and then the error again and again.
	assert_int_equal(run(&scene, "late", &result), 0);
	assert_null(bolt_session_failure(scene.session));
	assert_int_equal(next_int(&scene, result, &x), 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(next_int(&scene, result, &x), ERR_SERVER);
		assert_string_equal(scene.err.text, "no such word");
		assert_string_equal(bolt_session_failure(scene.session)->description, "described");
	}
	bolt_result_free(result);
	assert_null(bolt_session_failure(scene.session));
	// One RESET each, and the connection lives on.
	assert_int_equal(run(&scene, "good", &result), 0);
	bolt_result_free(result);
	stage_assert_told(scene.stage, "HELLO\nLOGON\nRUN\nPULL\nRESET\nRUN\nPULL\nRESET\nRUN\nPULL");
	assert_int_equal(stage_connections(scene.stage), 1);
	end(&scene);
}

// An answer that a server must not give ends the connection, with an error that says what it was.
static void test_wrong_answers(void **state)
{
	static const struct {
		struct stage_rule rules[2];
		const char *complaint;
	} cases[] = {
		{{{"RUN", 1, "SUCCESS {\"fields\":1}"}}, "the columns in the answer to RUN are no list"},
		{{{"RUN", 1, "SUCCESS {\"fields\":[1]}"}}, "a column in the answer to RUN is no string"},
		{{{"RUN", 1, "IGNORED"}}, "IGNORED"},
		{{{"PULL", 1, "RECORD [1,2]"}}, "a row has 2 values where there are 1 columns"},
		{{{"PULL", 1, "SUCCESS {\"type\":\"x\"}"}}, "type 'x', which is none of"},
		{{{"PULL", 1, "SUCCESS {\"statuses\":[{}]}"}}, "has no gql_status"},
		{{{"HELLO", 1, "SUCCESS {\"server\":\"Memory/1\"}"}}, "calls itself 'Memory/1'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bolt_result *result = NULL;
		struct scene scene;
		int64_t x;
		int r;

		begin(&scene);
		stage_play(scene.stage, cases[i].rules, 1, NULL);
		r = run(&scene, "Q", &result);
		while (r >= 0 && result)
			r = next_int(&scene, result, &x) > 0 ? 0 : scene.err.class == ERR_NONE ? 1 : -1;
		assert_int_equal(scene.err.class, ERR_PROTOCOL);
		if (!strstr(scene.err.text, cases[i].complaint) && i != 2)
			fail_msg("%s: %s", cases[i].complaint, scene.err.text);
		bolt_result_free(result);
		assert_int_equal(run(&scene, "after", &result), 0);
		bolt_result_free(result);
		assert_int_equal(stage_connections(scene.stage), 2);
		end(&scene);
	}
}

static void test_lost_connection(void **state)
{
	struct bolt_result *result;
	struct scene scene;
	int64_t x;

	(void)state;
	begin(&scene);
	STAGE_PLAY(scene.stage, NULL, {"PULL", 1, "RECORD [1]\nCLOSE"}, {"RUN \"hang\"", 0, "HANG"});
	assert_int_equal(run(&scene, "Q", &result), 0);
	assert_int_equal(next_int(&scene, result, &x), 1);
	assert_int_equal(next_int(&scene, result, &x), ERR_IO);
	// It may be done.
	assert_string_equal(scene.err.code, BOLT_COMMIT_UNKNOWN);
	assert_false(bolt_is_retryable(&scene.err));
	bolt_result_free(result);
	// The deadline is the caller's, and not worth a retry.
	err_clear(&scene.err);
	assert_int_equal(bolt_session_run(scene.session, &(struct bolt_statement){.text = "hang"}, deadline_in_ms(50), &result, &scene.err),
			 ERR_TIMEOUT);
	assert_false(bolt_is_retryable(&scene.err));
	stage_down(scene.stage);
	assert_int_equal(run(&scene, "Q", &result), ERR_IO);
	end(&scene);
}

static void test_options(void **state)
{
	static const struct {
		struct bolt_driver_options options;
		const char *complaint;
	} bad[] = {
		{{.uri = "x"}, "SCHEME://"},
		{{.uri = "bolt://a", .connect_ms = -1}, "connect_ms of -1 is less than 0"},
		{{.uri = "bolt://a", .fetch_size = -2}, "fetch_size of -2 is less than -1"},
		{{.uri = "bolt+s://a", .tls = BOLT_TLS_ANY}, "leave tls out"},
		{{.uri = "bolt://a", .ca_pem = "x"}, "use +s"},
		{{.uri = "bolt+ssc://a", .pinned = "x"}, "any certificate is taken"},
		{{.uri = "bolt+s://a", .cert_pem = "x"}, "needs both"},
	};
	struct bolt_driver *driver;
	struct bolt_session *session;
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err_clear(&err);
		assert_int_equal(bolt_driver_new(&bad[i].options, &driver, &err), ERR_INVALID);
		if (!strstr(err.text, bad[i].complaint))
			fail_msg("%s: %s", bad[i].complaint, err.text);
	}
	err_clear(&err);
	assert_int_equal(bolt_driver_new(&(struct bolt_driver_options){.uri = "bolt://a", .tls = BOLT_TLS_VERIFY}, &driver, &err), 0);
	assert_true(bolt_driver_is_encrypted(driver));
	assert_int_equal(bolt_session_new(driver, &(struct bolt_session_options){.fetch_size = -2}, &session, &err), ERR_INVALID);
	bolt_driver_free(driver);
	bolt_driver_free(NULL);
	bolt_session_free(NULL);
	bolt_result_free(NULL);
	bolt_tx_free(NULL);
}

// Every way to read gives the failure; and a session that was cancelled gives nothing more.
static void test_reading_fails(void **state)
{
	const struct bolt_summary *summary;
	const struct bolt_value *row;
	struct bolt_result *result;
	struct scene scene;

	(void)state;
	begin(&scene);
	STAGE_PLAY(scene.stage, NULL, {"PULL", 1, SYNTAX}, {"PULL", 1, "RECORD [1]\n" SYNTAX}, {"PULL", 1, SYNTAX});
	assert_int_equal(run(&scene, "Q", &result), 0);
	assert_int_equal(bolt_result_single(result, deadline_in_ms(LIMIT), &row, &scene.err), ERR_SERVER);
	bolt_result_free(result);
	assert_int_equal(run(&scene, "Q", &result), 0);
	assert_int_equal(bolt_result_single(result, deadline_in_ms(LIMIT), &row, &scene.err), ERR_SERVER);
	bolt_result_free(result);
	assert_int_equal(run(&scene, "Q", &result), 0);
	for (int i = 0; i < 2; i++) {
		err_clear(&scene.err);
		assert_int_equal(bolt_result_consume(result, deadline_in_ms(LIMIT), &summary, &scene.err), ERR_SERVER);
		assert_non_null(bolt_session_failure(scene.session));
	}
	bolt_result_free(result);
	assert_int_equal(run(&scene, "Q", &result), 0);
	bolt_session_cancel(scene.session);
	assert_int_equal(bolt_result_peek(result, deadline_in_ms(LIMIT), &row, &scene.err), ERR_CANCELLED);
	err_clear(&scene.err);
	assert_int_equal(bolt_result_consume(result, deadline_in_ms(LIMIT), &summary, &scene.err), ERR_CANCELLED);
	bolt_result_free(result);
	end(&scene);
}

// The first query waits for the logon; what is said of that is what the caller is told.
static void test_refused_logon(void **state)
{
	struct bolt_result *result;
	struct scene scene;

	(void)state;
	begin(&scene);
	STAGE_PLAY(scene.stage, NULL, {"LOGON", 1, "FAILURE Neo.ClientError.Security.Unauthorized wrong password"},
		   {"LOGON", 1, "SUCCESS {\"credentials_expired\":true}"},
		   {"RUN \"Q\"", 1, "FAILURE Neo.ClientError.Security.CredentialsExpired change it first"});
	assert_int_equal(run(&scene, "Q", &result), ERR_FORBIDDEN);
	assert_string_equal(scene.err.code, "Neo.ClientError.Security.Unauthorized");
	assert_string_equal(bolt_session_failure(scene.session)->message, "wrong password");
	assert_int_equal(stage_count(scene.stage, "RUN"), 0);
	// A password that must be changed is let in; what is not its change the server refuses, and the connection is not used again.
	assert_int_equal(run(&scene, "Q", &result), ERR_FORBIDDEN);
	assert_string_equal(scene.err.code, "Neo.ClientError.Security.CredentialsExpired");
	assert_string_equal(bolt_session_failure(scene.session)->message, "change it first");
	assert_false(bolt_is_retryable(&scene.err));
	assert_int_equal(run(&scene, "ALTER CURRENT USER SET PASSWORD FROM $a TO $b", &result), 0);
	bolt_result_free(result);
	assert_int_equal(stage_connections(scene.stage), 3);
	end(&scene);
}

// A row of 8 MiB, and always more of them.
static const char *endless(struct scene *scene)
{
	size_t size = (size_t)8 * 1024 * 1024;
	char *text = arena_alloc(scene->arena, size + 64), *at = text;

	memcpy(at, "RECORD [\"", 9);
	memset(at + 9, 'x', size);
	(void)snprintf(at + 9 + size, 55, "\"]\nSUCCESS {\"has_more\":true}");
	return text;
}

// The rows to keep have a limit: the call breaks off, and the connection can be used again.
static void test_kept_limit(void **state)
{
	const struct bolt_statement statement = {.text = "second"};
	struct bolt_result *result, *second;
	struct stage_rule *rule;
	struct scene scene;
	int64_t x;
	int r;

	(void)state;
	begin(&scene);
	rule = arena_alloc(scene.arena, sizeof(*rule));
	*rule = (struct stage_rule){"PULL", 0, endless(&scene)};
	stage_play(scene.stage, rule, 1, NULL);
	assert_int_equal(run(&scene, "first", &result), 0);
	assert_int_equal(bolt_session_run(scene.session, &statement, deadline_in_ms(LARGE_LIMIT), &second, &scene.err), ERR_TOO_LARGE);
	assert_non_null(strstr(scene.err.text, "67108864 bytes"));
	while ((r = next_int(&scene, result, &x)) > 0)
		;
	assert_int_equal(r, ERR_TOO_LARGE);
	bolt_result_free(result);
	end(&scene);
}

// A hook of the caller's that fails is no reason to try again.
static int no_supply(void *user, struct arena *arena, struct bolt_bookmark_list *ret, struct err *err)
{
	(void)user;
	(void)arena;
	(void)ret;
	return err_set(err, ERR_IO, "the other process is gone");
}

static int no_consume(void *user, const struct bolt_bookmark_list *now, struct err *err)
{
	(void)user;
	(void)now;
	return err_set(err, ERR_IO, "the other process is gone");
}

static void test_hooks(void **state)
{
	const struct bolt_bookmark_hooks hooks[] = {{.supply = no_supply}, {.consume = no_consume}};
	struct bolt_result *result;
	struct scene scene;
	int64_t x;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bolt_bookmarks *bookmarks = bolt_bookmarks_new(NULL, &hooks[i]);

		begin_as(&scene, 5, 8, (struct bolt_driver_options){0}, &(struct bolt_session_options){.bookmarks = bookmarks});
		STAGE_PLAY(scene.stage, NULL, {"PULL", 0, "SUCCESS {\"bookmark\":\"m\"}"});
		assert_int_equal(run(&scene, "Q", &result), i ? 0 : ERR_IO);
		if (i) {
			assert_int_equal(next_int(&scene, result, &x), ERR_IO);
			bolt_result_free(result);
		}
		assert_string_equal(scene.err.code, BOLT_CALLBACK);
		assert_false(bolt_is_retryable(&scene.err));
		end(&scene);
		bolt_bookmarks_free(bookmarks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_auto_commit), cmocka_unit_test(test_demand),	  cmocka_unit_test(test_discard),
		cmocka_unit_test(test_single),	    cmocka_unit_test(test_all),		  cmocka_unit_test(test_run_keeps),
		cmocka_unit_test(test_extra),	    cmocka_unit_test(test_failures),	  cmocka_unit_test(test_wrong_answers),
		cmocka_unit_test(test_options),	    cmocka_unit_test(test_lost_connection), cmocka_unit_test(test_refused_logon),
		cmocka_unit_test(test_kept_limit),  cmocka_unit_test(test_hooks),
		cmocka_unit_test(test_reading_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
