// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// B7: what condition Ready vouches for, over whole passes (docs/decisions/0049-what-ready-vouches-for.md).

#include "base/clock.h"
#include "operator/pass/memory.h"
#include "support/scene.h"

static void pass(struct scene *scene)
{
	scene_watch(scene);
	assert_int_equal(scene_pass(scene, SCENE_KEY), 0);
	scene_watch(scene);
}

static void assert_vouched(struct scene *scene, bool vouched)
{
	const char *generation = kubernetes_value(scene->kubernetes, SCENE_ROOT, "/metadata/generation", scene->arena);

	assert_string_equal(scene_condition(scene, "Ready", "status"), vouched ? "True" : "False");
	assert_int_equal(strcmp(scene_status(scene, "/phase"), "Ready") == 0, vouched);
	if (vouched)
		assert_string_equal(scene_status(scene, "/observedGeneration"), generation);
}

static unsigned count(const char *text, const char *part)
{
	unsigned n = 0;

	for (const char *found = text; (found = strstr(found, part)); found++)
		n++;
	return n;
}

// B7: a change of the spec that waits for a Secret: Ready vouches for nothing that is not carried out, and the wait becomes Stalled.
static void test_change_waits_for_a_secret(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene_settle(&scene);
	kubernetes_remove(scene.kubernetes, SCENE_ADMIN);
	scene_settle(&scene);
	// The present spec was carried out with the Secret that is gone.
	assert_vouched(&scene, true);
	scene_set_spec(&scene, "{\"config\":{\"db.logs.query.enabled\":\"INFO\"}}");
	scene_settle(&scene);
	assert_vouched(&scene, false);
	assert_string_equal(scene_status(&scene, "/phase"), "Updating");
	assert_string_equal(scene_condition(&scene, "Ready", "reason"), "WaitingForSecret");
	assert_string_equal(scene_condition(&scene, "Reconciling", "status"), "True");
	assert_int_equal(count(scene_status(&scene, "/message"), "Secret 'admin' not found"), 1);
	assert_string_equal(scene_condition(&scene, "Stalled", "status"), "False");
	assert_int_equal(scene_events(&scene, "WaitingForSecret"), 0);
	scene_later(&scene, 300001);
	scene_settle(&scene);
	// What another operator finds stays as it is told.
	memory_forget(scene.context.memories, SCENE_KEY);
	scene_settle(&scene);
	assert_vouched(&scene, false);
	assert_string_equal(scene_condition(&scene, "Stalled", "status"), "True");
	assert_string_equal(scene_condition(&scene, "Stalled", "reason"), "WaitingForSecret");
	assert_int_equal(scene_events(&scene, "WaitingForSecret"), 1);
	scene_secret(&scene, SCENE_ADMIN, "password", "very-secret");
	scene_settle(&scene);
	assert_vouched(&scene, true);
	assert_string_equal(scene_condition(&scene, "Stalled", "status"), "False");
	assert_int_equal(scene_events(&scene, "RollEnded"), 1);
	scene_end(&scene);
}

// B7: what was refused has not been carried out, although its generation was seen.
static void test_change_waits_after_a_refusal(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene_settle(&scene);
	scene_set_spec(&scene, "{\"config\":{\"db.logs.query.enabled\":\"INFO\"}}");
	SCENE_FAIL(&scene, .method = "PATCH", .part = SCENE_SET, .status = 403, .message = "admission webhook denied the request: not now");
	scene_settle(&scene);
	assert_string_equal(scene_condition(&scene, "Ready", "reason"), "Denied");
	SCENE_FAIL(&scene, .status = 0);
	kubernetes_remove(scene.kubernetes, SCENE_ADMIN);
	scene_settle(&scene);
	assert_vouched(&scene, false);
	memory_forget(scene.context.memories, SCENE_KEY);
	scene_settle(&scene);
	assert_vouched(&scene, false);
	assert_string_equal(scene_condition(&scene, "Ready", "reason"), "WaitingForSecret");
	scene_secret(&scene, SCENE_ADMIN, "password", "very-secret");
	scene_settle(&scene);
	assert_vouched(&scene, true);
	scene_end(&scene);
}

