// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Routing with several servers in this process: who is asked, who is chosen, and what is forgotten when.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "bolt/session.h"
#include "test/unit/bolt/stage.h"

#define LIMIT 10000

static int64_t later_ms; // how far the clock of the driver is ahead

static int64_t now(void *user)
{
	(void)user;
	return clock_monotonic_ms(&clock_system) + later_ms;
}

static const struct clock ahead = {.monotonic_ms = now, .wall_ms = now};

// A router and two other servers; and the driver that knows the router.
struct scene {
	struct stage *router, *a, *b;
	struct bolt_driver *driver;
	struct arena *arena;
	struct err err;
};

// The table that the router gives: of A, B and the router itself by the letters of each role.
static char *table_of(struct scene *scene, const char *routers, const char *readers, const char *writers)
{
	const char *const lists[] = {routers, readers, writers}, *const roles[] = {"ROUTE", "READ", "WRITE"};
	_cleanup_buf_ struct buf text = BUF_INIT(4096);

	buf_add(&text, "SUCCESS {\"rt\":{\"ttl\":300,\"db\":\"movies\",\"servers\":[");
	for (int i = 0; i < 3; i++) {
		buf_addf(&text, "%s{\"role\":\"%s\",\"addresses\":[", i ? "," : "", roles[i]);
		for (const char *c = lists[i]; *c; c++) {
			const struct stage *stage = *c == 'a' ? scene->a : *c == 'b' ? scene->b : scene->router;

			buf_addf(&text, "%s\"127.0.0.1:%u\"", c == lists[i] ? "" : ",", *c == 'x' ? 1 : stage_port(stage));
		}
		buf_add(&text, "]}");
	}
	buf_add(&text, "]}}");
	return arena_strdup(scene->arena, buf_str(&text));
}

// From now on (times 0), or for so many questions.
static void route(struct scene *scene, struct stage *stage, unsigned times, char *replies)
{
	struct stage_rule *rule = arena_alloc(scene->arena, sizeof(*rule));

	*rule = (struct stage_rule){"ROUTE", times, replies};
	stage_play(stage, rule, 1, NULL);
}

static void begin_with(struct scene *scene, struct bolt_driver_options options)
{
	char uri[64];

	later_ms = 0;
	*scene = (struct scene){.router = stage_start(5, 4), .a = stage_start(5, 4), .b = stage_start(5, 4), .arena = arena_new()};
	(void)snprintf(uri, sizeof(uri), "neo4j://127.0.0.1:%u?region=eu", stage_port(scene->router));
	options.uri = uri;
	options.clock = &ahead;
	assert_int_equal(bolt_driver_new(&options, &scene->driver, &scene->err), 0);
}

static void begin(struct scene *scene)
{
	begin_with(scene, (struct bolt_driver_options){0});
}

static void end(struct scene *scene)
{
	bolt_driver_free(scene->driver);
	stage_stop(scene->router);
	stage_stop(scene->a);
	stage_stop(scene->b);
	arena_free(scene->arena);
}

static int query(struct scene *scene, const char *database, bool read, const char *text)
{
	const struct bolt_session_options options = {.database = database, .read = read};
	_cleanup_(bolt_session_freep) struct bolt_session *session = NULL;
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	const struct bolt_summary *summary;
	int r;

	err_clear(&scene->err);
	assert_int_equal(bolt_session_new(scene->driver, &options, &session, &scene->err), 0);
	r = bolt_session_run(session, &(struct bolt_statement){.text = text}, deadline_in_ms(LIMIT), &result, &scene->err);
	return r < 0 ? r : bolt_result_consume(result, deadline_in_ms(LIMIT), &summary, &scene->err);
}

