// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Connections that are shared: between threads, between credentials, and over time.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "bolt/session.h"
#include "test/unit/bolt/stage.h"

#define LIMIT 20000

static _Atomic int64_t later_ms;

static int64_t now(void *user)
{
	(void)user;
	return clock_monotonic_ms(&clock_system) + later_ms;
}

static const struct clock ahead = {.monotonic_ms = now, .wall_ms = now};

struct scene {
	struct stage *stage;
	struct bolt_driver *driver;
	struct arena *arena;
	struct err err;
};

static void begin_as(struct scene *scene, unsigned minor, struct bolt_driver_options options)
{
	char uri[64];

	later_ms = 0;
	*scene = (struct scene){.stage = stage_start(5, minor), .arena = arena_new()};
	(void)snprintf(uri, sizeof(uri), "bolt://127.0.0.1:%u", stage_port(scene->stage));
	options.uri = uri;
	options.clock = &ahead;
	assert_int_equal(bolt_driver_new(&options, &scene->driver, &scene->err), 0);
}

static void end(struct scene *scene)
{
	bolt_driver_free(scene->driver);
	stage_stop(scene->stage);
	arena_free(scene->arena);
}

static int query_as(struct scene *scene, const struct bolt_auth *auth)
{
	struct bolt_answer answer;
	int r;

	err_clear(&scene->err);
	r = bolt_driver_query(scene->driver, &(struct bolt_call){.text = "Q", .auth = auth, .no_bookmarks = true}, deadline_in_ms(LIMIT),
			      scene->arena, &answer, &scene->err);
	if (r == 0) {
		assert_int_equal(answer.n_rows, 1);
		assert_int_equal(bolt_as_int(bolt_answer_get(&answer, 0, "x"), 0), 1);
		assert_null(bolt_answer_get(&answer, 1, "x"));
		assert_null(bolt_answer_get(&answer, 0, "y"));
		assert_string_equal(answer.keys[0], "x");
		assert_string_equal(answer.summary->query_type, "r");
		assert_int_equal(answer.summary->n_statuses, 1);
	}
	return r;
}

static int query(struct scene *scene)
{
	return query_as(scene, NULL);
}

#define ONE_QUERY "BEGIN\nRUN\nPULL {\"n\":1000}\nCOMMIT"

static void test_reuse(void **state)
{
	struct scene scene;

	(void)state;
	begin_as(&scene, 8, (struct bolt_driver_options){.lifetime_ms = 60000, .liveness_ms = 5000});
	assert_int_equal(query(&scene), 0);
	assert_int_equal(query(&scene), 0);
	stage_assert_told(scene.stage, "HELLO\nLOGON\n" ONE_QUERY "\n" ONE_QUERY);
	// Idle for long: it is asked whether it lives.
	later_ms += 5000;
	assert_int_equal(query(&scene), 0);
	stage_assert_told(scene.stage, "RESET\n" ONE_QUERY);
	// It does not: another one is opened.
	stage_cut(scene.stage);
	later_ms += 5000;
	assert_int_equal(query(&scene), 0);
	assert_int_equal(stage_connections(scene.stage), 2);
	// The server has no time to say whether it lives: the deadline is the caller's.
	STAGE_PLAY(scene.stage, NULL, {"RESET", 1, "HANG"});
	later_ms += 5000;
	assert_int_equal(bolt_driver_verify(scene.driver, NULL, deadline_in_ms(50), scene.arena, NULL, &scene.err), ERR_TIMEOUT);
	assert_int_equal(query(&scene), 0);
	assert_int_equal(stage_connections(scene.stage), 3);
	// Too old.
	later_ms += 60000;
	assert_int_equal(query(&scene), 0);
	assert_int_equal(stage_connections(scene.stage), 4);
	end(&scene);
}

