// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// C4, C7, C8: the version that a server is asked for, the entry that is withdrawn, and the server that is told to forget its token before
// the entry goes. Passes over a standalone, while server and API server fail.

#include "support/scene.h"

#define DISABLE "CALL fleetManagement.disable()"
#define TOLD "Fleet management is disabled in the spec"
#define TRANSIENT "Neo.TransientError.General.OutOfMemoryError"

static bool has_entry(struct scene *scene)
{
	const char *env = kubernetes_value(scene->kubernetes, SCENE_SET, "/spec/template/spec/containers/0/env", scene->arena);

	return strstr(env, "fleet-management") != NULL;
}

static const char *annotation(struct scene *scene, const char *name)
{
	const char *value = kubernetes_value(scene->kubernetes, SCENE_SET, arena_printf(scene->arena, "/metadata/annotations/neofleet.neo4j.com~1%s", name),
					     scene->arena);

	return value ? value : "";
}

// A pass, with what it has written in the stores; how many logins it took.
static unsigned pass(struct scene *scene)
{
	unsigned before = neo4j_server_logins(scene->server);

	scene_watch(scene);
	assert_int_equal(scene_pass(scene, SCENE_KEY), 0);
	scene_watch(scene);
	return neo4j_server_logins(scene->server) - before;
}

// One whose tag does not tell the version, and whose server is ready.
static void begin_untold(struct scene *scene)
{
	scene_begin(scene);
	scene_set_spec(scene, "{\"image\":{\"tag\":\"latest\"}}");
	assert_int_equal(pass(scene), 0);
	assert_string_equal(scene_condition(scene, "FleetRegistered", "reason"), "VersionUnknown");
	assert_non_null(strstr(scene_status(scene, "/auraFleetManagement/message"), "(no server runs yet)"));
	assert_false(has_entry(scene));
	scene_run_pods(scene);
}

static void test_version_is_learned(void **state)
{
	struct scene scene;

	(void)state;
	begin_untold(&scene);
	scene_settle(&scene);
	assert_string_equal(annotation(&scene, "server-version"), "\"neo4j:latest 2025.12.1\"");
	assert_true(has_entry(&scene));
	assert_true(scene_is_registered(&scene));
	assert_int_equal(pass(&scene), 0);
	scene_end(&scene);
}

// A server may call its version anything: the operator keeps printable text, and little of it.
static void test_odd_version(void **state)
{
	const char *told;
	struct scene scene;

	(void)state;
	begin_untold(&scene);
	SCENE_BECOME(&scene, .version = "a\x01 b\x7F 0123456789012345678901234567890123456789012345678901234567890123456789");
	(void)pass(&scene);
	told = annotation(&scene, "server-version");
	assert_true(strncmp(told, "\"neo4j:latest a??b??0123", strlen("\"neo4j:latest a??b??0123")) == 0);
	assert_int_equal(strlen(told), strlen("\"neo4j:latest \"") + 64);
	assert_false(has_entry(&scene));
	assert_non_null(strstr(scene_status(&scene, "/auraFleetManagement/message"), "its answer names no version that is known here"));
	scene_end(&scene);
}

// A refused password keeps the question back for a minute, any other failure for a second at first; a short lease for the next pass.
static void test_version_cannot_be_learned(void **state)
{
	static const struct {
		const char *code;
		int64_t pause_ms;
	} cases[] = {{SCENE_REFUSAL, 60000}, {TRANSIENT, 1000}};
	struct scene scene;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned logins;

		begin_untold(&scene);
		SCENE_BECOME(&scene, .refuse_code = cases[i].code);
		// The look at the password takes one of its own, unless the question has found it refused.
		logins = pass(&scene);
		assert_int_equal(logins, i == 0 ? 1 : 2);
		assert_non_null(strstr(scene_status(&scene, "/auraFleetManagement/message"), cases[i].code));
		assert_in_range(scene.outcome.again_after_ms, cases[i].pause_ms * 9 / 10, cases[i].pause_ms * 11 / 10);
		assert_int_equal(pass(&scene), 0);
		scene_later(&scene, cases[i].pause_ms * 11 / 10 + 1);
		assert_int_equal(pass(&scene), 1);
		SCENE_BECOME(&scene, .refuse_code = NULL);
		scene_later(&scene, 2 * 66001);
		scene_settle(&scene);
		assert_true(scene_is_registered(&scene));
		scene_end(&scene);
	}
	begin_untold(&scene);
	scene_lease(&scene, 8000);
	assert_int_equal(pass(&scene), 1);
	assert_non_null(strstr(scene_status(&scene, "/auraFleetManagement/message"), "Too little of the lease is left to ask a server"));
	scene_later(&scene, 1101);
	scene_lease(&scene, 8001);
	assert_int_equal(pass(&scene), 1);
	assert_string_equal(annotation(&scene, "server-version"), "\"neo4j:latest 2025.12.1\"");
	scene_end(&scene);
}