static void test_roles(void **state)
{
	struct bolt_routing_view view;
	struct scene scene;

	(void)state;
	begin(&scene);
	route(&scene, scene.router, 0, table_of(&scene, "r", "a", "b"));
	assert_int_equal(query(&scene, "movies", true, "READ"), 0);
	assert_int_equal(query(&scene, "movies", false, "WRITE"), 0);
	assert_int_equal(stage_count(scene.router, "HELLO"), 1);
	assert_int_equal(stage_count(scene.router, "ROUTE {\"address\":\"127.0.0.1:"), 1);
	assert_int_equal(stage_count(scene.a, "RUN \"READ\" {} {\"mode\":\"r\",\"db\":\"movies\"}") +
				 stage_count(scene.a, "RUN \"READ\" {} {\"db\":\"movies\",\"mode\":\"r\"}"),
			 1);
	assert_int_equal(stage_count(scene.b, "RUN \"WRITE\" {} {\"db\":\"movies\"}"), 1);
	assert_true(bolt_driver_routing(scene.driver, "movies", scene.arena, &view));
	assert_int_equal(view.readers.n, 1);
	assert_int_equal(view.readers.items[0].port, stage_port(scene.a));
	assert_int_equal(view.ttl_ms, 300000);
	assert_false(bolt_driver_routing(scene.driver, "people", scene.arena, &view));
	end(&scene);
}

// The home database is looked up by each session, once, and named from then on.
static void test_home(void **state)
{
	struct bolt_session *session;
	struct bolt_result *result;
	struct scene scene;

	(void)state;
	begin(&scene);
	route(&scene, scene.router, 0, table_of(&scene, "r", "a", "b"));
	assert_int_equal(bolt_session_new(scene.driver, &(struct bolt_session_options){.impersonated_user = "eva"}, &session, &scene.err), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(bolt_session_run(session, &(struct bolt_statement){.text = "Q"}, deadline_in_ms(LIMIT), &result, &scene.err), 0);
		bolt_result_free(result);
	}
	bolt_session_free(session);
	assert_int_equal(stage_count(scene.router, "ROUTE"), 1);
	assert_int_equal(stage_count(scene.b, "RUN \"Q\" {} {\"db\":\"movies\",\"imp_user\":\"eva\"") +
				 stage_count(scene.b, "RUN \"Q\" {} {\"bookmarks\":"),
			 2);
	assert_int_equal(query(&scene, NULL, false, "Q"), 0);
	assert_int_equal(stage_count(scene.router, "ROUTE"), 2);
	end(&scene);
}

// A table is asked for again when its time is over, and not before.
static void test_ttl(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	route(&scene, scene.router, 0, table_of(&scene, "r", "a", "a"));
	assert_int_equal(query(&scene, "movies", true, "Q"), 0);
	later_ms = 299000;
	assert_int_equal(query(&scene, "movies", true, "Q"), 0);
	assert_int_equal(stage_count(scene.router, "ROUTE"), 1);
	later_ms = 301000;
	assert_int_equal(query(&scene, "movies", true, "Q"), 0);
	assert_int_equal(stage_count(scene.router, "ROUTE"), 2);
	assert_int_equal(bolt_driver_reroute(scene.driver, &(struct bolt_probe){.database = "movies"}, NULL, deadline_in_ms(LIMIT), &scene.err), 0);
	assert_int_equal(stage_count(scene.router, "ROUTE"), 3);
	end(&scene);
}

// A server that is down is left out, and the next one is taken.
static void test_server_down(void **state)
{
	struct bolt_routing_view view;
	struct scene scene;

	(void)state;
	begin(&scene);
	route(&scene, scene.router, 0, table_of(&scene, "r", "ab", "a"));
	stage_down(scene.a);
	for (int i = 0; i < 4; i++)
		assert_int_equal(query(&scene, "movies", true, "Q"), 0);
	assert_int_equal(stage_count(scene.b, "RUN"), 4);
	assert_true(bolt_driver_routing(scene.driver, "movies", scene.arena, &view));
	assert_int_equal(view.readers.n, 1);
	// Nobody is left for writes: the router is asked again, and has nobody better.
	assert_int_equal(query(&scene, "movies", false, "Q"), ERR_IO);
	assert_string_equal(scene.err.code, BOLT_NO_SERVERS);
	assert_non_null(strstr(scene.err.text, "takes writes"));
	assert_true(bolt_is_retryable(&scene.err));
	end(&scene);
}