static void test_verify(void **state)
{
	struct bolt_server_info info;
	struct scene scene;
	bool yes = false;

	(void)state;
	begin_as(&scene, 8, (struct bolt_driver_options){0});
	assert_int_equal(bolt_driver_verify(scene.driver, NULL, deadline_in_ms(LIMIT), scene.arena, &info, &scene.err), 0);
	assert_string_equal(info.agent, "Neo4j/5.26.0");
	assert_int_equal(info.minor, 8);
	stage_assert_told(scene.stage, "HELLO\nLOGON");
	assert_int_equal(bolt_driver_verify(scene.driver, NULL, deadline_in_ms(LIMIT), scene.arena, NULL, &scene.err), 0);
	stage_assert_told(scene.stage, "RESET");
	assert_int_equal(bolt_driver_supports_session_auth(scene.driver, deadline_in_ms(LIMIT), &yes, &scene.err), 0);
	assert_true(yes);
	assert_false(bolt_driver_is_encrypted(scene.driver));
	assert_int_equal(bolt_driver_reroute(scene.driver, NULL, NULL, deadline_in_ms(LIMIT), &scene.err), ERR_INVALID);
	stage_down(scene.stage);
	err_clear(&scene.err);
	assert_int_equal(bolt_driver_verify(scene.driver, NULL, deadline_in_ms(LIMIT), scene.arena, NULL, &scene.err), ERR_IO);
	err_clear(&scene.err);
	assert_int_equal(bolt_driver_supports_session_auth(scene.driver, deadline_in_ms(LIMIT), &yes, &scene.err), ERR_IO);
	end(&scene);
}

// Another user on the same connection: logged off and on, in the same flight as the query.
static void test_session_auth(void **state)
{
	const struct bolt_auth eva = bolt_auth_basic("eva", "e"), token = bolt_auth_bearer("t");
	const struct bolt_entry entries[] = {{"k", bolt_string("v")}};
	const struct bolt_value map = bolt_map(entries, 1);
	const struct bolt_auth own = {.scheme = "own", .user = "u", .password = "p", .realm = "r", .parameters = &map};
	struct scene scene;
	bool yes = true;

	(void)state;
	begin_as(&scene, 8, (struct bolt_driver_options){.auth = bolt_auth_kerberos("ticket")});
	assert_int_equal(query(&scene), 0);
	assert_int_equal(query_as(&scene, &eva), 0);
	assert_int_equal(query_as(&scene, &eva), 0);
	assert_int_equal(query_as(&scene, &token), 0);
	assert_int_equal(query_as(&scene, &own), 0);
	assert_int_equal(query_as(&scene, &own), 0);
	assert_int_equal(query(&scene), 0);
	stage_assert_told(scene.stage, "HELLO\nLOGON {\"scheme\":\"kerberos\"\n" ONE_QUERY "\nLOGOFF\nLOGON {\"scheme\":\"basic\"\n" ONE_QUERY
				       "\n" ONE_QUERY "\nLOGOFF\nLOGON {\"scheme\":\"bearer\"\n" ONE_QUERY
				       "\nLOGOFF\nLOGON {\"scheme\":\"own\"\n" ONE_QUERY "\n" ONE_QUERY
				       "\nLOGOFF\nLOGON {\"scheme\":\"kerberos\"\n" ONE_QUERY);
	assert_int_equal(stage_connections(scene.stage), 1);
	// Whether credentials are good is asked of the server, even if they are those of the connection.
	assert_int_equal(bolt_driver_verify_auth(scene.driver, NULL, deadline_in_ms(LIMIT), &yes, &scene.err), 0);
	assert_true(yes);
	stage_assert_told(scene.stage, "LOGOFF\nLOGON");
	STAGE_PLAY(scene.stage, NULL, {"LOGON", 1, "FAILURE Neo.ClientError.Security.Unauthorized no"},
		   {"LOGON", 1, "FAILURE Neo.TransientError.General.Hiccup no"});
	assert_int_equal(bolt_driver_verify_auth(scene.driver, &(struct bolt_probe){.auth = &eva}, deadline_in_ms(LIMIT), &yes, &scene.err), 0);
	assert_false(yes);
	assert_int_equal(bolt_driver_verify_auth(scene.driver, &(struct bolt_probe){.auth = &eva}, deadline_in_ms(LIMIT), &yes, &scene.err),
			 ERR_SERVER);
	end(&scene);
}

