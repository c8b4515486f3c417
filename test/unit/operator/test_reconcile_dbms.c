// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// E2, D7: whole passes over a standalone of which one call goes wrong, whichever and however. What follows must end as if nothing had been.

#include "base/clock.h"
#include "support/scene.h"

#define ROUNDS_MAX 16

static const char *const children[] = {
	SCENE_SET,
	"/api/v1/namespaces/ns/services/a-headless",
	"/api/v1/namespaces/ns/services/a-client",
	"/api/v1/namespaces/ns/configmaps/a-config",
	"/api/v1/namespaces/ns/serviceaccounts/a",
};

#define N_CHILDREN (sizeof(children) / sizeof(children[0]))

// Passes with whatever comes of them, until the deployment is registered; what was to be waited for is over.
static void go_on(struct scene *scene)
{
	for (int i = 0; !scene_is_registered(scene); i++) {
		if (i == ROUNDS_MAX)
			fail_msg("not registered: %s", scene_status(scene, ""));
		scene_watch(scene);
		(void)scene_pass(scene, SCENE_KEY);
		scene_run_pods(scene);
		scene_later(scene, 60001);
	}
	SCENE_FAIL(scene, .status = 0);
	scene_settle(scene);
}

static void assert_done(struct scene *scene)
{
	for (size_t i = 0; i < N_CHILDREN; i++)
		assert_true(kubernetes_has(scene->kubernetes, children[i]));
	assert_string_equal(scene_status(scene, "/phase"), "Ready");
	assert_string_equal(scene_status(scene, "/auraFleetManagement/message"), "Registered with Aura Fleet Management");
	assert_true(scene_events(scene, "AuraFleetManagementRegistered") <= 1);
}

// How many calls to the API server it takes from nothing to a registered deployment.
static unsigned count_calls(void)
{
	struct scene scene;
	unsigned n;

	scene_begin(&scene);
	scene_settle(&scene);
	assert_done(&scene);
	assert_int_equal(scene_events(&scene, "AuraFleetManagementRegistered"), 1);
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 1);
	n = kubernetes_calls(scene.kubernetes, NULL, NULL);
	// E1: and nothing from then on.
	kubernetes_forget(scene.kubernetes);
	neo4j_server_forget(scene.server);
	assert_int_equal(scene_pass(&scene, SCENE_KEY), 0);
	assert_int_equal(kubernetes_calls(scene.kubernetes, NULL, NULL), 0);
	assert_int_equal(neo4j_server_logins(scene.server), 0);
	scene_end(&scene);
	return n;
}

// The server's token outlives each failure of the API server, so one call is enough (D7).
static void test_any_call_fails(void **state)
{
	static const struct {
		int status;
		bool carried_out;
	} ways[] = {{404, false}, {409, false}, {500, false}, {KUBERNETES_CUT, true}};
	unsigned n = count_calls();

	(void)state;
	assert_true(n > 15);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		for (unsigned skip = 0; skip < n; skip++) {
			struct scene scene;

			scene_begin(&scene);
			SCENE_FAIL(&scene, .skip = skip, .times = 1, .status = ways[i].status, .carried_out = ways[i].carried_out);
			go_on(&scene);
			assert_done(&scene);
			assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 1);
			scene_end(&scene);
		}
	}
}

// A token that may have been stored is found, or is registered once more; what was broken off before is begun anew (D2 D3 D7).
static void test_any_statement_fails(void **state)
{
	static const char *const statements[] = {"SHOW PROCEDURES", "CALL fleetManagement.status()", "CALL fleetManagement.inspectToken($token)",
						 SCENE_REGISTER, "CALL fleetManagement.inspectToken()"};
	static const enum neo4j_fault ways[] = {NEO4J_FAILURE, NEO4J_DROP, NEO4J_HALF};

	(void)state;
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]) * 3; i++) {
		bool is_broken_call = strcmp(statements[i / 3], SCENE_REGISTER) == 0 && ways[i % 3] != NEO4J_HALF;
		struct scene scene;

		scene_begin(&scene);
		SCENE_BECOME(&scene, .fault = ways[i % 3], .fault_at = statements[i / 3], .fault_times = 1, .fault_code = "Neo.TransientError.A.B");
		for (int n = 0; n < 2; n++) {
			scene_watch(&scene);
			assert_int_equal(scene_pass(&scene, SCENE_KEY), 0);
			scene_run_pods(&scene);
		}
		scene_watch(&scene);
		assert_int_equal(scene_pass(&scene, SCENE_KEY), 0);
		assert_false(scene_is_registered(&scene));
		assert_string_equal(scene_status(&scene, "/phase"), "Ready");
		assert_int_equal(scene_events(&scene, "AuraFleetManagementFailed"), 1);
		go_on(&scene);
		assert_done(&scene);
		assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), is_broken_call ? 2 : 1);
		scene_end(&scene);
	}
}