// A server that does not come up after so many ends.
static void fail_pod(struct scene *scene, int ends)
{
	kubernetes_merge(scene->kubernetes, SCENE_POD,
			 arena_printf(scene->arena,
				      "{\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\"}],\"containerStatuses\":[{\"name\":\"neo4j\","
				      "\"restartCount\":%d,\"state\":{\"running\":{}},\"lastState\":{\"terminated\":{\"exitCode\":1,\"message\":\"no such plugin\"}}}]}}",
				      ends));
}

// A settled one without Fleet Manager, for which it is switched on; its pod is replaced by one that does not come up.
static void begin_trial(struct scene *scene, const char *spec, int ends)
{
	scene_begin(scene);
	scene_set_spec(scene, "{\"auraFleetManagement\":{\"enabled\":false}}");
	scene_settle(scene);
	assert_false(has_entry(scene));
	scene_set_spec(scene, spec);
	(void)pass(scene);
	assert_true(has_entry(scene));
	scene_run_pods(scene);
	(void)pass(scene);
	assert_false(kubernetes_has(scene->kubernetes, SCENE_POD)); // evicted
	scene_run_pods(scene);
	fail_pod(scene, ends);
}

static void test_withdrawal(void **state)
{
	struct scene scene;

	(void)state;
	begin_trial(&scene, "{\"auraFleetManagement\":{\"enabled\":true}}", 3);
	(void)pass(&scene);
	assert_false(has_entry(&scene));
	assert_int_equal(scene_events(&scene, "FleetPluginWithdrawn"), 1);
	assert_string_equal(scene_condition(&scene, "FleetRegistered", "reason"), "FleetPluginWithdrawn");
	assert_non_null(strstr(scene_status(&scene, "/auraFleetManagement/message"), "no such plugin"));
	// The server comes back without it, and it is not tried again...
	kubernetes_remove(scene.kubernetes, SCENE_POD);
	scene_settle(&scene);
	assert_string_equal(scene_status(&scene, "/phase"), "Ready");
	assert_false(has_entry(&scene));
	assert_int_equal(scene_events(&scene, "FleetPluginWithdrawn"), 1);
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 0);
	// ...until the spec changes.
	scene_set_spec(&scene, "{\"podAnnotations\":{\"x\":\"y\"}}");
	(void)pass(&scene);
	assert_true(has_entry(&scene));
	assert_string_equal(annotation(&scene, "fleet-withdrawn"), "");
	scene_end(&scene);
}

// Two ends are no verdict; and what the user has changed as well may be the cause.
static void test_no_withdrawal(void **state)
{
	static const struct {
		const char *spec;
		int ends;
	} cases[] = {
		{"{\"auraFleetManagement\":{\"enabled\":true}}", 2},
		{"{\"auraFleetManagement\":{\"enabled\":true},\"env\":[{\"name\":\"X\",\"value\":\"y\"}]}", 3},
		{"{\"auraFleetManagement\":{\"enabled\":true},\"image\":{\"tag\":\"2025.12.2-enterprise\"}}", 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene;

		begin_trial(&scene, cases[i].spec, cases[i].ends);
		(void)pass(&scene);
		assert_true(has_entry(&scene));
		assert_int_equal(scene_events(&scene, "FleetPluginWithdrawn"), 0);
		scene_end(&scene);
	}
}

// The image that is wanted by now was not tried.
static void test_no_withdrawal_of_another_image(void **state)
{
	struct scene scene;

	(void)state;
	begin_trial(&scene, "{\"auraFleetManagement\":{\"enabled\":true}}", 3);
	scene_set_spec(&scene, "{\"image\":{\"tag\":\"2025.12.2-enterprise\"}}");
	(void)pass(&scene);
	assert_true(has_entry(&scene));
	assert_int_equal(scene_events(&scene, "FleetPluginWithdrawn"), 0);
	scene_end(&scene);
}

// A withdrawal whose write is lost is made by the next pass, and told once.
static void test_withdrawal_is_lost(void **state)
{
	static const int statuses[] = {409, 500};

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct scene scene;

		begin_trial(&scene, "{\"auraFleetManagement\":{\"enabled\":true}}", 3);
		scene_watch(&scene);
		SCENE_FAIL(&scene, .method = "PATCH", .part = SCENE_SET, .skip = 1, .times = 1, .status = statuses[i]);
		assert_int_equal(scene_pass(&scene, SCENE_KEY) < 0, statuses[i] == 500);
		assert_true(has_entry(&scene));
		assert_int_equal(scene_events(&scene, "FleetPluginWithdrawn"), 0);
		(void)pass(&scene);
		assert_false(has_entry(&scene));
		assert_int_equal(scene_events(&scene, "FleetPluginWithdrawn"), 1);
		scene_end(&scene);
	}
}

