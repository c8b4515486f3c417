// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// B5, D4, D7: when a server is logged into, when it is not, and what the status says of it. A pass over a settled standalone is the caller.

#include <stdatomic.h>

#include "support/scene.h"

#define EXPIRED "Neo.ClientError.Security.CredentialsExpired"

// Until the next pass would log in.
static void begin(struct scene *scene)
{
	scene_begin(scene);
	scene_watch(scene);
	assert_int_equal(scene_pass(scene, SCENE_KEY), 0);
	scene_run_pods(scene);
	scene_watch(scene);
	assert_int_equal(neo4j_server_logins(scene->server), 0);
}

// A pass, with what it has written in the stores; how many logins it took.
static unsigned pass(struct scene *scene)
{
	unsigned before = neo4j_server_logins(scene->server);

	assert_int_equal(scene_pass(scene, SCENE_KEY), 0);
	scene_watch(scene);
	return neo4j_server_logins(scene->server) - before;
}

static void assert_refused(struct scene *scene, const char *reason, const char *code)
{
	assert_string_equal(scene_condition(scene, "FleetRegistered", "reason"), reason);
	assert_non_null(strstr(scene_status(scene, "/auraFleetManagement/message"), code));
	assert_string_equal(scene_status(scene, "/auraFleetManagement/registered"), "false");
	assert_int_equal(neo4j_server_asked(scene->server, ""), 0);
}

// One login a minute, whoever wants it: the look at the password, the registration. The deployment is Ready all the same.
static void test_refused_password(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	SCENE_BECOME(&scene, .refuse_code = SCENE_REFUSAL);
	assert_int_equal(pass(&scene), 1);
	assert_refused(&scene, "CredentialsRefused", SCENE_REFUSAL);
	assert_string_equal(scene_condition(&scene, "CredentialsRefused", "status"), "True");
	assert_non_null(strstr(scene_condition(&scene, "CredentialsRefused", "message"), "ALTER USER neo4j SET PASSWORD"));
	assert_string_equal(scene_status(&scene, "/phase"), "Ready");
	assert_in_range(scene.outcome.again_after_ms, 1, 60001);
	assert_int_equal(pass(&scene), 0);
	scene_later(&scene, 59000);
	assert_int_equal(pass(&scene), 0);
	scene_later(&scene, 1001);
	assert_int_equal(pass(&scene), 1);
	assert_int_equal(pass(&scene), 0);
	assert_int_equal(scene_events(&scene, "CredentialsRefused"), 1);
	assert_int_equal(scene_events(&scene, "AuraFleetManagementFailed"), 1);
	scene_end(&scene);
}

// The server did not look at the password: nothing is known of that, and it is tried again when the server looks again.
static void test_logins_limited(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	SCENE_BECOME(&scene, .refuse_code = SCENE_LIMIT);
	assert_int_equal(pass(&scene), 1);
	assert_refused(&scene, "LoginsLimited", SCENE_LIMIT);
	assert_string_not_equal(scene_condition(&scene, "CredentialsRefused", "status"), "True");
	assert_in_range(scene.outcome.again_after_ms, 1, 6001);
	assert_int_equal(pass(&scene), 0);
	scene_later(&scene, 6001);
	assert_int_equal(pass(&scene), 1);
	SCENE_BECOME(&scene, .refuse_code = NULL);
	assert_int_equal(pass(&scene), 0);
	scene_later(&scene, 6001);
	assert_int_equal(pass(&scene), 2);
	assert_true(scene_is_registered(&scene));
	scene_end(&scene);
}

static void test_password_to_be_changed(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	SCENE_BECOME(&scene, .refuse_code = EXPIRED);
	assert_int_equal(pass(&scene), 1);
	assert_refused(&scene, "CredentialsRefused", EXPIRED);
	assert_non_null(strstr(scene_status(&scene, "/auraFleetManagement/message"), "CHANGE NOT REQUIRED"));
	scene_end(&scene);
}

// At once when the Secret or the server's run is another one; the other Secret lifts nothing.
static void change_password(struct scene *scene)
{
	scene_secret(scene, SCENE_ADMIN, "password", "another-secret");
}

static void change_token(struct scene *scene)
{
	scene_secret(scene, SCENE_TOKEN, "token", scene_token(scene, "2998-01-01T00:00:00Z"));
}

static void restart_server(struct scene *scene)
{
	kubernetes_merge(scene->kubernetes, SCENE_POD, "{\"status\":{\"containerStatuses\":[{\"name\":\"neo4j\",\"restartCount\":1}]}}");
}

static void replace_pod(struct scene *scene)
{
	kubernetes_remove(scene->kubernetes, SCENE_POD);
	scene_run_pods(scene);
}