// Somebody deletes the deployment while a pass is at work.
struct mishap {
	struct scene *scene;
	bool anew; // and makes one of the same name
	bool happened;
	unsigned looks; // at the deployment in the API server, before
};

static void strike(void *user)
{
	struct mishap *mishap = user;
	struct scene *scene = mishap->scene;

	mishap->happened = true;
	mishap->looks = kubernetes_calls(scene->kubernetes, "GET", SCENE_ROOT);
	kubernetes_remove(scene->kubernetes, SCENE_ROOT);
	if (mishap->anew)
		scene_make_root(scene);
}

// Ends after the pass in which it happened. False: there was no such call.
static bool go_on_until(struct scene *scene, struct mishap *mishap, unsigned skip)
{
	*mishap = (struct mishap){.scene = scene, .anew = mishap->anew};
	scene_begin(scene);
	SCENE_FAIL(scene, .skip = skip, .times = 1, .meanwhile = strike, .user = mishap);
	for (int i = 0; i < 4 && !mishap->happened; i++) {
		scene_run_pods(scene);
		scene_watch(scene);
		(void)scene_pass(scene, SCENE_KEY);
	}
	return mishap->happened;
}

// B8: the pass ends, and the next one finds nothing to do. What is gone when the server would be called is not registered.
static void test_deleted_in_the_middle(void **state)
{
	struct mishap mishap = {.anew = false};
	bool goes_on = true;

	(void)state;
	for (unsigned skip = 0; goes_on; skip++) {
		struct scene scene;

		goes_on = go_on_until(&scene, &mishap, skip);
		if (goes_on && !mishap.looks)
			assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 0);
		kubernetes_forget(scene.kubernetes);
		scene_watch(&scene);
		assert_int_equal(scene_pass(&scene, SCENE_KEY), 0);
		if (goes_on) {
			assert_string_equal(scene.outcome.reason, "gone");
			assert_int_equal(kubernetes_calls(scene.kubernetes, NULL, NULL), 0);
		}
		assert_true(goes_on || skip > 15);
		scene_end(&scene);
	}
}

// D5: the one that has taken the name was not registered, whatever was done for the former. Its own passes see to it.
static void test_made_anew_in_the_middle(void **state)
{
	struct mishap mishap = {.anew = true};
	bool goes_on = true;

	(void)state;
	for (unsigned skip = 0; goes_on; skip++) {
		struct scene scene;

		goes_on = go_on_until(&scene, &mishap, skip);
		if (goes_on)
			assert_string_equal(scene_status(&scene, ""), "");
		scene_end(&scene);
	}
}

// C2: what somebody adds between the look and the write is not lost; the pass is.
static void set_env(void *user)
{
	struct scene *scene = user;

	kubernetes_merge(scene->kubernetes, SCENE_SET,
			 "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"neo4j\",\"env\":[{\"name\":\"NEO4J_PLUGINS\","
			 "\"value\":\"[\\\"apoc\\\",\\\"fleet-management\\\"]\"}]}]}}}}");
}

static void test_a_faster_write(void **state)
{
	const char *env;
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene_settle(&scene);
	scene_set_spec(&scene, "{\"podAnnotations\":{\"x\":\"y\"}}");
	scene_watch(&scene);
	// The dry run comes first.
	SCENE_FAIL(&scene, .method = "PATCH", .part = SCENE_SET, .skip = 1, .times = 1, .meanwhile = set_env, .user = &scene);
	assert_int_equal(scene_pass(&scene, SCENE_KEY), 0);
	assert_string_equal(scene.outcome.reason, "conflict");
	assert_true(scene.outcome.backoff);
	scene_watch(&scene);
	assert_int_equal(scene_pass(&scene, SCENE_KEY), 0);
	env = kubernetes_value(scene.kubernetes, SCENE_SET, "/spec/template/spec/containers/0/env", scene.arena);
	assert_non_null(strstr(env, "\"[\\\"apoc\\\",\\\"fleet-management\\\"]\""));
	assert_string_equal(kubernetes_value(scene.kubernetes, SCENE_SET, "/spec/template/metadata/annotations/x", scene.arena), "\"y\"");
	scene_end(&scene);
}