// A registered one that is switched off.
static void begin_off(struct scene *scene)
{
	scene_begin(scene);
	scene_settle(scene);
	assert_true(scene_is_registered(scene) && has_entry(scene));
	scene_set_spec(scene, "{\"auraFleetManagement\":{\"enabled\":false}}");
}

static void assert_off(struct scene *scene, const char *message)
{
	assert_false(has_entry(scene));
	assert_string_equal(scene_status(scene, "/auraFleetManagement/registered"), "false");
	assert_string_equal(scene_condition(scene, "FleetRegistered", "reason"), "Disabled");
	assert_non_null(strstr(scene_status(scene, "/auraFleetManagement/message"), message));
}

static void test_switched_off(void **state)
{
	struct scene scene;

	(void)state;
	begin_off(&scene);
	assert_int_equal(pass(&scene), 1);
	assert_int_equal(neo4j_server_asked(scene.server, DISABLE), 1);
	assert_off(&scene, TOLD);
	scene_settle(&scene);
	assert_int_equal(neo4j_server_asked(scene.server, DISABLE), 1);
	assert_null(neo4j_server_state(scene.server).expires);
	scene_end(&scene);
}

// Until the server was told the entry stays, and the status as it was; after some time it goes all the same, and the status says so.
static void test_switched_off_untold(void **state)
{
	static const struct neo4j_state states[] = {
		{.active = true, .expires = "2999-01-01T00:00:00Z", .sticks = true},
		{.active = true, .fault = NEO4J_DROP, .fault_at = DISABLE},
		{.active = true, .fault = NEO4J_FAILURE, .fault_at = DISABLE, .fault_code = TRANSIENT},
		{.active = true, .refuse_code = SCENE_REFUSAL},
	};
	static const char *const words[] = {"still holds a token after disable()", "cannot be reached over Bolt", TRANSIENT, SCENE_REFUSAL};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(states) / sizeof(states[0]); i++) {
		bool ends_well = i % 2;
		struct scene scene;

		begin_off(&scene);
		scene_become(&scene, &states[i / 2]);
		assert_int_equal(pass(&scene), 1);
		assert_true(has_entry(&scene));
		assert_true(scene_is_registered(&scene));
		assert_in_range(scene.outcome.again_after_ms, 1, 2000);
		if (ends_well)
			SCENE_BECOME(&scene, .active = true);
		// After a refusal the operator does not try again for a minute.
		scene_later(&scene, ends_well && states[i / 2].refuse_code ? 60001 : 18000);
		(void)pass(&scene);
		assert_off(&scene, ends_well ? TOLD : words[i / 2]);
		assert_int_equal(strcmp(scene_status(&scene, "/auraFleetManagement/message"), TOLD) == 0, ends_well);
		scene_end(&scene);
	}
}

// A server that has done it and could not say so is told once more.
static void test_switched_off_half(void **state)
{
	struct scene scene;

	(void)state;
	begin_off(&scene);
	SCENE_BECOME(&scene, .active = true, .fault = NEO4J_HALF, .fault_at = DISABLE, .fault_times = 1);
	assert_int_equal(pass(&scene), 1);
	assert_true(has_entry(&scene));
	assert_int_equal(pass(&scene), 1);
	assert_off(&scene, TOLD);
	assert_int_equal(neo4j_server_asked(scene.server, DISABLE), 2);
	scene_end(&scene);
}

