// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/bolt/misuse_scene.h"
#include "test/unit/bolt/stage.h"

// Every function that a program may call, with every argument that may be wrong. Nothing crashes (the sanitizers' builds see what would not be
// seen otherwise), and a function that returns an error returns the very one that it filled in. What the texts say is in test_misuse.c.

#define LIMIT 10000

int scene_work(struct bolt_tx *tx, void *user, int64_t deadline, struct err *err)
{
	(void)tx;
	(void)user;
	(void)deadline;
	(void)err;
	return 0;
}

static void agree(struct conn *conn, struct arena *arena)
{
	struct conn_event event;
	size_t used;

	conn_init(conn);
	assert_int_equal(conn_feed(conn, (const unsigned char *)"\x00\x00\x08\x05", 4, &used, arena, &event, NULL), 0);
	assert_int_equal(event.type, CONN_AGREED);
}

static void open_driver(struct scene *scene, unsigned needs)
{
	const struct bolt_driver_options options = {.uri = scene->uri};

	assert_int_equal(bolt_driver_new(&options, &scene->driver, NULL), 0);
	assert_int_equal(bolt_session_new(scene->driver, NULL, &scene->session, NULL), 0);
	if (needs & SCENE_TX)
		assert_int_equal(bolt_session_begin(scene->session, NULL, scene->deadline, &scene->tx, NULL), 0);
	if (needs & SCENE_RESULT)
		assert_int_equal(bolt_session_run(scene->session, &(struct bolt_statement){.text = "Q"}, scene->deadline, &scene->result, NULL), 0);
}

static void begin(struct scene *scene, const struct stage *stage, unsigned needs)
{
	const struct bolt_auth auth = bolt_auth_basic("neo4j", "secret");

	*scene = (struct scene){.arena = arena_new(), .budget = BUDGET_INIT(1000000), .buf = BUF_INIT(100000), .port = stage_port(stage)};
	(void)snprintf(scene->uri, sizeof(scene->uri), "bolt://127.0.0.1:%u", scene->port);
	scene->deadline = deadline_in_ms(LIMIT);
	agree(&scene->conn, scene->arena);
	handshake_init(&scene->handshake);
	dechunker_init(&scene->dechunker, 1000);
	scene->bookmarks = bolt_bookmarks_new(NULL, NULL);
	assert_int_equal(bolt_cancel_new(&scene->cancel, NULL), 0);
	if (needs & (SCENE_DRIVER | SCENE_TX | SCENE_RESULT))
		open_driver(scene, needs);
	if (needs & SCENE_LINK) {
		const struct bolt_target target = {.host = "127.0.0.1", .port = scene->port, .user_agent = "test/1"};

		assert_int_equal(bolt_link_open(&target, &auth, scene->deadline, &scene->link, NULL), 0);
	}
}

static void end(struct scene *scene)
{
	bolt_result_free(scene->result);
	bolt_tx_free(scene->tx);
	bolt_session_free(scene->session);
	bolt_driver_free(scene->driver);
	bolt_link_close(scene->link);
	bolt_cancel_free(scene->cancel);
	bolt_bookmarks_free(scene->bookmarks);
	dechunker_release(&scene->dechunker);
	handshake_release(&scene->handshake);
	conn_deinit(&scene->conn);
	buf_release(&scene->buf);
	arena_free(scene->arena);
}

static void test_table(void **state)
{
	struct stage *stage = stage_start(5, 8);

	(void)state;
	for (size_t i = 0; i < n_scene_cases; i++) {
		const struct scene_case *one = &scene_cases[i];
		struct scene scene;

		// The last line says where it crashed.
		print_message("%s\n", one->what);
		begin(&scene, stage, one->needs);
		one->call(&scene);
		if (strstr(one->what, "of a newer library"))
			assert_int_equal(scene.returned, ERR_INVALID);
		if (one->errors)
			assert_int_equal(scene.returned < 0 ? scene.returned : 0, scene.err.class);
		end(&scene);
	}
	print_message("misuse: %zu functions, %zu cases\n", n_scene_functions, n_scene_cases);
	assert_true(n_scene_functions > 150);
	stage_stop(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