// D3: what has just been registered is written over somebody else's change, which stays.
static void label_root(void *user)
{
	struct scene *scene = user;

	kubernetes_merge(scene->kubernetes, SCENE_ROOT, "{\"metadata\":{\"labels\":{\"x\":\"y\"}}}");
}

static void set_size(void *user)
{
	scene_set_spec(user, "{\"storage\":{\"size\":\"2Gi\"}}");
}

static void test_a_faster_change_of_the_status(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene_watch(&scene);
	assert_int_equal(scene_pass(&scene, SCENE_KEY), 0);
	scene_run_pods(&scene);
	scene_watch(&scene);
	SCENE_FAIL(&scene, .method = "PATCH", .part = SCENE_STATUS, .times = 1, .meanwhile = label_root, .user = &scene);
	assert_int_equal(scene_pass(&scene, SCENE_KEY), 0);
	assert_true(scene_is_registered(&scene));
	assert_string_equal(kubernetes_value(scene.kubernetes, SCENE_ROOT, "/metadata/labels/x", scene.arena), "\"y\"");
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 1);
	// Any other status is not: the next pass makes it.
	scene_set_spec(&scene, "{\"auth\":{\"adminSecret\":\"none\"}}");
	scene_watch(&scene);
	SCENE_FAIL(&scene, .method = "PATCH", .part = SCENE_STATUS, .times = 1, .meanwhile = set_size, .user = &scene);
	assert_int_equal(scene_pass(&scene, SCENE_KEY), 0);
	assert_string_equal(scene.outcome.reason, "conflict");
	scene_end(&scene);
}

static void pass(struct scene *scene)
{
	scene_watch(scene);
	assert_int_equal(scene_pass(scene, SCENE_KEY), 0);
	scene_watch(scene);
}

static void assert_columns(struct scene *scene, const char *ready, const char *updated, const char *expires)
{
	assert_string_equal(scene_status(scene, "/readyServers"), ready);
	assert_string_equal(scene_status(scene, "/updatedServers"), updated);
	assert_string_equal(scene_status(scene, "/fleetTokenExpires"), expires);
	assert_string_equal(scene_status(scene, "/fleetProject"), *expires ? "p-1" : "");
}

// A4: what kubectl get shows, from the first pass over a roll to the end of the registration.
static void test_columns(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	pass(&scene);
	assert_columns(&scene, "0/1", "", "");
	scene_settle(&scene);
	scene_later(&scene, 40000); // the look at the connection
	pass(&scene);
	assert_columns(&scene, "1/1", "", "2999-01-01T00:00:00Z");
	scene_set_spec(&scene, "{\"config\":{\"db.logs.query.enabled\":\"INFO\"}}");
	pass(&scene);
	scene_run_pods(&scene);
	pass(&scene);
	assert_columns(&scene, "1/1", "0/1", "2999-01-01T00:00:00Z");
	pass(&scene);
	assert_columns(&scene, "0/1", "0/1", "2999-01-01T00:00:00Z");
	scene_run_pods(&scene);
	scene_settle(&scene);
	assert_columns(&scene, "1/1", "", "2999-01-01T00:00:00Z");
	scene_set_spec(&scene, "{\"auraFleetManagement\":{\"enabled\":false}}");
	scene_settle(&scene);
	assert_columns(&scene, "1/1", "", "");
	scene_end(&scene);
}

// B7: one event for each deed: a roll begun and ended, an object put back, Fleet Management switched off; and none that was not done.
static void test_deeds(void **state)
{
	static const char *const deeds[] = {"RollBegun", "RollEnded", "PutBack", "AuraFleetManagementDisabled"};
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene_settle(&scene);
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		assert_int_equal(scene_events(&scene, deeds[i]), 0);
	kubernetes_merge(scene.kubernetes, "/api/v1/namespaces/ns/services/a-client", "{\"spec\":{\"type\":\"NodePort\"}}");
	scene_settle(&scene);
	assert_int_equal(scene_events(&scene, "PutBack"), 1);
	assert_int_equal(scene_events(&scene, "RollBegun"), 0);
	scene_set_spec(&scene, "{\"config\":{\"db.logs.query.enabled\":\"INFO\"}}");
	scene_settle(&scene);
	assert_int_equal(scene_events(&scene, "RollBegun"), 1);
	assert_int_equal(scene_events(&scene, "RollEnded"), 1);
	scene_set_spec(&scene, "{\"auraFleetManagement\":{\"enabled\":false}}");
	scene_settle(&scene);
	assert_int_equal(scene_events(&scene, "AuraFleetManagementDisabled"), 1);
	assert_int_equal(scene_events(&scene, "PutBack"), 1);
	scene_end(&scene);
}

