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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_auto_commit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
