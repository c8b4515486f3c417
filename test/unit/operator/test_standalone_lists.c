// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// F5 F2: a standalone's lists of servers and databases come from connections that are opened anyway, and are written only when they differ.

#include "support/scene.h"

#define LISTS "SHOW DATABASES"

static const char *text_at(struct scene *scene, const char *pointer)
{
	const char *text = kubernetes_value(scene->kubernetes, SCENE_ROOT, pointer, scene->arena);

	return text ? text : "";
}

static void look(struct scene *scene, int64_t ms)
{
	scene_later(scene, ms);
	scene_settle(scene);
}

static void test_asked_on_the_way(void **state)
{
	struct scene scene;
	unsigned logins;

	(void)state;
	scene_begin(&scene);
	scene_settle(&scene);
	assert_true(scene_is_registered(&scene));
	assert_string_equal(text_at(&scene, "/status/servers"),
			    "[{\"name\":\"the-server\",\"pod\":\"a-0\",\"state\":\"Enabled\",\"health\":\"Available\",\"version\":\"2025.12.1\"}]");
	assert_string_equal(text_at(&scene, "/status/databases"),
			    "[{\"name\":\"neo4j\",\"requestedStatus\":\"online\",\"currentStatus\":\"online\",\"copies\":1,\"online\":1}]");
	// The first look asks on its own connection, and writes nothing new of it.
	neo4j_server_forget(scene.server);
	look(&scene, 5000);
	assert_int_equal(neo4j_server_asked(scene.server, LISTS), 1);
	look(&scene, 25000);
	look(&scene, 60000);
	assert_int_equal(neo4j_server_asked(scene.server, LISTS), 3);
	logins = neo4j_server_logins(scene.server);
	kubernetes_forget(scene.kubernetes);
	SCENE_BECOME(&scene, .active = true, .connected = true, .expires = "2999-01-01T00:00:00Z");
	look(&scene, 3600000);
	assert_int_equal(neo4j_server_asked(scene.server, LISTS), 4);
	assert_int_equal(neo4j_server_logins(scene.server), logins + 1);
	// What an hour of a settled deployment costs: the password's Secret and the pod are read, the server is asked on one connection.
	assert_int_equal(kubernetes_calls(scene.kubernetes, NULL, NULL), 2);
	assert_int_equal(kubernetes_calls(scene.kubernetes, "GET", SCENE_ADMIN), 1);
	assert_int_equal(kubernetes_calls(scene.kubernetes, "GET", SCENE_POD), 1);
	// Somebody has stopped a database: the next look tells.
	SCENE_BECOME(&scene, .active = true, .connected = true, .expires = "2999-01-01T00:00:00Z", .database = "offline");
	look(&scene, 3600000);
	assert_non_null(strstr(text_at(&scene, "/status/databases"), "\"currentStatus\":\"offline\",\"copies\":1,\"online\":0"));
	assert_int_equal(kubernetes_calls(scene.kubernetes, "PATCH", NULL), 1);
	scene_end(&scene);
}

static void begin_without_fleet(struct scene *scene, const struct neo4j_state *server)
{
	scene_begin(scene);
	scene_become(scene, server);
	scene_set_spec(scene, "{\"auraFleetManagement\":null}");
	scene_settle(scene);
}

// A database that is on its way when the server is asked first is looked at again, until it is there.
static void test_on_its_way(void **state)
{
	struct scene scene;

	(void)state;
	begin_without_fleet(&scene, &(struct neo4j_state){.database = "starting"});
	assert_non_null(strstr(text_at(&scene, "/status/databases"), "starting"));
	assert_int_equal(neo4j_server_asked(scene.server, LISTS), 1);
	assert_in_range(scene.outcome.again_after_ms, 1, 1200);
	look(&scene, 1200);
	assert_int_equal(neo4j_server_asked(scene.server, LISTS), 2);
	assert_in_range(scene.outcome.again_after_ms, 1900, 2300);
	SCENE_BECOME(&scene, .database = NULL);
	look(&scene, 2300);
	assert_non_null(strstr(text_at(&scene, "/status/databases"), "\"currentStatus\":\"online\""));
	assert_int_equal(neo4j_server_asked(scene.server, LISTS), 3);
	// Then never again, without Fleet Manager.
	assert_int_equal(scene.outcome.again_after_ms, 0);
	look(&scene, INT64_C(7) * 24 * 3600 * 1000);
	assert_int_equal(neo4j_server_asked(scene.server, LISTS), 3);
	scene_end(&scene);
}

static void test_community(void **state)
{
	struct scene scene;

	(void)state;
	begin_without_fleet(&scene, &(struct neo4j_state){.community = true});
	assert_string_equal(text_at(&scene, "/status/servers"), "");
	assert_non_null(strstr(text_at(&scene, "/status/databases"), "neo4j"));
	scene_end(&scene);
}

// A server that does not tell its databases is none the worse for it.
static void test_silent(void **state)
{
	struct scene scene;

	(void)state;
	begin_without_fleet(&scene, &(struct neo4j_state){.fault = NEO4J_DROP, .fault_at = LISTS});
	assert_string_equal(text_at(&scene, "/status/databases"), "");
	assert_string_equal(scene_condition(&scene, "Ready", "status"), "True");
	scene_end(&scene);
}

// What was heard in a pass that could not write its status is written by a later one, without another question.
static void test_lost_write(void **state)
{
	struct scene scene;

	(void)state;
	begin_without_fleet(&scene, &(struct neo4j_state){.database = NULL});
	SCENE_BECOME(&scene, .database = "offline");
	kubernetes_merge(scene.kubernetes, SCENE_ADMIN, "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}");
	SCENE_FAIL(&scene, .method = "PATCH", .part = "/status", .times = 1, .status = 500);
	scene_watch(&scene);
	(void)scene_pass(&scene, SCENE_KEY);
	assert_int_equal(neo4j_server_asked(scene.server, LISTS), 2);
	assert_null(strstr(text_at(&scene, "/status/databases"), "offline"));
	scene_settle(&scene);
	assert_non_null(strstr(text_at(&scene, "/status/databases"), "offline"));
	assert_int_equal(neo4j_server_asked(scene.server, LISTS), 2);
	scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked_on_the_way), cmocka_unit_test(test_on_its_way), cmocka_unit_test(test_community),
		cmocka_unit_test(test_silent),		 cmocka_unit_test(test_lost_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