// B7: a roll is told although a pod was away, or still to come, when the spec changed.
static void test_roll_beside_a_missing_pod(void **state)
{
	const char *pod;
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene_settle(&scene);
	pod = kubernetes_value(scene.kubernetes, SCENE_POD, "", scene.arena);
	kubernetes_remove(scene.kubernetes, SCENE_POD);
	scene_set_spec(&scene, "{\"config\":{\"db.logs.query.enabled\":\"INFO\"}}");
	pass(&scene);
	// The controller has not seen the new template when it makes the pod anew.
	kubernetes_put(scene.kubernetes, SCENE_POD, pod);
	scene_run_pods(&scene);
	scene_settle(&scene);
	assert_done(&scene);
	assert_int_equal(scene_events(&scene, "RollBegun"), 1);
	assert_int_equal(scene_events(&scene, "RollEnded"), 1);
	scene_end(&scene);
}

// B6: an older patch is carried out, with one Warning; an older release is not.
static void test_patch_back(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene_settle(&scene);
	assert_string_equal(scene_status(&scene, "/version"), "2025.12.1");
	scene_set_spec(&scene, "{\"image\":{\"tag\":\"2025.12.0-enterprise\"}}");
	scene_settle(&scene);
	assert_string_equal(scene_status(&scene, "/phase"), "Ready");
	assert_int_equal(scene_events(&scene, "PatchBack"), 1);
	assert_int_equal(scene_events(&scene, "RollEnded"), 1);
	scene_set_spec(&scene, "{\"image\":{\"tag\":\"2025.11.0-enterprise\"}}");
	scene_settle(&scene);
	assert_string_equal(scene_condition(&scene, "Ready", "reason"), "DowngradeRefused");
	assert_int_equal(scene_events(&scene, "PatchBack"), 1);
	scene_end(&scene);
}

// B8: the operator sets no finalizer: who holds a deployment that is being deleted is told, and Stalled after five minutes; nothing else is written.
static void test_deletion_held(void **state)
{
	static const char mark[] = "{\"metadata\":{\"deletionTimestamp\":\"2026-01-01T00:00:00Z\",\"finalizers\":[\"%s\"]}}";
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene_settle(&scene);
	kubernetes_merge(scene.kubernetes, SCENE_ROOT, arena_printf(scene.arena, mark, "foregroundDeletion"));
	kubernetes_forget(scene.kubernetes);
	pass(&scene);
	assert_int_equal(kubernetes_calls(scene.kubernetes, NULL, NULL), 0);
	kubernetes_merge(scene.kubernetes, SCENE_ROOT, arena_printf(scene.arena, mark, "neo4j.neo4j.com/cluster-finalizer"));
	kubernetes_merge(scene.kubernetes, "/api/v1/namespaces/ns/services/a-client", arena_printf(scene.arena, mark, "a.example/hold"));
	scene_set_spec(&scene, "{\"config\":{\"db.logs.query.enabled\":\"INFO\"}}");
	pass(&scene);
	assert_string_equal(scene_condition(&scene, "Ready", "reason"), "DeletionHeld");
	assert_string_equal(scene_condition(&scene, "Ready", "status"), "False");
	assert_string_equal(scene_condition(&scene, "Stalled", "status"), "False");
	assert_non_null(strstr(scene_status(&scene, "/message"),
			       "held by finalizer 'neo4j.neo4j.com/cluster-finalizer'; Service 'a-client' by 'a.example/hold'. The operator sets none"));
	assert_true(scene.outcome.again_after_ms > 0);
	scene_later(&scene, 300001);
	pass(&scene);
	assert_string_equal(scene_condition(&scene, "Stalled", "status"), "True");
	assert_int_equal(scene_events(&scene, "DeletionHeld"), 1);
	kubernetes_forget(scene.kubernetes);
	pass(&scene);
	assert_int_equal(kubernetes_calls(scene.kubernetes, NULL, NULL), 0);
	assert_int_equal(scene_events(&scene, "RollBegun"), 0);
	scene_end(&scene);
}