// A writer that became a follower says so; the next write looks for the new one.
static void test_leader_moves(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	route(&scene, scene.router, 0, table_of(&scene, "r", "ab", "b"));
	route(&scene, scene.router, 1, table_of(&scene, "r", "ab", "a"));
	STAGE_PLAY(scene.a, NULL, {"RUN", 0, "FAILURE Neo.ClientError.Cluster.NotALeader ask another"});
	assert_int_equal(query(&scene, "movies", false, "Q"), ERR_SERVER);
	assert_true(bolt_is_retryable(&scene.err));
	assert_int_equal(query(&scene, "movies", false, "Q"), 0);
	assert_int_equal(stage_count(scene.b, "RUN"), 1);
	assert_int_equal(stage_count(scene.router, "ROUTE"), 2);
	end(&scene);
}

#define MANY "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define LINE "this server is not the leader of the database, ask another one; "
#define LONG LINE LINE LINE LINE LINE LINE LINE LINE

// The name of the home database is the router's word: it has to outlive the answers that come after it, also long ones.
static void test_leader_moves_at_home(void **state)
{
	struct bolt_answer answer;
	struct scene scene;

	(void)state;
	begin(&scene);
	route(&scene, scene.router, 0, table_of(&scene, "r", "ab" MANY, "b"));
	route(&scene, scene.router, 1, table_of(&scene, "r", "ab" MANY, "a"));
	STAGE_PLAY(scene.a, NULL, {"RUN", 0, "FAILURE Neo.ClientError.Cluster.NotALeader " LONG LONG LONG LONG});
	assert_int_equal(bolt_driver_query(scene.driver, &(struct bolt_call){.text = "Q"}, deadline_in_ms(LIMIT), scene.arena, &answer, &scene.err),
			 0);
	assert_int_equal(stage_count(scene.a, "RUN"), 1);
	assert_int_equal(stage_count(scene.b, "RUN"), 1);
	end(&scene);
}

// All connections to the router are in use, which it also writes with: that is no reason to forget it.
static void test_full_router(void **state)
{
	struct bolt_routing_view view;
	struct bolt_session *holder;
	struct bolt_tx *tx;
	struct scene scene;

	(void)state;
	begin_with(&scene, (struct bolt_driver_options){.pool_size = 1, .acquire_ms = 300});
	route(&scene, scene.router, 0, table_of(&scene, "r", "r", "r"));
	assert_int_equal(bolt_session_new(scene.driver, &(struct bolt_session_options){.database = "movies"}, &holder, &scene.err), 0);
	assert_int_equal(bolt_session_begin(holder, NULL, deadline_in_ms(LIMIT), &tx, &scene.err), 0);
	assert_int_equal(query(&scene, NULL, false, "Q"), ERR_TIMEOUT);
	assert_string_equal(scene.err.code, BOLT_POOL_TIMEOUT);
	assert_true(bolt_driver_routing(scene.driver, "movies", scene.arena, &view));
	assert_int_equal(view.routers.n + view.readers.n + view.writers.n, 3);
	// The table's routers are those of the URI: nobody else is asked, and the reason is still the same.
	later_ms = 300001;
	assert_int_equal(query(&scene, "movies", false, "Q"), ERR_TIMEOUT);
	assert_string_equal(scene.err.code, BOLT_POOL_TIMEOUT);
	bolt_tx_free(tx);
	bolt_session_free(holder);
	end(&scene);
}

