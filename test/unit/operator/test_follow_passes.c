// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// F1, F2: passes over a registered standalone with FollowSecret: what is asked of whom, and what is told.

#include "operator/fleet/roster.h"
#include "operator/object/digest.h"
#include "support/scene.h"

#define OTHER "/api/v1/namespaces/ns/secrets/other"
#define TURN_TO(name) "{\"auraFleetManagement\":{\"tokenSecretRef\":{\"name\":\"" name "\"}}}"
#define LOST "the Secret's token is not followed: The token in Secret 'token' expired on 2020-01-01T00:00:00Z"

static void pass(struct scene *scene)
{
	scene_watch(scene);
	assert_int_equal(scene_pass(scene, SCENE_KEY), 0);
	scene_watch(scene);
}

// Registered by the Secret's first token, and looked at for the last time that is no interval's.
static void begin(struct scene *scene)
{
	scene_begin(scene);
	scene_set_spec(scene, "{\"auraFleetManagement\":{\"tokenPolicy\":\"FollowSecret\"}}");
	pass(scene);
	scene_run_pods(scene);
	for (int i = 0; i < 6; i++) {
		pass(scene);
		scene_later(scene, 40000);
	}
	assert_true(scene_is_registered(scene));
	assert_int_equal(neo4j_server_asked(scene->server, SCENE_REGISTER), 1);
	neo4j_server_forget(scene->server);
}

// The servers' token was renewed, the Secret's has ended: an older one, of which nothing is said, and which nobody reads again.
static void test_expired_token_left(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene_secret(&scene, SCENE_TOKEN, "token", scene_token(&scene, "2020-01-01T00:00:00Z"));
	pass(&scene);
	assert_string_equal(scene_status(&scene, "/auraFleetManagement/message"), "Registered with Aura Fleet Management");
	assert_int_equal(scene_events(&scene, "AuraFleetManagementFailed"), 0);
	assert_true(scene.outcome.again_after_ms > 60000);
	// A pass that reads the Secret now fails.
	SCENE_FAIL(&scene, .method = "GET", .part = SCENE_TOKEN, .status = 403, .message = "read again");
	for (int i = 0; i < 3; i++) {
		SCENE_BECOME(&scene, .active = true, .connected = true, .expires = i % 2 ? "2998-01-01T00:00:00Z" : "2998-06-01T00:00:00Z");
		scene_later(&scene, 3600000);
		pass(&scene);
		assert_string_equal(scene_status(&scene, "/auraFleetManagement/message"), "Registered with Aura Fleet Management");
	}
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 0);
	scene_end(&scene);
}

// Where the servers' is gone, it is the one that is missed.
static void test_expired_token_missed(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene_secret(&scene, SCENE_TOKEN, "token", scene_token(&scene, "2020-01-01T00:00:00Z"));
	SCENE_BECOME(&scene, .active = false);
	scene_later(&scene, 3600000);
	pass(&scene);
	assert_non_null(strstr(scene_status(&scene, "/auraFleetManagement/message"), LOST));
	assert_int_equal(scene_events(&scene, "AuraFleetManagementFailed"), 1);
	// Somebody registers a good one by hand: the words go with the next look.
	SCENE_BECOME(&scene, .active = true, .connected = true, .expires = "2998-01-01T00:00:00Z");
	scene_later(&scene, 3600000);
	pass(&scene);
	assert_string_equal(scene_status(&scene, "/auraFleetManagement/message"), "Registered with Aura Fleet Management");
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 0);
	scene_end(&scene);
}

// A look said that the token is gone, and the comparison finds a good one: a look is taken, and until it has found it, too, nobody asks on.
static void test_held_after_all(void **state)
{
	struct scene scene;
	unsigned logins;

	(void)state;
	begin(&scene);
	SCENE_BECOME(&scene, .active = false, .expires = "2999-01-01T00:00:00Z");
	scene_later(&scene, 3600000);
	pass(&scene);
	assert_string_equal(scene_condition(&scene, "FleetConnected", "reason"), "TokenGone");
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 0);
	assert_in_range(scene.outcome.again_after_ms, 1, 1000);
	pass(&scene); // the look
	logins = neo4j_server_logins(scene.server);
	for (int i = 0; i < 3; i++)
		pass(&scene);
	assert_int_equal(neo4j_server_logins(scene.server), logins);
	assert_in_range(scene.outcome.again_after_ms, 1000, 300000);
	SCENE_BECOME(&scene, .active = true, .connected = true, .expires = "2999-01-01T00:00:00Z");
	scene_later(&scene, 300000);
	pass(&scene); // compares again, and doubts
	pass(&scene);
	assert_string_equal(scene_condition(&scene, "FleetConnected", "reason"), "Connected");
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 0);
	scene_end(&scene);
}