// One connection stays behind that is too old, and dead besides.
static void leave_old(struct scene *scene)
{
	struct bolt_pool_figures figures;

	assert_int_equal(query(scene), 0);
	bolt_driver_figures(scene->driver, &(struct bolt_address){.host = "127.0.0.1", .port = stage_port(scene->stage)}, &figures);
	assert_int_equal(figures.in_use, 0);
	assert_int_equal(figures.idle, 1);
	stage_cut(scene->stage);
	later_ms += 3600 * 1000;
}

// Before 5.1 a connection is logged on once and for all.
static void test_old_server(void **state)
{
	const struct bolt_auth eva = bolt_auth_basic("eva", "e");
	struct scene scene;
	bool yes = true;

	(void)state;
	begin_as(&scene, 0, (struct bolt_driver_options){.auth = bolt_auth_basic("neo4j", "secret")});
	assert_int_equal(query(&scene), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(query_as(&scene, &eva), ERR_INVALID);
		assert_string_equal(scene.err.code, BOLT_UNSUPPORTED);
		assert_non_null(strstr(scene.err.text, "needs Bolt 5.1"));
	}
	err_clear(&scene.err);
	assert_int_equal(bolt_driver_supports_session_auth(scene.driver, deadline_in_ms(LIMIT), &yes, &scene.err), 0);
	assert_false(yes);
	// Nor is one opened for it.
	stage_cut(scene.stage);
	leave_old(&scene);
	assert_int_equal(query_as(&scene, &eva), ERR_INVALID);
	assert_string_equal(scene.err.code, BOLT_UNSUPPORTED);
	STAGE_PLAY(scene.stage, NULL, {"HELLO", 1, "FAILURE Neo.ClientError.Security.Unauthorized no"});
	stage_cut(scene.stage);
	assert_int_equal(query(&scene), ERR_FORBIDDEN);
	assert_string_equal(scene.err.code, "Neo.ClientError.Security.Unauthorized");
	end(&scene);
}

// Credentials that change: a number that grows whenever the server refuses them.
struct rotation {
	unsigned version, asked, refused;
	bool broken, stubborn;
	char token[16];
};

static int get_auth(void *user, struct arena *arena, struct bolt_auth *ret, struct err *err)
{
	struct rotation *rotation = user;

	rotation->asked++;
	if (rotation->broken)
		return err_set(err, ERR_IO, "no token can be had");
	*ret = bolt_auth_bearer(arena_printf(arena, "token-%u", rotation->version));
	return 0;
}

static bool auth_refused(void *user, const struct bolt_auth *auth, const char *code)
{
	struct rotation *rotation = user;

	rotation->refused++;
	(void)snprintf(rotation->token, sizeof(rotation->token), "%s", auth->password);
	assert_string_equal(code, "Neo.ClientError.Security.TokenExpired");
	rotation->version++;
	return !rotation->stubborn;
}

static void test_provider(void **state)
{
	struct rotation rotation = {0};
	const struct bolt_auth_provider provider = {get_auth, auth_refused, &rotation};
	struct scene scene;

	(void)state;
	begin_as(&scene, 8, (struct bolt_driver_options){.provider = &provider});
	assert_int_equal(query(&scene), 0);
	assert_int_equal(rotation.asked, 1);
	// A new token: the same connection is logged on anew.
	rotation.version = 7;
	assert_int_equal(query(&scene), 0);
	stage_assert_told(scene.stage, "HELLO\nLOGON {\"scheme\":\"bearer\",\"credentials\":\"token-0\"}\n" ONE_QUERY
				       "\nLOGOFF\nLOGON {\"scheme\":\"bearer\",\"credentials\":\"token-7\"}\n" ONE_QUERY);
	// It expires in the middle: the provider is told which, and the query is done again with the next.
	STAGE_PLAY(scene.stage, NULL, {"RUN", 1, "FAILURE Neo.ClientError.Security.TokenExpired too old"});
	assert_int_equal(query(&scene), 0);
	assert_int_equal(rotation.refused, 1);
	assert_string_equal(rotation.token, "token-7");
	assert_int_equal(stage_count(scene.stage, "LOGON {\"scheme\":\"bearer\",\"credentials\":\"token-8\"}"), 1);
	assert_int_equal(stage_connections(scene.stage), 2);
	// A provider that has nothing better.
	rotation.stubborn = true;
	STAGE_PLAY(scene.stage, NULL, {"LOGON", 1, "FAILURE Neo.ClientError.Security.TokenExpired too old"});
	rotation.version = 9;
	assert_int_equal(query(&scene), ERR_FORBIDDEN);
	assert_false(bolt_is_retryable(&scene.err));
	rotation.broken = true;
	assert_int_equal(query(&scene), ERR_IO);
	assert_string_equal(scene.err.code, BOLT_CALLBACK);
	end(&scene);
}