// A router that takes questions and says nothing leaves time to the others.
static void test_silent_router(void **state)
{
	struct bolt_answer answer;
	struct scene scene;

	(void)state;
	begin(&scene);
	route(&scene, scene.router, 1, table_of(&scene, "abr", "r", "r"));
	assert_int_equal(query(&scene, "movies", true, "Q"), 0);
	later_ms = 300001;
	STAGE_PLAY(scene.a, NULL, {"ROUTE", 0, "HANG"});
	route(&scene, scene.b, 0, table_of(&scene, "b", "b", "b"));
	assert_int_equal(bolt_driver_query(scene.driver, &(struct bolt_call){.text = "Q", .database = "movies"}, deadline_in_ms(3000), scene.arena,
					   &answer, &scene.err),
			 0);
	assert_int_equal(stage_count(scene.b, "RUN"), 1);
	end(&scene);
}

static void test_database_unavailable(void **state)
{
	struct bolt_routing_view view;
	struct scene scene;

	(void)state;
	begin(&scene);
	route(&scene, scene.router, 0, table_of(&scene, "r", "a", "a"));
	STAGE_PLAY(scene.a, NULL, {"RUN", 1, "FAILURE Neo.TransientError.General.DatabaseUnavailable later"});
	assert_int_equal(query(&scene, "movies", true, "Q"), ERR_SERVER);
	assert_true(bolt_driver_routing(scene.driver, "movies", scene.arena, &view));
	assert_int_equal(view.readers.n + view.writers.n, 0);
	assert_int_equal(query(&scene, "movies", true, "Q"), 0);
	end(&scene);
}

// A router that is no use is passed over; what every router would say is said at once.
static void test_routers(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	route(&scene, scene.router, 1, table_of(&scene, "abr", "r", "r"));
	assert_int_equal(query(&scene, "movies", true, "Q"), 0);
	later_ms = 300001;
	route(&scene, scene.a, 0, arena_strdup(scene.arena, "FAILURE Neo.DatabaseError.General.UnknownError out of order"));
	route(&scene, scene.b, 1, table_of(&scene, "", "r", "r"));
	route(&scene, scene.router, 1, table_of(&scene, "r", "b", ""));
	assert_int_equal(query(&scene, "movies", true, "Q"), 0);
	assert_int_equal(stage_count(scene.a, "ROUTE"), 1);
	assert_int_equal(stage_count(scene.b, "ROUTE"), 1);
	assert_int_equal(stage_count(scene.b, "RUN"), 1);
	route(&scene, scene.router, 0, arena_strdup(scene.arena, "FAILURE Neo.ClientError.Database.DatabaseNotFound no such database"));
	assert_int_equal(query(&scene, "people", true, "Q"), ERR_SERVER);
	assert_string_equal(scene.err.code, "Neo.ClientError.Database.DatabaseNotFound");
	stage_down(scene.router);
	assert_int_equal(query(&scene, "animals", true, "Q"), ERR_IO);
	assert_string_equal(scene.err.code, BOLT_NO_SERVERS);
	assert_non_null(strstr(scene.err.text, "no router could be asked for the servers of database 'animals'; the last: 127.0.0.1:"));
	end(&scene);
}

// A router whose user's rights are being looked up anew is passed over; when no router of the table answers, the URI's address is asked.
static void test_initial_last(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	route(&scene, scene.router, 0, table_of(&scene, "r", "r", "r"));
	route(&scene, scene.router, 1, table_of(&scene, "ab", "r", "r"));
	route(&scene, scene.a, 0, arena_strdup(scene.arena, "FAILURE Neo.ClientError.Security.AuthorizationExpired look again"));
	stage_down(scene.b);
	assert_int_equal(query(&scene, "movies", true, "Q"), 0);
	later_ms = 300001;
	assert_int_equal(query(&scene, "movies", true, "Q"), 0);
	assert_int_equal(stage_count(scene.a, "ROUTE"), 1);
	assert_int_equal(stage_count(scene.router, "ROUTE"), 2);
	// Credentials that one refuses are refused by all.
	STAGE_PLAY(scene.a, NULL, {"LOGON", 0, "FAILURE Neo.ClientError.Security.Unauthorized no"});
	route(&scene, scene.router, 0, table_of(&scene, "r", "a", "r"));
	assert_int_equal(query(&scene, "people", true, "Q"), ERR_FORBIDDEN);
	STAGE_PLAY(scene.router, NULL, {"ROUTE", 0, "FAILURE Neo.ClientError.Security.Forbidden no"});
	assert_int_equal(query(&scene, "animals", true, "Q"), ERR_FORBIDDEN);
	assert_int_equal(stage_count(scene.router, "ROUTE"), 4);
	end(&scene);
}

