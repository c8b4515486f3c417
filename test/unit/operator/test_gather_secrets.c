// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// E1, E3: what a pass reads before it decides: once for each version, and an API server that does not tell ends the pass before anything is
// written.

#include "support/scene.h"

static int pass(struct scene *scene)
{
	scene_watch(scene);
	return scene_pass(scene, SCENE_KEY);
}

static void test_what_cannot_be_read(void **state)
{
	static const struct {
		int status, result;
	} ways[] = {{403, ERR_FORBIDDEN}, {410, ERR_GONE}, {429, ERR_TOO_MANY}, {500, ERR_SERVER}, {KUBERNETES_CUT, ERR_IO}};
	static const struct {
		const char *path, *words;
	} objects[] = {{SCENE_ADMIN, "cannot read Secret 'admin'"}, {SCENE_SET, "cannot look for StatefulSet 'a'"}};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]) * 2; i++) {
		struct scene scene;

		scene_begin(&scene);
		// Of an untouched deployment nobody looks for the StatefulSet.
		kubernetes_merge(scene.kubernetes, SCENE_ROOT, "{\"status\":{\"phase\":\"Pending\"}}");
		SCENE_FAIL(&scene, .method = "GET", .part = objects[i % 2].path, .status = ways[i / 2].status);
		assert_int_equal(pass(&scene), ways[i / 2].result);
		assert_non_null(strstr(scene.err.text, objects[i % 2].words));
		assert_int_equal(scene.err.retry_after_ms, ways[i / 2].status == 429 ? 1000 : 0);
		assert_int_equal(kubernetes_calls(scene.kubernetes, "PATCH", NULL), 0);
		assert_int_equal(kubernetes_calls(scene.kubernetes, "POST", NULL), 0);
		SCENE_FAIL(&scene, .status = 0);
		scene_settle(&scene);
		assert_true(scene_is_registered(&scene));
		scene_end(&scene);
	}
}

// The watch tells of a Secret that is gone by now: the pass ends, and the next one knows.
static void test_gone_meanwhile(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene_watch(&scene);
	kubernetes_remove(scene.kubernetes, SCENE_ADMIN);
	assert_int_equal(scene_pass(&scene, SCENE_KEY), ERR_NOT_FOUND);
	assert_int_equal(kubernetes_calls(scene.kubernetes, "PATCH", NULL), 0);
	assert_int_equal(pass(&scene), 0);
	assert_string_equal(scene_status(&scene, "/phase"), "Pending");
	assert_string_equal(scene_condition(&scene, "Ready", "reason"), "WaitingForSecret");
	assert_non_null(strstr(scene_status(&scene, "/message"), "Secret 'admin' not found in namespace 'ns'"));
	scene_end(&scene);
}

// The verdict is kept, the content is not: a version is read once by the passes that build nothing new of it.
static void test_read_once(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene_secret(&scene, SCENE_ADMIN, "password", "short");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pass(&scene), 0);
		assert_non_null(strstr(scene_status(&scene, "/message"), "Secret 'admin' cannot be used"));
		assert_int_equal(kubernetes_calls(scene.kubernetes, "GET", SCENE_ADMIN), 1);
	}
	// With its new configuration the server takes this password: the same version is judged anew.
	scene_set_spec(&scene, "{\"config\":{\"dbms.security.auth_minimum_password_length\":\"3\"}}");
	assert_int_equal(pass(&scene), 0);
	assert_int_equal(kubernetes_calls(scene.kubernetes, "GET", SCENE_ADMIN), 2);
	assert_true(kubernetes_has(scene.kubernetes, SCENE_SET));
	scene_secret(&scene, SCENE_ADMIN, "password", "neo4j");
	assert_int_equal(pass(&scene), 0);
	assert_int_equal(kubernetes_calls(scene.kubernetes, "GET", SCENE_ADMIN), 3);
	scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_cannot_be_read),
		cmocka_unit_test(test_gone_meanwhile),
		cmocka_unit_test(test_read_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
