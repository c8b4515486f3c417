// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A3, B7 (M9): whole passes over a standalone whose pod the API server does not let be made; only an event of the StatefulSet tells it.

#include "base/clock.h"
#include "support/scene.h"

#define EVENT "/api/v1/namespaces/ns/events/a.1"
#define ASKED "events?limit=40&fieldSelector=involvedObject.kind%3DStatefulSet%2CinvolvedObject.name%3Da%2CinvolvedObject.uid%3D"
#define QUOTA "pods \\\"a-0\\\" is forbidden: failed quota: q: must specify limits.memory for: neo4j"
#define TOLD                                                                                                                          \
	"0 of 1 servers ready; a-0 cannot be made: " QUOTA "; set that in spec.resources (for containers of yours in spec.podTemplate)"

static void pass(struct scene *scene)
{
	scene_watch(scene);
	if (scene_pass(scene, SCENE_KEY) < 0)
		fail_msg("%s", scene->err.text);
	scene_watch(scene);
}

// The template is seen, and no pod comes.
static void observe(struct scene *scene)
{
	const char *generation = kubernetes_value(scene->kubernetes, SCENE_SET, "/metadata/generation", scene->arena);

	kubernetes_merge(scene->kubernetes, SCENE_SET,
			 arena_printf(scene->arena, "{\"status\":{\"observedGeneration\":%s,\"updateRevision\":\"r%s\"}}", generation, generation));
}

// As the StatefulSet controller tells it, so long ago.
static void refuse(struct scene *scene, const char *words, int64_t ago_ms)
{
	char at[TIME_TEXT_SIZE];

	time_format_rfc3339(clock_wall_ms(&clock_system) - ago_ms, at, sizeof(at));
	kubernetes_put(scene->kubernetes, EVENT,
		       arena_printf(scene->arena,
				    "{\"kind\":\"Event\",\"type\":\"Warning\",\"reason\":\"FailedCreate\",\"lastTimestamp\":\"%s\",\"message\":\"create Pod a-0 "
				    "in StatefulSet a failed error: %s\"}",
				    at, words));
}

static unsigned asked(struct scene *scene)
{
	return kubernetes_calls(scene->kubernetes, "GET", ASKED);
}

static void begin(struct scene *scene)
{
	scene_begin(scene);
	pass(scene);
	observe(scene);
	pass(scene);
	assert_string_equal(scene_status(scene, "/message"), "0 of 1 servers ready");
	assert_int_equal(asked(scene), 0);
	assert_true(scene->outcome.again_after_ms > 0 && scene->outcome.again_after_ms < 5000);
}

// When the pass has asked to be called again.
static void come_again(struct scene *scene)
{
	scene_later(scene, scene->outcome.again_after_ms);
	pass(scene);
}

static void test_told(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	refuse(&scene, QUOTA, 1000);
	come_again(&scene);
	assert_int_equal(asked(&scene), 1);
	assert_string_equal(scene_status(&scene, "/message"), TOLD);
	assert_string_equal(scene_status(&scene, "/phase"), "Forming");
	assert_string_equal(scene_condition(&scene, "Stalled", "status"), "False");
	// A pass in between does not ask, and says the same.
	pass(&scene);
	assert_int_equal(asked(&scene), 1);
	assert_string_equal(scene_status(&scene, "/message"), TOLD);
	// A refusal that lasts waits for a person. The operator says so once.
	for (int i = 0; i < 12; i++) {
		refuse(&scene, QUOTA, 1000);
		come_again(&scene);
	}
	assert_string_equal(scene_condition(&scene, "Stalled", "reason"), "PodNotCreated");
	assert_string_equal(scene_condition(&scene, "Stalled", "message"), TOLD);
	assert_int_equal(scene_events(&scene, "PodNotCreated"), 1);
	assert_true(asked(&scene) < 13);
	// With the pod it is over.
	scene_run_pods(&scene);
	scene_settle(&scene);
	assert_string_equal(scene_status(&scene, "/phase"), "Ready");
	assert_string_equal(scene_status(&scene, "/message"), "The server is ready");
	scene_end(&scene);
}

// Another cause takes the place of the first; a spec that is changed begins anew.
static void test_causes(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	refuse(&scene, QUOTA, 1000);
	come_again(&scene);
	refuse(&scene, "no PriorityClass with name x was found", 0);
	come_again(&scene);
	assert_non_null(strstr(scene_status(&scene, "/message"), "make that PriorityClass"));
	scene_set_spec(&scene, "{\"config\":{\"db.transaction.timeout\":\"50s\"}}");
	pass(&scene);
	observe(&scene);
	pass(&scene);
	assert_string_equal(scene_status(&scene, "/message"), "0 of 1 servers ready");
	scene_end(&scene);
}

// The operator does not tell of what is over: too old an event, or an event from before the pod was there.
static void test_former_cause(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	refuse(&scene, QUOTA, 21 * 60000);
	come_again(&scene);
	assert_string_equal(scene_status(&scene, "/message"), "0 of 1 servers ready");
	assert_int_equal(asked(&scene), 1);
	refuse(&scene, QUOTA, 0);
	scene_run_pods(&scene);
	scene_settle(&scene);
	assert_string_equal(scene_status(&scene, "/phase"), "Ready");
	scene_later(&scene, 60000);
	pass(&scene);
	kubernetes_remove(scene.kubernetes, SCENE_POD);
	pass(&scene);
	come_again(&scene);
	assert_int_equal(asked(&scene), 2);
	assert_string_equal(scene_status(&scene, "/message"), "0 of 1 servers ready");
	assert_string_equal(scene_status(&scene, "/phase"), "Degraded");
	refuse(&scene, QUOTA, 0);
	come_again(&scene);
	assert_string_equal(scene_status(&scene, "/message"), TOLD);
	scene_end(&scene);
}

// A cluster's administrator may keep the right back; the API server may fail, or events be too large. Nothing is said of it then.
static void test_not_to_be_asked(void **state)
{
	static const struct kubernetes_fault faults[] = {
		{.method = "GET", .part = ASKED, .status = 403, .message = "events is forbidden"},
		{.method = "GET", .part = ASKED, .status = 500, .message = "no"},
		{.method = "GET", .part = ASKED, .status = KUBERNETES_CUT},
	};
	struct scene scene;

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		begin(&scene);
		refuse(&scene, QUOTA, 0);
		scene_fail(&scene, &faults[i]);
		come_again(&scene);
		assert_true(asked(&scene) >= 1);
		assert_string_equal(scene_status(&scene, "/message"), "0 of 1 servers ready");
		scene_end(&scene);
	}
	begin(&scene);
	refuse(&scene, arena_printf(scene.arena, "%0170000d", 0), 0);
	come_again(&scene);
	assert_int_equal(asked(&scene), 1);
	assert_string_equal(scene_status(&scene, "/message"), "0 of 1 servers ready");
	scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_former_cause),
		cmocka_unit_test(test_not_to_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