struct stand_in {
	struct bolt_address items[3];
	size_t n;
	unsigned calls;
	bool broken;
};

static int resolve(void *user, const struct bolt_address *asked, struct arena *arena, struct bolt_addresses *ret, struct err *err)
{
	struct stand_in *stand_in = user;

	(void)arena;
	stand_in->calls++;
	if (stand_in->broken)
		return err_set(err, ERR_INVALID, "cannot resolve %s", asked->host);
	*ret = (struct bolt_addresses){stand_in->items, stand_in->n};
	return 0;
}

// The URI's address may stand for others: a resolver's, or a name's.
static void test_resolver(void **state)
{
	struct stand_in stand_in = {0}, names = {0};
	const struct bolt_resolver resolver = {resolve, &stand_in}, hosts = {resolve, &names};
	struct scene scene;

	(void)state;
	begin_with(&scene, (struct bolt_driver_options){.resolver = &resolver});
	stand_in.items[0] = (struct bolt_address){.host = "127.0.0.1", .port = 1};
	stand_in.items[1] = (struct bolt_address){.host = "127.0.0.1", .port = stage_port(scene.a)};
	stand_in.n = 2;
	route(&scene, scene.a, 0, table_of(&scene, "a", "b", "b"));
	assert_int_equal(query(&scene, "movies", true, "Q"), 0);
	assert_int_equal(stand_in.calls, 1);
	assert_int_equal(stage_connections(scene.router), 0);
	stand_in.broken = true;
	assert_int_equal(query(&scene, "people", true, "Q"), ERR_INVALID);
	assert_non_null(strstr(scene.err.text, "the resolver of '127.0.0.1': cannot resolve"));
	end(&scene);
	begin_with(&scene, (struct bolt_driver_options){.names = &hosts});
	names.items[0] = (struct bolt_address){.host = "127.0.0.1", .port = 1};
	names.items[1] = (struct bolt_address){.host = "127.0.0.1", .port = stage_port(scene.a)};
	names.n = 2;
	route(&scene, scene.a, 0, table_of(&scene, "a", "a", "a"));
	assert_int_equal(query(&scene, "movies", true, "Q"), 0);
	names.broken = true;
	assert_int_equal(query(&scene, "people", true, "Q"), ERR_INVALID);
	names.broken = false;
	names.n = 0;
	assert_int_equal(query(&scene, "animals", true, "Q"), ERR_IO);
	end(&scene);
}

// The server with the fewest connections in use gets the next.
static void test_least_connected(void **state)
{
	struct bolt_session *sessions[6];
	struct bolt_tx *txs[6];
	struct bolt_pool_figures a, b;
	struct scene scene;

	(void)state;
	begin(&scene);
	route(&scene, scene.router, 0, table_of(&scene, "r", "ab", "ab"));
	for (int i = 0; i < 6; i++) {
		assert_int_equal(bolt_session_new(scene.driver, &(struct bolt_session_options){.database = "movies"}, &sessions[i], &scene.err), 0);
		assert_int_equal(bolt_session_begin(sessions[i], NULL, deadline_in_ms(LIMIT), &txs[i], &scene.err), 0);
	}
	bolt_driver_figures(scene.driver, &(struct bolt_address){.host = "127.0.0.1", .port = stage_port(scene.a)}, &a);
	bolt_driver_figures(scene.driver, &(struct bolt_address){.host = "127.0.0.1", .port = stage_port(scene.b)}, &b);
	assert_int_equal(a.in_use, 3);
	assert_int_equal(b.in_use, 3);
	for (int i = 0; i < 6; i++) {
		bolt_tx_free(txs[i]);
		bolt_session_free(sessions[i]);
	}
	bolt_driver_figures(scene.driver, &(struct bolt_address){.host = "127.0.0.1", .port = stage_port(scene.a)}, &a);
	assert_int_equal(a.in_use, 0);
	assert_int_equal(a.idle, 3);
	end(&scene);
}