// B8: a child that stays after its deployment has one event of its own, after five minutes; what Kubernetes removes by itself has none.
static void test_child_held(void **state)
{
	struct scene scene;
	char now[TIME_TEXT_SIZE];

	(void)state;
	scene_begin(&scene);
	scene_settle(&scene);
	kubernetes_remove(scene.kubernetes, SCENE_ROOT);
	time_format_rfc3339(clock_wall_ms(&clock_system), now, sizeof(now));
	for (size_t i = 0; i < 2; i++)
		kubernetes_merge(scene.kubernetes, i ? SCENE_SET : "/api/v1/namespaces/ns/services/a-client",
				 arena_printf(scene.arena, "{\"metadata\":{\"deletionTimestamp\":\"%s\",\"finalizers\":[\"%s\"]}}", now,
					      i ? "foregroundDeletion" : "a.example/hold"));
	pass(&scene);
	assert_string_equal(scene.outcome.reason, "gone");
	assert_true(scene.outcome.again_after_ms > 0 && scene.outcome.again_after_ms <= 300000);
	assert_int_equal(scene_events(&scene, "DeletionHeld"), 0);
	scene_later(&scene, 301000);
	for (int i = 0; i < 2; i++) {
		pass(&scene);
		assert_int_equal(scene.outcome.again_after_ms, 0);
		assert_int_equal(scene_events(&scene, "DeletionHeld"), 1);
	}
	scene_end(&scene);
}

// G2 B7: offline and back: never Ready, nothing is asked of a server, and no second registration.
static void test_offline(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene_settle(&scene);
	kubernetes_merge(scene.kubernetes, SCENE_ROOT, "{\"metadata\":{\"annotations\":{\"neofleet.neo4j.com/offline\":\"true\"}}}");
	scene_settle(&scene);
	assert_string_equal(scene_status(&scene, "/phase"), "Degraded");
	assert_string_equal(scene_condition(&scene, "Ready", "reason"), "Offline");
	assert_true(scene_is_registered(&scene));
	assert_int_equal(scene_events(&scene, "Offline"), 1);
	kubernetes_merge(scene.kubernetes, SCENE_ROOT, "{\"metadata\":{\"annotations\":{\"neofleet.neo4j.com/offline\":null}}}");
	scene_settle(&scene);
	assert_done(&scene);
	assert_int_equal(scene_events(&scene, "Online"), 1);
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 1);
	kubernetes_merge(scene.kubernetes, SCENE_ROOT, "{\"metadata\":{\"annotations\":{\"neofleet.neo4j.com/offline\":\"a-1\"}}}");
	scene_settle(&scene);
	assert_string_equal(scene_status(&scene, "/phase"), "Failed");
	assert_non_null(strstr(scene_status(&scene, "/message"), "must be the name of one pod of this deployment, such as a-0"));
	scene_end(&scene);
}

// A3: a spec that cannot be read stops nothing, whatever the status knows of servers and their volumes.
static void test_refused_after_servers(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene_settle(&scene);
	kubernetes_merge(scene.kubernetes, SCENE_ROOT,
			 "{\"metadata\":{\"annotations\":{\"neofleet.neo4j.com/offline\":\"none\"}},\"status\":{\"servers\":[{\"pod\":\"a-0\",\"volume\":\"v\"}]}}");
	scene_settle(&scene);
	assert_string_equal(scene_status(&scene, "/phase"), "Failed");
	assert_string_equal(scene_condition(&scene, "Ready", "reason"), "InvalidSpec");
	scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_deeds),
		cmocka_unit_test(test_roll_beside_a_missing_pod),
		cmocka_unit_test(test_patch_back),
		cmocka_unit_test(test_deletion_held),
		cmocka_unit_test(test_child_held),
		cmocka_unit_test(test_refused_after_servers),
		cmocka_unit_test(test_offline),
		cmocka_unit_test(test_any_call_fails),
		cmocka_unit_test(test_any_statement_fails),
		cmocka_unit_test(test_deleted_in_the_middle),
		cmocka_unit_test(test_made_anew_in_the_middle),
		cmocka_unit_test(test_a_faster_write),
		cmocka_unit_test(test_a_faster_change_of_the_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