// The server wants everybody's rights looked up anew: each connection to it logs on again before it is used for something else.
static void test_authorization_expired(void **state)
{
	struct bolt_session *session;
	struct bolt_tx *tx;
	struct scene scene;

	(void)state;
	begin_as(&scene, 8, (struct bolt_driver_options){0});
	assert_int_equal(bolt_session_new(scene.driver, NULL, &session, &scene.err), 0);
	assert_int_equal(bolt_session_begin(session, NULL, deadline_in_ms(LIMIT), &tx, &scene.err), 0);
	STAGE_PLAY(scene.stage, NULL, {"RUN", 1, "FAILURE Neo.ClientError.Security.AuthorizationExpired look again"});
	assert_int_equal(query(&scene), 0);
	assert_int_equal(stage_connections(scene.stage), 3);
	// Work that was begun is finished.
	assert_int_equal(bolt_tx_commit(tx, deadline_in_ms(LIMIT), &scene.err), 0);
	bolt_tx_free(tx);
	bolt_session_free(session);
	assert_int_equal(stage_count(scene.stage, "LOGOFF"), 0);
	assert_int_equal(query(&scene), 0);
	assert_int_equal(stage_count(scene.stage, "LOGOFF"), 1);
	assert_int_equal(stage_connections(scene.stage), 3);
	end(&scene);
}

static void test_pool_timeout(void **state)
{
	struct bolt_session *holder;
	struct bolt_tx *tx;
	struct scene scene;

	(void)state;
	begin_as(&scene, 8, (struct bolt_driver_options){.pool_size = 1, .acquire_ms = 1000});
	assert_int_equal(bolt_session_new(scene.driver, NULL, &holder, &scene.err), 0);
	assert_int_equal(bolt_session_begin(holder, NULL, deadline_in_ms(LIMIT), &tx, &scene.err), 0);
	assert_int_equal(query(&scene), ERR_TIMEOUT);
	assert_string_equal(scene.err.code, BOLT_POOL_TIMEOUT);
	assert_non_null(strstr(scene.err.text, "all 1 connections to 127.0.0.1:"));
	bolt_tx_free(tx);
	bolt_session_free(holder);
	assert_int_equal(query(&scene), 0);
	end(&scene);
}

// The driver's query tells a failure; and a result that is too much for it.
static void test_query_fails(void **state)
{
	const struct bolt_call call = {.text = "Q", .read = true, .max_rows = 1, .timeout_ms = 5};
	struct bolt_answer answer;
	struct scene scene;

	(void)state;
	begin_as(&scene, 8, (struct bolt_driver_options){0});
	STAGE_PLAY(scene.stage, NULL, {"RUN", 1, "FAILURE Neo.ClientError.Statement.SyntaxError no"}, {"PULL", 1, "RECORD [1]\nRECORD [2]\nSUCCESS {}"});
	assert_int_equal(bolt_driver_query(scene.driver, &call, deadline_in_ms(LIMIT), scene.arena, &answer, &scene.err), ERR_SERVER);
	assert_string_equal(answer.failure->code, "Neo.ClientError.Statement.SyntaxError");
	err_clear(&scene.err);
	assert_int_equal(bolt_driver_query(scene.driver, &call, deadline_in_ms(LIMIT), scene.arena, &answer, &scene.err), ERR_TOO_LARGE);
	assert_null(answer.failure);
	err_clear(&scene.err);
	// Calls of a driver follow one another, unless they are not to.
	assert_int_equal(bolt_driver_query(scene.driver, &call, deadline_in_ms(LIMIT), scene.arena, &answer, &scene.err), 0);
	assert_int_equal(bolt_driver_query(scene.driver, &call, deadline_in_ms(LIMIT), scene.arena, &answer, &scene.err), 0);
	assert_int_equal(stage_count(scene.stage, "BEGIN {\"bookmarks\":[\"mark-"), 1);
	assert_non_null(bolt_driver_bookmarks(scene.driver));
	end(&scene);
}

