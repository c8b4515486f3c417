// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// D2, D4, D5: a registration that cannot be begun, or comes to nothing: what the status says, whether the server was called, and when it is
// tried again. Passes over a standalone that waits for nothing else.

#include "support/scene.h"

static int pass(struct scene *scene)
{
	int r;

	scene_watch(scene);
	r = scene_pass(scene, SCENE_KEY);
	scene_watch(scene);
	return r;
}

// The next pass would register.
static void begin(struct scene *scene)
{
	scene_begin(scene);
	assert_int_equal(pass(scene), 0);
	scene_run_pods(scene);
}

static void assert_failed(struct scene *scene, const char *reason, const char *words)
{
	assert_false(scene_is_registered(scene));
	assert_string_equal(scene_condition(scene, "FleetRegistered", "reason"), reason);
	assert_non_null(strstr(scene_status(scene, "/auraFleetManagement/message"), words));
	assert_int_equal(scene_events(scene, "AuraFleetManagementFailed"), 1);
	// 1 s, and up to a tenth more.
	assert_in_range(scene->outcome.again_after_ms, 1, 1100);
}

static void assert_registered_once(struct scene *scene)
{
	assert_int_equal(pass(scene), 0);
	assert_true(scene_is_registered(scene));
	assert_int_equal(neo4j_server_asked(scene->server, SCENE_REGISTER), 1);
	assert_int_equal(scene_events(scene, "AuraFleetManagementRegistered"), 1);
}

// Statements, without those that the look at the password brings along.
static unsigned asked(struct scene *scene)
{
	return neo4j_server_asked(scene->server, "") - neo4j_server_asked(scene->server, "SHOW DATABASES") - neo4j_server_asked(scene->server, "SHOW SERVERS");
}

