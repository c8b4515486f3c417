// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// B2, C2: what a pass writes of the children, and what it does when the API server refuses, when somebody else is faster, and when a name
// is taken.

#include "support/scene.h"

#define CLIENT "/api/v1/namespaces/ns/services/a-client"
#define CONFIG "/api/v1/namespaces/ns/configmaps/a-config"

static void begin(struct scene *scene)
{
	scene_begin(scene);
	scene_settle(scene);
	kubernetes_forget(scene->kubernetes);
}

static int pass(struct scene *scene)
{
	int r;

	scene_watch(scene);
	r = scene_pass(scene, SCENE_KEY);
	scene_watch(scene);
	return r;
}

static const char *plugins(struct scene *scene)
{
	const char *env = kubernetes_value(scene->kubernetes, SCENE_SET, "/spec/template/spec/containers/0/env", scene->arena);
	const char *at = strstr(env, "\"NEO4J_PLUGINS\",\"value\":");

	return at ? arena_memdup0(scene->arena, at + 24, strcspn(at + 24, "}")) : "";
}

// One child, however it was changed: that one is written, once.
static void test_a_change_by_hand(void **state)
{
	static const struct {
		const char *path, *patch; // NULL: it is deleted
	} cases[] = {
		{CLIENT, "{\"spec\":{\"type\":\"NodePort\"}}"},
		{CONFIG, "{\"data\":{\"neo4j.conf\":\"by hand\"}}"},
		{CONFIG, "{\"metadata\":{\"labels\":{\"app.kubernetes.io/name\":\"other\"}}}"},
		{CLIENT, NULL},
		{CONFIG, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *before, *after;
		struct scene scene;

		begin(&scene);
		before = kubernetes_value(scene.kubernetes, cases[i].path, strstr(cases[i].path, "services") ? "/spec" : "/data", scene.arena);
		if (cases[i].patch)
			kubernetes_merge(scene.kubernetes, cases[i].path, cases[i].patch);
		else
			kubernetes_remove(scene.kubernetes, cases[i].path);
		assert_int_equal(pass(&scene), 0);
		after = kubernetes_value(scene.kubernetes, cases[i].path, strstr(cases[i].path, "services") ? "/spec" : "/data", scene.arena);
		assert_string_equal(before, after);
		assert_int_equal(kubernetes_calls(scene.kubernetes, "PATCH", cases[i].path), 1);
		assert_int_equal(kubernetes_calls(scene.kubernetes, "PATCH", NULL), 1);
		assert_int_equal(pass(&scene), 0);
		assert_int_equal(kubernetes_calls(scene.kubernetes, "PATCH", NULL), 1);
		scene_end(&scene);
	}
}

// Operators once wrote the whole digest of what they applied: what they made stands as wanted. Any other mark is written anew.
static void test_the_mark_of_older_operators(void **state)
{
	static const struct {
		const char *more; // behind the mark
		size_t writes;
	} cases[] = {
		{"0123456789abcdef0123456789abcdef", 0},
		{"0", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *mark;
		struct scene scene;

		begin(&scene);
		mark = kubernetes_value(scene.kubernetes, CONFIG, "/metadata/annotations/neofleet.neo4j.com~1applied", scene.arena);
		mark = arena_memdup0(scene.arena, mark + 1, strcspn(mark + 1, "\""));
		assert_int_equal(strlen(mark), 32);
		kubernetes_merge(scene.kubernetes, CONFIG,
				 arena_printf(scene.arena, "{\"metadata\":{\"annotations\":{\"neofleet.neo4j.com/applied\":\"%s%s\"}}}", mark, cases[i].more));
		assert_int_equal(pass(&scene), 0);
		assert_int_equal(kubernetes_calls(scene.kubernetes, "PATCH", CONFIG), cases[i].writes);
		scene_end(&scene);
	}
}

// When a dry run is refused, the refusal becomes a status, and no child is touched; a server that makes no dry runs says nothing.
static void test_dry_run(void **state)
{
	static const struct {
		int status;
		const char *message, *reason; // NULL: no outcome but an error; "": it goes on
	} cases[] = {
		{422, "spec.template is not good", "InvalidSpec"},
		{403, "admission webhook denied the request: no", "Denied"},
		{400, "admission webhook denied the request: no", "Denied"},
		{403, "exceeded quota: q", "Denied"},
		{400, "dry run is not supported", ""},
		{403, "neofleet cannot patch resource", NULL},
		{429, "later", NULL},
		{500, "broken", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene;

		scene_begin(&scene);
		SCENE_FAIL(&scene, .method = "PATCH", .part = "dryRun=All", .status = cases[i].status, .message = cases[i].message);
		assert_int_equal(pass(&scene) < 0, cases[i].reason == NULL);
		assert_int_equal(kubernetes_has(scene.kubernetes, SCENE_SET), cases[i].reason && !*cases[i].reason);
		assert_int_equal(kubernetes_has(scene.kubernetes, CLIENT), cases[i].reason && !*cases[i].reason);
		if (!cases[i].reason)
			assert_non_null(strstr(scene.err.text, "cannot apply StatefulSet 'a'"));
		if (cases[i].reason && *cases[i].reason) {
			assert_string_equal(scene_status(&scene, "/phase"), "Failed");
			assert_string_equal(scene_condition(&scene, "Ready", "reason"), cases[i].reason);
			assert_non_null(strstr(scene_status(&scene, "/message"), cases[i].message));
			assert_in_range(scene.outcome.again_after_ms, 1, 60000);
		}
		SCENE_FAIL(&scene, .status = 0);
		scene_settle(&scene);
		assert_true(scene_is_registered(&scene));
		scene_end(&scene);
	}
}

// A StatefulSet that passed the dry run may still be refused.
static void test_write_is_refused(void **state)
{
	static const char *const paths[] = {SCENE_SET, CLIENT};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct scene scene;

		scene_begin(&scene);
		SCENE_FAIL(&scene, .method = "PATCH", .part = paths[i], .skip = i == 0, .status = 403, .message = "admission webhook denied the request");
		assert_int_equal(pass(&scene), 0);
		assert_string_equal(scene_condition(&scene, "Ready", "reason"), "Denied");
		assert_int_equal(kubernetes_has(scene.kubernetes, SCENE_SET), false);
		SCENE_FAIL(&scene, .status = 0);
		scene_settle(&scene);
		assert_true(scene_is_registered(&scene));
		scene_end(&scene);
	}
}

// Somebody makes the StatefulSet before the first write of it: what is in there was not merged, so the pass ends.
static void make_set(void *user)
{
	struct scene *scene = user;

	kubernetes_put(scene->kubernetes, SCENE_SET,
		       arena_printf(scene->arena,
				    "{\"kind\":\"StatefulSet\",\"metadata\":{\"ownerReferences\":[{\"kind\":\"Neo4jEnterpriseStandalone\",\"name\":\"a\",\"uid\":%s,"
				    "\"controller\":true}]},\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"neo4j\",\"env\":[{\"name\":\"NEO4J_PLUGINS\","
				    "\"value\":\"[\\\"apoc\\\"]\"}]}]}}}}",
				    kubernetes_value(scene->kubernetes, SCENE_ROOT, "/metadata/uid", scene->arena)));
}

static void test_made_before_the_first_write(void **state)
{
	// Before the dry run, and between it and the write.
	static const size_t skipped[] = {0, 1};

	(void)state;
	for (size_t i = 0; i < sizeof(skipped) / sizeof(skipped[0]); i++) {
		struct scene scene;

		scene_begin(&scene);
		SCENE_FAIL(&scene, .method = "PATCH", .part = SCENE_SET, .skip = skipped[i], .times = 1, .meanwhile = make_set, .user = &scene);
		assert_int_equal(pass(&scene), 0);
		assert_string_equal(scene.outcome.reason, "conflict");
		assert_string_equal(plugins(&scene), "\"[\\\"apoc\\\"]\"");
		assert_int_equal(kubernetes_has(scene.kubernetes, CONFIG), i == 1);
		assert_int_equal(pass(&scene), 0);
		assert_string_equal(plugins(&scene), "\"[\\\"apoc\\\",\\\"fleet-management\\\"]\"");
		scene_end(&scene);
	}
}

// The first pass asks for no name, and makes each object only where there is none. Later passes ask for what the stores lack.
static void test_first_write_finds_out(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	assert_int_equal(pass(&scene), 0);
	assert_true(kubernetes_has(scene.kubernetes, SCENE_SET));
	assert_int_equal(kubernetes_calls(scene.kubernetes, "GET", NULL), 1); // the admin Secret
	kubernetes_remove(scene.kubernetes, CLIENT);
	assert_int_equal(pass(&scene), 0);
	assert_int_equal(kubernetes_calls(scene.kubernetes, "GET", CLIENT), 1);
	assert_true(kubernetes_has(scene.kubernetes, CLIENT));
	scene_end(&scene);
}

// A name that is somebody else's: what has it is not touched, no server is made, and the look is repeated ever later, until the name is free.
static void test_name_is_taken(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	kubernetes_put(scene.kubernetes, CLIENT,
		       "{\"metadata\":{\"ownerReferences\":[{\"kind\":\"Other\",\"name\":\"o\",\"uid\":\"other\",\"controller\":true}]}}");
	assert_int_equal(pass(&scene), 0);
	assert_string_equal(scene.outcome.reason, "conflict");
	kubernetes_forget(scene.kubernetes);
	for (int64_t ms = 1000; ms <= 4000; ms *= 2) {
		assert_int_equal(pass(&scene), 0);
		assert_string_equal(scene_condition(&scene, "Ready", "reason"), "NameTaken");
		assert_int_equal(scene.outcome.again_after_ms, ms);
	}
	assert_int_equal(kubernetes_calls(scene.kubernetes, "PATCH", "/services/"), 0);
	assert_string_equal(kubernetes_value(scene.kubernetes, CLIENT, "/metadata/ownerReferences/0/kind", scene.arena), "\"Other\"");
	assert_false(kubernetes_has(scene.kubernetes, SCENE_SET));
	assert_int_equal(scene_events(&scene, "NameTaken"), 1);
	kubernetes_remove(scene.kubernetes, CLIENT);
	scene_settle(&scene);
	assert_true(scene_is_registered(&scene));
	scene_end(&scene);
}

// The variable goes with its last entry, unless somebody has put one in since.
static void add_plugin(void *user)
{
	struct scene *scene = user;
	const char *env = kubernetes_value(scene->kubernetes, SCENE_SET, "/spec/template/spec/containers/0/env", scene->arena);
	const char *ours = "[\\\"fleet-management\\\"]", *at = strstr(env, ours);

	assert_non_null(at);
	kubernetes_merge(scene->kubernetes, SCENE_SET,
			 arena_printf(scene->arena,
				      "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"neo4j\",\"env\":%.*s[\\\"fleet-management\\\",\\\"apoc\\\"]%s}]}}}}",
				      (int)(at - env), env, at + strlen(ours)));
}

static void test_last_entry_goes(void **state)
{
	struct scene scene;

	(void)state;
	for (int i = 0; i < 2; i++) {
		begin(&scene);
		assert_string_equal(plugins(&scene), "\"[\\\"fleet-management\\\"]\"");
		scene_set_spec(&scene, "{\"auraFleetManagement\":{\"enabled\":false}}");
		// The dry run, then the removal.
		if (i == 1)
			SCENE_FAIL(&scene, .method = "PATCH", .part = SCENE_SET, .skip = 1, .times = 1, .meanwhile = add_plugin, .user = &scene);
		assert_int_equal(pass(&scene), 0);
		if (i == 0) {
			assert_string_equal(plugins(&scene), "");
			// This holds for other writers' fields, too: an apply without the field would leave it to them.
			assert_int_equal(kubernetes_calls(scene.kubernetes, "PATCH", SCENE_SET), 3);
		} else {
			assert_string_equal(scene.outcome.reason, "conflict");
			assert_int_equal(pass(&scene), 0);
			assert_string_equal(plugins(&scene), "\"[\\\"apoc\\\"]\"");
		}
		scene_end(&scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_change_by_hand),
		cmocka_unit_test(test_the_mark_of_older_operators),
		cmocka_unit_test(test_dry_run),
		cmocka_unit_test(test_write_is_refused),
		cmocka_unit_test(test_made_before_the_first_write),
		cmocka_unit_test(test_first_write_finds_out),
		cmocka_unit_test(test_name_is_taken),
		cmocka_unit_test(test_last_entry_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