#define THREADS 8
#define ROUNDS 40

struct crowd {
	struct bolt_driver *driver;
	struct stage *stage;
	atomic_uint done, lost;
};

static void *ask_often(void *user)
{
	struct crowd *crowd = user;
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	for (int i = 0; i < ROUNDS; i++) {
		struct err err = ERR_INIT;
		struct bolt_answer answer;

		arena_reset(arena);
		if (bolt_driver_query(crowd->driver, &(struct bolt_call){.text = "Q"}, deadline_in_ms(LIMIT), arena, &answer, &err) == 0)
			atomic_fetch_add(&crowd->done, 1);
		else
			atomic_fetch_add(&crowd->lost, 1);
	}
	return NULL;
}

// Many threads, few connections, and a server that closes them all now and then.
static void test_threads(void **state)
{
	struct crowd crowd = {0};
	pthread_t threads[THREADS];
	struct scene scene;

	(void)state;
	begin_as(&scene, 8, (struct bolt_driver_options){.pool_size = 3, .retry_ms = -1});
	crowd.driver = scene.driver;
	crowd.stage = scene.stage;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &crowd), 0);
	for (unsigned i = 1; i <= 3; i++) {
		stage_wait(scene.stage, "COMMIT", i * THREADS * ROUNDS / 5);
		stage_cut(scene.stage);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(crowd.done + crowd.lost, THREADS * ROUNDS);
	// A cut takes those that are in use and those that are idle.
	assert_true(crowd.lost <= 3 * 2 * 3);
	assert_true(stage_open(scene.stage) <= 3);
	end(&scene);
}

struct sleeper {
	struct bolt_driver *driver;
	struct bolt_session *session;
	struct err err;
};

static void *wait_for_rows(void *user)
{
	struct sleeper *sleeper = user;
	struct bolt_result *result = NULL;
	const struct bolt_value *row;

	if (bolt_session_run(sleeper->session, &(struct bolt_statement){.text = "Q"}, DEADLINE_NEVER, &result, &sleeper->err) == 0)
		while (bolt_result_next(result, DEADLINE_NEVER, &row, &sleeper->err) > 0)
			;
	bolt_result_free(result);
	return NULL;
}

// Sessions of many threads that wait, some for rows and some for a connection, all end when they are told to.
static void test_cancel_threads(void **state)
{
	struct sleeper sleepers[THREADS] = {0};
	pthread_t threads[THREADS];
	struct scene scene;

	(void)state;
	begin_as(&scene, 8, (struct bolt_driver_options){.pool_size = 3});
	STAGE_PLAY(scene.stage, NULL, {"PULL", 0, "RECORD [1]\nHANG"});
	for (int i = 0; i < THREADS; i++) {
		sleepers[i].driver = scene.driver;
		assert_int_equal(bolt_session_new(scene.driver, NULL, &sleepers[i].session, &scene.err), 0);
		assert_int_equal(pthread_create(&threads[i], NULL, wait_for_rows, &sleepers[i]), 0);
	}
	stage_wait(scene.stage, "PULL", 3);
	for (int i = 0; i < THREADS; i++)
		bolt_session_cancel(sleepers[i].session);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(sleepers[i].err.class, ERR_CANCELLED);
		bolt_session_free(sleepers[i].session);
	}
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_session_auth),
		cmocka_unit_test(test_old_server),
		cmocka_unit_test(test_provider),
		cmocka_unit_test(test_authorization_expired),
		cmocka_unit_test(test_pool_timeout),
		cmocka_unit_test(test_query_fails),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_cancel_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