// Told once is told, also where the entry is not taken out at once.
static void test_switched_off_and_not_written(void **state)
{
	struct scene scene;

	(void)state;
	begin_off(&scene);
	scene_watch(&scene);
	SCENE_FAIL(&scene, .method = "PATCH", .part = SCENE_SET, .skip = 1, .times = 1, .status = 500);
	assert_int_equal(scene_pass(&scene, SCENE_KEY), ERR_SERVER);
	assert_true(has_entry(&scene));
	assert_int_equal(pass(&scene), 0);
	assert_off(&scene, TOLD);
	assert_int_equal(neo4j_server_asked(scene.server, DISABLE), 1);
	scene_end(&scene);
}

// Nobody is asked who cannot be, nor with too little of the lease left; a server without the procedures holds no token.
static void test_switched_off_in_other_ways(void **state)
{
	struct scene scene;

	(void)state;
	begin_off(&scene);
	fail_pod(&scene, 1);
	assert_int_equal(pass(&scene), 0);
	assert_true(has_entry(&scene));
	scene_later(&scene, 18000);
	assert_int_equal(pass(&scene), 0);
	assert_off(&scene, "No server is ready");
	scene_end(&scene);

	begin_off(&scene);
	scene_lease(&scene, 8000);
	assert_int_equal(pass(&scene), 0);
	assert_true(has_entry(&scene));
	scene_lease(&scene, 8001);
	assert_int_equal(pass(&scene), 1);
	assert_off(&scene, TOLD);
	scene_end(&scene);

	begin_off(&scene);
	SCENE_BECOME(&scene, .lacks_plugin = true);
	assert_int_equal(pass(&scene), 1);
	assert_off(&scene, TOLD);
	scene_end(&scene);

	// B8: one that is deleted is not switched off.
	begin_off(&scene);
	kubernetes_remove(scene.kubernetes, SCENE_ROOT);
	assert_int_equal(pass(&scene), 0);
	assert_string_equal(scene.outcome.reason, "gone");
	scene_end(&scene);
}

// C4: a version that brings no plugin is registered where the spec says that the user brings its jar, and only there.
static void test_own_jar(void **state)
{
	static const struct {
		const char *unrestricted;
		bool registered;
	} cases[] = {{"fleetManagement.*", true}, {"apoc.*, fleetManagement.*", true}, {"*", false}, {"apoc.*", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene;

		scene_begin(&scene);
		SCENE_BECOME(&scene, .version = "5.26.5");
		scene_set_spec(&scene, arena_printf(scene.arena, "{\"image\":{\"tag\":\"5.26.5-enterprise\"},\"config\":{\"dbms.security.procedures.unrestricted\":\"%s\"}}",
						    cases[i].unrestricted));
		assert_int_equal(pass(&scene), 0);
		scene_run_pods(&scene);
		scene_settle(&scene);
		assert_false(has_entry(&scene));
		assert_int_equal(scene_is_registered(&scene), cases[i].registered);
		if (!cases[i].registered) {
			assert_string_equal(scene_condition(&scene, "FleetRegistered", "reason"), "VersionUnsupported");
			assert_non_null(strstr(scene_status(&scene, "/auraFleetManagement/message"),
					       "or bring the plugin's jar and name fleetManagement.* in spec.config's dbms.security.procedures.unrestricted"));
		}
		scene_end(&scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version_is_learned),
		cmocka_unit_test(test_odd_version),
		cmocka_unit_test(test_version_cannot_be_learned),
		cmocka_unit_test(test_withdrawal),
		cmocka_unit_test(test_no_withdrawal),
		cmocka_unit_test(test_no_withdrawal_of_another_image),
		cmocka_unit_test(test_withdrawal_is_lost),
		cmocka_unit_test(test_switched_off),
		cmocka_unit_test(test_switched_off_untold),
		cmocka_unit_test(test_switched_off_half),
		cmocka_unit_test(test_switched_off_and_not_written),
		cmocka_unit_test(test_switched_off_in_other_ways),
		cmocka_unit_test(test_own_jar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