static int write_once(struct bolt_tx *tx, void *user, int64_t deadline, struct err *err)
{
	struct bolt_result *result = NULL;
	int r = bolt_tx_run(tx, &(struct bolt_statement){.text = "Q"}, deadline, &result, err);

	++*(unsigned *)user;
	bolt_result_free(result);
	return r;
}

// A managed transaction outlives its server.
static void test_managed(void **state)
{
	struct bolt_session *session;
	struct scene scene;
	unsigned calls = 0;

	(void)state;
	begin(&scene);
	route(&scene, scene.router, 0, table_of(&scene, "r", "ab", "b"));
	route(&scene, scene.router, 1, table_of(&scene, "r", "ab", "a"));
	STAGE_PLAY(scene.a, NULL, {"RUN", 0, "CLOSE"});
	assert_int_equal(bolt_session_new(scene.driver, &(struct bolt_session_options){.database = "movies"}, &session, &scene.err), 0);
	assert_int_equal(bolt_session_execute(session, &(struct bolt_job){.work = write_once, .user = &calls}, deadline_in_ms(LIMIT), &scene.err), 0);
	assert_int_equal(calls, 2);
	assert_int_equal(stage_count(scene.b, "COMMIT"), 1);
	bolt_session_free(session);
	end(&scene);
}

static int refuse_mark(void *user, const struct bolt_bookmark_list *now, struct err *err)
{
	(void)user, (void)now;
	(void)err_set(err, ERR_IO, "the store of bookmarks is away");
	err_set_code(err, BOLT_NO_SERVERS);
	return ERR_IO;
}

// Work whose bookmark nobody took was done all the same, and is not done again.
static void test_hook_after_commit(void **state)
{
	static const struct bolt_bookmark_hooks hooks = {.consume = refuse_mark};
	_cleanup_(bolt_bookmarks_freep) struct bolt_bookmarks *bookmarks = bolt_bookmarks_new(NULL, &hooks);
	struct bolt_session_options options = {.database = "movies", .bookmarks = bookmarks};
	struct bolt_session *session;
	struct scene scene;
	unsigned calls = 0;

	(void)state;
	begin(&scene);
	route(&scene, scene.router, 0, table_of(&scene, "r", "a", "a"));
	STAGE_PLAY(scene.a, NULL, {"COMMIT", 0, "SUCCESS {\"bookmark\":\"m\"}"});
	assert_int_equal(bolt_session_new(scene.driver, &options, &session, &scene.err), 0);
	assert_int_equal(bolt_session_execute(session, &(struct bolt_job){.work = write_once, .user = &calls}, deadline_in_ms(LIMIT), &scene.err),
			 ERR_IO);
	assert_string_equal(scene.err.code, BOLT_CALLBACK);
	assert_int_equal(calls, 1);
	assert_int_equal(stage_count(scene.a, "COMMIT"), 1);
	bolt_session_free(session);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roles),	       cmocka_unit_test(test_home),	     cmocka_unit_test(test_ttl),
		cmocka_unit_test(test_server_down),    cmocka_unit_test(test_leader_moves), cmocka_unit_test(test_leader_moves_at_home),
		cmocka_unit_test(test_full_router), cmocka_unit_test(test_silent_router), cmocka_unit_test(test_hook_after_commit),
		  cmocka_unit_test(test_database_unavailable),
		cmocka_unit_test(test_routers),	       cmocka_unit_test(test_resolver),	     cmocka_unit_test(test_least_connected),
		cmocka_unit_test(test_managed),	     cmocka_unit_test(test_initial_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