// F1: tokenSecretRef is turned to another Secret: its token is registered where it is the newer one, once; turned back to the older one, nothing
// is.
static void test_turned_to_another_secret(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene_secret(&scene, OTHER, "token", scene_token(&scene, "2999-06-01T00:00:00Z"));
	scene_set_spec(&scene, TURN_TO("other"));
	pass(&scene);
	pass(&scene);
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 1);
	SCENE_BECOME(&scene, .active = true, .connected = true, .expires = "2999-06-01T00:00:00Z");
	scene_set_spec(&scene, TURN_TO("token"));
	pass(&scene);
	pass(&scene);
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 1);
	assert_string_equal(scene_status(&scene, "/auraFleetManagement/message"), "Registered with Aura Fleet Management");
	scene_end(&scene);
}

// D5: the same with Latch is nothing, until registeredSince asks for it, or the page's patch: then it is the new Secret's token, once.
static void test_turned_and_latched(void **state)
{
	static const char patch[] = "{\"status\":{\"auraFleetManagement\":{\"registered\":false}}}";
	struct scene scene;

	(void)state;
	begin(&scene);
	scene_secret(&scene, OTHER, "token", scene_token(&scene, "2999-06-01T00:00:00Z"));
	scene_set_spec(&scene, "{\"auraFleetManagement\":{\"tokenPolicy\":\"Latch\",\"tokenSecretRef\":{\"name\":\"other\"}}}");
	for (int i = 0; i < 3; i++)
		pass(&scene);
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 0);
	scene_set_spec(&scene, "{\"auraFleetManagement\":{\"registeredSince\":\"2020-01-01T00:00:00Z\"}}");
	pass(&scene);
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 0); // it was registered since
	kubernetes_merge(scene.kubernetes, SCENE_ROOT, patch);
	for (int i = 0; i < 3; i++)
		pass(&scene);
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 1);
	assert_true(scene_is_registered(&scene));
	scene_end(&scene);
}

// D6 D8: the Secret holds another deployment's token: said once, with its name, by a digest; it ends with a token of its own, and a Secret that
// cannot be read changes nothing.
static void test_one_token_for_two(void **state)
{
	struct scene scene;
	const char *message;

	(void)state;
	begin(&scene);
	roster_set(scene.context.roster, "cluster/ns/first",
		   (struct roster_sign){ROSTER_TOKEN, digest_of(scene_token(&scene, "2999-01-01T00:00:00Z"), scene.arena)});
	pass(&scene);
	assert_string_equal(scene_condition(&scene, "FleetTwins", "status"), "True");
	assert_string_equal(scene_condition(&scene, "FleetTwins", "reason"), "OneToken");
	message = scene_condition(&scene, "FleetTwins", "message");
	assert_non_null(strstr(message, "The token in Secret 'token' is also that of Neo4jEnterpriseCluster 'first' in namespace 'ns'"));
	assert_null(strstr(message, scene_token(&scene, "2999-01-01T00:00:00Z")));
	assert_int_equal(scene_events(&scene, "FleetTwins"), 1);
	pass(&scene);
	assert_int_equal(scene_events(&scene, "FleetTwins"), 1);
	// As after a start of the operator.
	roster_set(scene.context.roster, SCENE_KEY, (struct roster_sign){ROSTER_TOKEN, NULL});
	pass(&scene);
	assert_string_equal(scene_condition(&scene, "FleetTwins", "status"), "True");
	SCENE_FAIL(&scene, .method = "GET", .part = SCENE_TOKEN, .status = 500, .message = "not now");
	scene_later(&scene, INT64_C(30) * 24 * 3600000);
	pass(&scene);
	assert_string_equal(scene_condition(&scene, "FleetTwins", "status"), "True");
	SCENE_FAIL(&scene, .method = NULL);
	scene_secret(&scene, SCENE_TOKEN, "token", scene_token(&scene, "2998-01-01T00:00:00Z"));
	scene_later(&scene, INT64_C(30) * 24 * 3600000);
	pass(&scene);
	pass(&scene);
	assert_string_equal(scene_condition(&scene, "FleetTwins", "status"), "False");
	assert_string_equal(scene_condition(&scene, "FleetTwins", "reason"), "Apart");
	scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expired_token_left),
		cmocka_unit_test(test_expired_token_missed),
		cmocka_unit_test(test_held_after_all),
		cmocka_unit_test(test_turned_to_another_secret),
		cmocka_unit_test(test_turned_and_latched),
		cmocka_unit_test(test_one_token_for_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