// Nothing but the look at the password reaches the server. A Secret that is mended is tried at once.
static void test_token_of_no_use(void **state)
{
	static const struct {
		const char *key, *value, *reason, *words;
	} cases[] = {
		{"tokne", "x", "SecretKeyNotFound", "Key 'token' not found in Secret 'token' (the keys are: 'tokne')"},
		{"token", "", "TokenEmpty", "The token in Secret 'token' is empty"},
		{"token", " \n", "TokenEmpty", "The token in Secret 'token' is empty"},
		{"token", "not a token", "TokenMalformed", "The token in Secret 'token' is malformed"},
		{"token", NULL, "TokenExpired", "The token in Secret 'token' expired on 2020-01-01T00:00:00Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene;

		begin(&scene);
		kubernetes_remove(scene.kubernetes, SCENE_TOKEN);
		scene_secret(&scene, SCENE_TOKEN, cases[i].key, cases[i].value ? cases[i].value : scene_token(&scene, "2020-01-01T00:00:00Z"));
		assert_int_equal(pass(&scene), 0);
		assert_failed(&scene, cases[i].reason, cases[i].words);
		assert_int_equal(neo4j_server_logins(scene.server), 1);
		assert_int_equal(asked(&scene), 0);
		kubernetes_remove(scene.kubernetes, SCENE_TOKEN);
		scene_secret(&scene, SCENE_TOKEN, "token", scene_token(&scene, "2999-01-01T00:00:00Z"));
		assert_registered_once(&scene);
		scene_end(&scene);
	}
}

static void test_token_cannot_be_read(void **state)
{
	static const struct {
		int status;
		const char *reason, *words;
	} cases[] = {
		{404, "SecretNotFound", "Secret 'token' not found in namespace 'ns'; create it there"},
		{403, "SecretUnreadable", "Secret 'token' cannot be read (the server's words); it is tried again"},
		{410, "SecretUnreadable", "Secret 'token' cannot be read"},
		{429, "SecretUnreadable", "Secret 'token' cannot be read"},
		{500, "SecretUnreadable", "Secret 'token' cannot be read"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene;

		begin(&scene);
		SCENE_FAIL(&scene, .part = SCENE_TOKEN, .status = cases[i].status, .message = "the server's words");
		assert_int_equal(pass(&scene), 0);
		assert_failed(&scene, cases[i].reason, cases[i].words);
		assert_int_equal(asked(&scene), 0);
		// Not before its time, which no change of anything has shortened.
		SCENE_FAIL(&scene, .status = 0);
		assert_int_equal(pass(&scene), 0);
		assert_false(scene_is_registered(&scene));
		scene_later(&scene, 1101);
		assert_registered_once(&scene);
		scene_end(&scene);
	}
}

// A Secret that is mended between the read and the end of the attempt: the failure was that of the former.
static void mend_token(void *user)
{
	struct scene *scene = user;

	scene_secret(scene, SCENE_TOKEN, "token", scene_token(scene, "2999-01-01T00:00:00Z"));
	scene_watch(scene);
}

static void test_token_changes_behind_the_read(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	SCENE_BECOME(&scene, .row = "An error occurred while registering the token: no");
	// Right before the exchange the deployment is asked for.
	SCENE_FAIL(&scene, .method = "GET", .part = SCENE_ROOT, .times = 1, .meanwhile = mend_token, .user = &scene);
	scene_secret(&scene, SCENE_TOKEN, "token", scene_token(&scene, "2998-01-01T00:00:00Z"));
	assert_int_equal(pass(&scene), 0);
	assert_failed(&scene, "TokenRefused", "The server refused the token: An error occurred");
	SCENE_BECOME(&scene, .row = NULL);
	assert_int_equal(pass(&scene), 0);
	assert_true(scene_is_registered(&scene));
	scene_end(&scene);
}

// Without the API server's word that it is still wanted, nothing is registered.
static void test_deployment_cannot_be_asked_for(void **state)
{
	static const int statuses[] = {403, 404, 410, 429, 500, KUBERNETES_CUT};

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct scene scene;

		begin(&scene);
		SCENE_FAIL(&scene, .method = "GET", .part = SCENE_ROOT, .status = statuses[i]);
		assert_int_equal(pass(&scene), 0);
		assert_failed(&scene, "ApiUnavailable", "The Kubernetes API cannot be asked (");
		assert_int_equal(asked(&scene), 0);
		SCENE_FAIL(&scene, .status = 0);
		scene_later(&scene, 1101);
		assert_registered_once(&scene);
		scene_end(&scene);
	}
}

// The object is another one than the pass has read: it looks again, and calls nobody.
static void change_spec(void *user)
{
	scene_set_spec(user, "{\"podAnnotations\":{\"x\":\"y\"}}");
}

static void register_elsewhere(void *user)
{
	kubernetes_merge(((struct scene *)user)->kubernetes, SCENE_ROOT,
			 "{\"status\":{\"auraFleetManagement\":{\"registered\":true,\"lastRegistrationTime\":\"2026-01-01T00:00:00Z\"}}}");
}

static void set_by_hand(void *user)
{
	kubernetes_merge(((struct scene *)user)->kubernetes, SCENE_ROOT, "{\"status\":{\"auraFleetManagement\":{\"registered\":true}}}");
}

static void make_anew(void *user)
{
	kubernetes_remove(((struct scene *)user)->kubernetes, SCENE_ROOT);
	scene_make_root(user);
}

static void test_stale(void **state)
{
	static void (*const changes[])(void *user) = {change_spec, register_elsewhere, set_by_hand, make_anew};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct scene scene;

		begin(&scene);
		SCENE_FAIL(&scene, .method = "GET", .part = SCENE_ROOT, .times = 1, .meanwhile = changes[i], .user = &scene);
		assert_int_equal(pass(&scene), 0);
		assert_string_equal(scene.outcome.reason, "conflict");
		assert_true(scene.outcome.backoff);
		assert_int_equal(asked(&scene), 0);
		assert_int_equal(scene_events(&scene, "AuraFleetManagementFailed"), 0);
		scene_end(&scene);
	}
}