static void test_what_lifts_the_bar(void **state)
{
	static const struct {
		void (*change)(struct scene *scene);
		unsigned logins;
	} cases[] = {{change_password, 1}, {restart_server, 1}, {replace_pod, 1}, {change_token, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene;

		begin(&scene);
		SCENE_BECOME(&scene, .refuse_code = SCENE_REFUSAL);
		assert_int_equal(pass(&scene), 1);
		cases[i].change(&scene);
		scene_watch(&scene);
		assert_int_equal(pass(&scene), cases[i].logins);
		assert_int_equal(pass(&scene), 0);
		scene_end(&scene);
	}
}

// The refusal holds for the password that was read, not for a newer one: the next pass tries the newer one at once.
static void change_in_the_middle(void *user)
{
	change_password(user);
	scene_watch(user);
}

static void test_secret_changes_behind_the_read(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	SCENE_BECOME(&scene, .refuse_code = SCENE_REFUSAL);
	// The pod is confirmed between the two.
	SCENE_FAIL(&scene, .method = "GET", .part = SCENE_POD, .times = 1, .meanwhile = change_in_the_middle, .user = &scene);
	assert_int_equal(pass(&scene), 1);
	SCENE_BECOME(&scene, .refuse_code = NULL);
	assert_int_equal(pass(&scene), 2);
	assert_true(scene_is_registered(&scene));
	scene_end(&scene);
}

// The Secret cannot be read, so nobody logs in.
static void test_unreadable_secret(void **state)
{
	static const struct {
		int status;
		const char *reason;
	} cases[] = {{403, "SecretUnreadable"}, {404, "SecretNotFound"}, {410, "SecretUnreadable"}, {429, "SecretUnreadable"}, {500, "SecretUnreadable"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene;

		begin(&scene);
		SCENE_FAIL(&scene, .part = SCENE_ADMIN, .status = cases[i].status, .message = "the server's words");
		assert_int_equal(pass(&scene), 0);
		assert_string_equal(scene_condition(&scene, "FleetRegistered", "reason"), cases[i].reason);
		assert_non_null(strstr(scene_status(&scene, "/auraFleetManagement/message"), "Secret 'admin'"));
		assert_string_not_equal(scene_condition(&scene, "CredentialsRefused", "status"), "True");
		assert_true(scene.outcome.again_after_ms > 0);
		SCENE_FAIL(&scene, .status = 0);
		scene_later(&scene, 60001);
		assert_true(pass(&scene) > 0);
		assert_true(scene_is_registered(&scene));
		scene_end(&scene);
	}
}

// The operator begins nothing that does not fit into the lease: a login wants 5 s, an exchange 15 s.
static void test_short_lease(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene_lease(&scene, 5000);
	assert_int_equal(pass(&scene), 0);
	assert_string_equal(scene.outcome.reason, "conflict");
	assert_true(scene.outcome.backoff);
	scene_later(&scene, 60001);
	scene_lease(&scene, 5001);
	assert_int_equal(pass(&scene), 1);
	scene_lease(&scene, 15000);
	assert_int_equal(pass(&scene), 0);
	assert_string_equal(scene.outcome.reason, "conflict");
	assert_false(scene_is_registered(&scene));
	scene_lease(&scene, 15001);
	assert_int_equal(pass(&scene), 1);
	assert_true(scene_is_registered(&scene));
	// The look at the connection: 10 s.
	scene_later(&scene, 5001);
	scene_lease(&scene, 10000);
	assert_int_equal(pass(&scene), 0);
	assert_string_equal(scene_condition(&scene, "FleetConnected", "status"), "");
	scene_lease(&scene, 10001);
	assert_int_equal(pass(&scene), 2);
	assert_string_equal(scene_condition(&scene, "FleetConnected", "status"), "True");
	scene_end(&scene);
}

// A machine that sleeps after the look at the lease wakes up without it: the deadline has passed as well.
static void test_sleep_behind_the_look_at_the_lease(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene_lease(&scene, 5001);
	atomic_store(&scene.nap_ms, 5001);
	assert_int_equal(pass(&scene), 0);
	assert_int_equal(atomic_load(&scene.nap_ms), 0);
	scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused_password),
		cmocka_unit_test(test_logins_limited),
		cmocka_unit_test(test_password_to_be_changed),
		cmocka_unit_test(test_what_lifts_the_bar),
		cmocka_unit_test(test_secret_changes_behind_the_read),
		cmocka_unit_test(test_unreadable_secret),
		cmocka_unit_test(test_short_lease),
		cmocka_unit_test(test_sleep_behind_the_look_at_the_lease),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