// B7: from a change of the spec until its roll has ended no status vouches for it, whichever part is slow.
static void test_roll_that_has_not_begun(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene_settle(&scene);
	scene_set_spec(&scene, "{\"config\":{\"db.logs.query.enabled\":\"INFO\"}}");
	// The StatefulSet controller sleeps.
	for (int i = 0; i < 3; i++) {
		pass(&scene);
		assert_vouched(&scene, false);
	}
	// A budget forbids the eviction.
	SCENE_FAIL(&scene, .method = "POST", .part = "/eviction", .status = 429, .message = "the budget");
	scene_run_pods(&scene);
	for (int i = 0; i < 3; i++) {
		pass(&scene);
		assert_vouched(&scene, false);
	}
	SCENE_FAIL(&scene, .status = 0);
	scene_settle(&scene);
	assert_vouched(&scene, true);
	scene_end(&scene);
}

// What the kubelet tells of a sidecar that ends at once: it waits for its next start, or runs since now.
static void tell_sidecar(struct scene *scene, int restarts, bool runs)
{
	char now[TIME_TEXT_SIZE];
	const char *run;

	time_format_rfc3339(clock_wall_ms(&clock_system), now, sizeof(now));
	run = runs ? arena_printf(scene->arena, "{\"running\":{\"startedAt\":\"%s\"},\"waiting\":null}", now)
		   : "{\"running\":null,\"waiting\":{\"reason\":\"CrashLoopBackOff\"}}";
	kubernetes_merge(scene->kubernetes, SCENE_POD,
			 arena_printf(scene->arena,
				      "{\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"%s\"}],\"containerStatuses\":[{\"name\":\"neo4j\","
				      "\"ready\":true,\"restartCount\":0,\"state\":{\"running\":{}}},{\"name\":\"shipper\",\"ready\":%s,\"restartCount\":%d,"
				      "\"state\":%s,\"lastState\":{\"terminated\":{\"exitCode\":7,\"startedAt\":\"%s\",\"finishedAt\":\"%s\"}}}]}}",
				      runs ? "True" : "False", runs ? "true" : "false", restarts, run, now, now));
}

// B7: a sidecar that ends again and again, and is ready for a moment each time, moves the status once; it becomes Stalled, and Ready by itself
// when it has run for a minute.
static void test_sidecar_in_a_loop(void **state)
{
	const char *told = NULL;
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene_settle(&scene);
	for (int restarts = 3; restarts < 9; restarts++) {
		for (int runs = 0; runs < 2; runs++) {
			tell_sidecar(&scene, restarts, runs);
			pass(&scene);
			if (restarts == 3 && !runs)
				told = scene_status(&scene, "/message");
			assert_vouched(&scene, false);
			assert_string_equal(scene_status(&scene, "/message"), told);
			assert_string_equal(scene_status(&scene, "/readyServers"), "0/1");
		}
		scene_later(&scene, 100000);
	}
	assert_non_null(strstr(told, "container shipper ended with exit code 7"));
	assert_string_equal(scene_status(&scene, "/phase"), "Degraded");
	assert_string_equal(scene_condition(&scene, "Stalled", "status"), "True");
	assert_int_equal(scene_events(&scene, "PodStuck"), 1);
	tell_sidecar(&scene, 9, true);
	pass(&scene);
	assert_vouched(&scene, false);
	assert_true(scene.outcome.again_after_ms > 0 && scene.outcome.again_after_ms <= 60001);
	scene_later(&scene, 61000);
	pass(&scene);
	assert_vouched(&scene, true);
	scene_end(&scene);
}