// Ever later, up to five minutes; and at once when the spec changes.
static void test_pace(void **state)
{
	struct scene scene;
	unsigned n = 0;

	(void)state;
	begin(&scene);
	SCENE_BECOME(&scene, .row = "An error occurred while registering the token: no");
	for (int64_t ms = 1000; ms < 600000; ms *= 2) {
		int64_t delay = ms < 300000 ? ms : 300000;

		assert_int_equal(pass(&scene), 0);
		assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), ++n);
		assert_int_equal(pass(&scene), 0);
		assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), n);
		scene_later(&scene, delay - 500);
		assert_int_equal(pass(&scene), 0);
		assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), n);
		scene_later(&scene, 500 + delay / 10);
	}
	assert_int_equal(scene_events(&scene, "AuraFleetManagementFailed"), 1);
	assert_int_equal(pass(&scene), 0);
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), ++n);
	scene_set_spec(&scene, "{\"auraFleetManagement\":{\"tokenSecretRef\":{\"key\":\"token\"}}}");
	assert_int_equal(pass(&scene), 0);
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), n + 1);
	scene_end(&scene);
}

// A server that holds a token of the project is given time to connect, without a Warning; then the Secret's is registered.
static void test_connecting(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	SCENE_BECOME(&scene, .active = true, .expires = "2999-01-01T00:00:00Z");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pass(&scene), 0);
		assert_string_equal(scene_condition(&scene, "FleetRegistered", "reason"), "Connecting");
		assert_in_range(scene.outcome.again_after_ms, 1, 1500);
		scene_later(&scene, 17000);
	}
	assert_int_equal(scene_events(&scene, "AuraFleetManagementFailed"), 0);
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 0);
	scene_later(&scene, 2000);
	assert_registered_once(&scene);
	scene_end(&scene);
}

// A server that is away in between has its time anew; one that was given its time, and whose token is refused, has not.
static void test_connecting_anew(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	SCENE_BECOME(&scene, .active = true, .expires = "2999-01-01T00:00:00Z");
	assert_int_equal(pass(&scene), 0);
	assert_string_equal(scene_condition(&scene, "FleetRegistered", "reason"), "Connecting");
	SCENE_BECOME(&scene, .active = true, .expires = "2999-01-01T00:00:00Z", .lacks_plugin = true);
	scene_later(&scene, 36000);
	assert_int_equal(pass(&scene), 0);
	assert_string_equal(scene_condition(&scene, "FleetRegistered", "reason"), "ProcedureMissing");
	SCENE_BECOME(&scene, .active = true, .expires = "2999-01-01T00:00:00Z", .row = "no");
	scene_later(&scene, 36000);
	assert_int_equal(pass(&scene), 0);
	assert_string_equal(scene_condition(&scene, "FleetRegistered", "reason"), "Connecting");
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 0);
	for (int i = 0; i < 3; i++) {
		scene_later(&scene, 36000);
		assert_int_equal(pass(&scene), 0);
		assert_string_equal(scene_condition(&scene, "FleetRegistered", "reason"), "TokenRefused");
	}
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 3);
	scene_end(&scene);
}

static void test_procedures_missing(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	SCENE_BECOME(&scene, .lacks_plugin = true);
	assert_int_equal(pass(&scene), 0);
	assert_failed(&scene, "ProcedureMissing", "Waiting for the fleetManagement procedures");
	SCENE_BECOME(&scene, .active = false);
	scene_later(&scene, 1101);
	assert_registered_once(&scene);
	scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_token_of_no_use),
		cmocka_unit_test(test_token_cannot_be_read),
		cmocka_unit_test(test_token_changes_behind_the_read),
		cmocka_unit_test(test_deployment_cannot_be_asked_for),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_connecting),
		cmocka_unit_test(test_connecting_anew),
		cmocka_unit_test(test_procedures_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