#define CLAIM "/api/v1/namespaces/ns/persistentvolumeclaims/data-a-0"

static void put_claim(struct scene *scene)
{
	kubernetes_put(scene->kubernetes, CLAIM,
		       "{\"apiVersion\":\"v1\",\"kind\":\"PersistentVolumeClaim\",\"metadata\":{\"name\":\"data-a-0\",\"namespace\":\"ns\",\"uid\":\"claim\","
		       "\"labels\":{\"app.kubernetes.io/managed-by\":\"neofleet\",\"app.kubernetes.io/name\":\"neo4j\",\"app.kubernetes.io/instance\":\"a\","
		       "\"app.kubernetes.io/component\":\"standalone\"}},\"spec\":{\"volumeName\":\"v\",\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}},"
		       "\"status\":{\"phase\":\"Bound\",\"capacity\":{\"storage\":\"1Gi\"}}}");
}

// B3 B7: from a bigger size in the spec until the volume has it no status vouches for the spec; the registration goes on, since the server serves.
static void test_volume_that_grows(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	put_claim(&scene);
	scene_settle(&scene);
	assert_vouched(&scene, true);
	scene_set_spec(&scene, "{\"storage\":{\"size\":\"2Gi\"}}");
	// The claim is asked in this pass, and in the store it is still as it was.
	pass(&scene);
	assert_vouched(&scene, false);
	assert_string_equal(kubernetes_value(scene.kubernetes, CLAIM, "/spec/resources/requests/storage", scene.arena), "\"2Gi\"");
	pass(&scene);
	assert_vouched(&scene, false);
	assert_string_equal(scene_condition(&scene, "Ready", "reason"), "StorageGrowing");
	assert_string_equal(scene_status(&scene, "/phase"), "Updating");
	assert_string_equal(scene_condition(&scene, "Stalled", "status"), "False");
	kubernetes_merge(scene.kubernetes, SCENE_ROOT, "{\"status\":{\"auraFleetManagement\":{\"registered\":false}}}");
	scene_settle(&scene);
	assert_true(scene_is_registered(&scene));
	assert_vouched(&scene, false);
	scene_later(&scene, 300001);
	pass(&scene);
	assert_string_equal(scene_condition(&scene, "Stalled", "status"), "True");
	assert_int_equal(scene_events(&scene, "StorageGrowing"), 1);
	kubernetes_merge(scene.kubernetes, CLAIM, "{\"status\":{\"capacity\":{\"storage\":\"2Gi\"}}}");
	pass(&scene);
	assert_vouched(&scene, true);
	assert_string_equal(scene_condition(&scene, "Stalled", "status"), "False");
	scene_end(&scene);
}

// B3 B7: a volume that may not grow.
static void test_volume_that_may_not_grow(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	put_claim(&scene);
	scene_settle(&scene);
	SCENE_FAIL(&scene, .method = "PATCH", .part = CLAIM, .status = 403, .message = "only dynamically provisioned pvc can be resized");
	scene_set_spec(&scene, "{\"storage\":{\"size\":\"2Gi\"}}");
	pass(&scene);
	assert_vouched(&scene, false);
	assert_string_equal(scene_condition(&scene, "Ready", "reason"), "StorageGrowthRefused");
	assert_int_equal(scene_events(&scene, "StorageGrowthRefused"), 1);
	// Admission takes the former size then.
	scene_set_spec(&scene, "{\"storage\":{\"size\":\"1Gi\"}}");
	pass(&scene);
	assert_vouched(&scene, true);
	SCENE_FAIL(&scene, .status = 0);
	scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_change_waits_for_a_secret),
		cmocka_unit_test(test_change_waits_after_a_refusal),
		cmocka_unit_test(test_roll_that_has_not_begun),
		cmocka_unit_test(test_sidecar_in_a_loop),
		cmocka_unit_test(test_volume_that_grows),
		cmocka_unit_test(test_volume_that_may_not_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
