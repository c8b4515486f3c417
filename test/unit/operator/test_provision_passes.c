// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// F4: passes over a standalone whose deployment in Aura and whose token the operator makes itself: from nothing to registered, by the page's patch
// to another token, and to its end.

#include "support/aura_service.h"
#include "support/scene.h"

#include "aura/aura_client.h"
#include "base/clock.h"
#include "operator/fleet/provision_record.h"

#define TOKEN_SECRET "/api/v1/namespaces/ns/secrets/a-fleet-token"
#define API_SECRET "/api/v1/namespaces/ns/secrets/api"
#define PROVISION(more) \
	"{\"auraFleetManagement\":{\"tokenSecretRef\":null,\"provision\":{\"credentialsSecretRef\":{\"name\":\"api\"},\"organizationId\":\"o-1\",\"projectId\":\"p-1\"" more "}}}"
#define EXPIRY "2999-01-01T00:00:00Z"

static struct scene *the_scene;
static void (*meanwhile)(void); // is called when a token is made, before it is written

static int64_t now_ms(void)
{
	return clock_monotonic_ms(&clock_system);
}

static const char *token_of(unsigned number)
{
	// Each is another text, since each expires a second later.
	return scene_token(the_scene, arena_printf(the_scene->arena, "2999-01-01T00:00:%02uZ", number));
}

static const char *made_token(unsigned number)
{
	void (*then)(void) = meanwhile;

	meanwhile = NULL;
	if (then)
		then();
	return token_of(number);
}

static void begin(struct scene *scene, const char *spec)
{
	static const struct aura_options options = {.url = AURA_SERVICE_URL, .user_agent = "test", .clock = &clock_system, .timeout_ms = 8000};

	scene_begin(scene);
	the_scene = scene;
	aura_service_begin(now_ms);
	aura_service.token = made_token;
	meanwhile = NULL;
	kubernetes_remove(scene->kubernetes, SCENE_TOKEN);
	kubernetes_put(scene->kubernetes, API_SECRET, "{\"kind\":\"Secret\",\"data\":{\"CLIENT_ID\":\"Y2xpZW50LTE=\",\"CLIENT_SECRET\":\"dGhlLWNsaWVudC1zZWNyZXQ=\"}}");
	scene_set_spec(scene, spec);
	scene->context.aura = aura_client_new(&options, NULL);
	// A new client has no call to spend.
	scene_later(scene, 60000);
}

static void end(struct scene *scene)
{
	aura_client_free(scene->context.aura);
	scene_end(scene);
}

static const char *text_at(struct scene *scene, const char *path, const char *pointer)
{
	const char *text = kubernetes_value(scene->kubernetes, path, pointer, scene->arena);

	return text ? text : "";
}

static void pass(struct scene *scene)
{
	scene_watch(scene);
	assert_int_equal(scene_pass(scene, SCENE_KEY), 0);
	scene_watch(scene);
}

static bool is_token_of_service(struct scene *scene)
{
	const char *path = "/data/token", *token = token_of(aura_service.items[0].live);
	char coded[2048];
	struct scene other = *scene;

	// Encoded as a Secret has it.
	scene_secret(&other, "/api/v1/namespaces/ns/secrets/compared", "token", token);
	(void)snprintf(coded, sizeof(coded), "%s", text_at(scene, "/api/v1/namespaces/ns/secrets/compared", path));
	return strcmp(coded, text_at(scene, TOKEN_SECRET, path)) == 0;
}

static void test_from_nothing(void **state)
{
	struct scene scene;
	size_t calls;

	(void)state;
	begin(&scene, PROVISION(""));
	// Nothing is made before the servers are ready.
	pass(&scene);
	pass(&scene);
	assert_int_equal(aura_service.n_calls, 0);
	assert_string_equal(scene_condition(&scene, "FleetRegistered", "reason"), "WaitingForReady");
	scene_settle(&scene);
	assert_true(scene_is_registered(&scene));
	assert_int_equal(aura_service_count(), 1);
	assert_string_equal(aura_service.items[0].name, "ns-a");
	assert_string_equal(aura_service.items[0].url, "neo4j://a-client.ns.svc.cluster.local:7687");
	assert_int_equal(aura_service.tokens, 1);
	assert_true(is_token_of_service(&scene));
	assert_non_null(strstr(text_at(&scene, TOKEN_SECRET, "/metadata/ownerReferences/0"), "\"controller\":true"));
	assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), 1);
	assert_int_equal(scene_events(&scene, "AuraFleetManagementRegistered"), 1);
	assert_int_equal(scene_events(&scene, "AuraFleetManagementFailed"), 0);
	assert_string_equal(text_at(&scene, SCENE_ROOT, "/metadata/finalizers"), "");
	// Bearer, list, make, mint; and a deployment that is registered makes no call.
	assert_int_equal(aura_service.n_calls, 4);
	calls = aura_service.n_calls;
	scene_later(&scene, 10000);
	pass(&scene);
	assert_int_equal(aura_service.n_calls, calls);
	end(&scene);
}

// The page's patch: another token, in Aura, in the Secret and in the servers.
static void test_page_patch(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, PROVISION(""));
	scene_settle(&scene);
	assert_true(scene_is_registered(&scene));
	for (unsigned n = 2; n <= 3; n++) {
		scene_later(&scene, 60000);
		kubernetes_merge(scene.kubernetes, SCENE_ROOT, "{\"status\":{\"auraFleetManagement\":{\"registered\":false}}}");
		scene_settle(&scene);
		assert_true(scene_is_registered(&scene));
		assert_int_equal(aura_service.tokens, n);
		assert_int_equal(aura_service_count(), 1);
		assert_true(is_token_of_service(&scene));
		assert_int_equal(neo4j_server_asked(scene.server, SCENE_REGISTER), n);
	}
	end(&scene);
}

// The operator that leads now has written a token of its own into the Secret: into the one that was read, or one where there was none.
static void write_as_leader(void)
{
	const char *owner = kubernetes_value(the_scene->kubernetes, SCENE_ROOT, "/metadata/uid", the_scene->arena);

	if (!kubernetes_has(the_scene->kubernetes, TOKEN_SECRET))
		kubernetes_put(the_scene->kubernetes, TOKEN_SECRET, "{\"kind\":\"Secret\"}");
	kubernetes_merge(the_scene->kubernetes, TOKEN_SECRET,
			 arena_printf(the_scene->arena, "{\"metadata\":{\"ownerReferences\":[{\"controller\":true,\"uid\":%s}]},\"data\":{\"token\":\"bmV3ZXI=\"}}",
				      owner));
}

// A former leader's token never takes the place of a newer one. It was made in vain: it ends when another one is made, a minute later.
static void check_late_write(struct scene *scene, unsigned tokens)
{
	meanwhile = write_as_leader;
	for (unsigned i = 0; i < 20 && meanwhile; i++) {
		scene_watch(scene);
		(void)scene_pass(scene, SCENE_KEY);
		scene_run_pods(scene);
	}
	assert_null(meanwhile);
	assert_int_equal(aura_service.tokens, tokens);
	assert_string_equal(text_at(scene, TOKEN_SECRET, "/data/token"), "\"bmV3ZXI=\"");
	// Not at once, whatever wakes it.
	for (unsigned i = 0; i < 3; i++)
		pass(scene);
	assert_int_equal(aura_service.tokens, tokens);
	assert_false(scene_is_registered(scene));
	scene_later(scene, 60000);
	scene_settle(scene);
	assert_true(scene_is_registered(scene));
	assert_int_equal(aura_service.tokens, tokens + 1);
	assert_int_equal(aura_service.items[0].live, tokens + 1);
	assert_true(is_token_of_service(scene));
}

static void test_former_leader(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, PROVISION(""));
	check_late_write(&scene, 1);
	kubernetes_merge(scene.kubernetes, SCENE_ROOT, "{\"status\":{\"auraFleetManagement\":{\"registered\":false}}}");
	check_late_write(&scene, 3);
	assert_int_equal(aura_service_count(), 1);
	assert_int_equal(scene_events(&scene, "AuraFleetManagementFailed"), 0);
	end(&scene);
}

// Another operator has set out to have a token made, and did not live to tell: its call gets a minute, so that it cannot end a later token.
static void test_call_under_way(void **state)
{
	struct scene scene;
	char *record, *tries;

	(void)state;
	begin(&scene, PROVISION(""));
	scene_settle(&scene);
	assert_int_equal(aura_service.tokens, 1);
	record = arena_strdup(scene.arena, text_at(&scene, SCENE_ROOT, "/metadata/annotations"));
	tries = strstr(record, "tokenTries\\\":1");
	assert_non_null(tries);
	tries[strlen("tokenTries\\\":")] = '2';
	kubernetes_merge(scene.kubernetes, SCENE_ROOT, arena_printf(scene.arena, "{\"metadata\":{\"annotations\":%s}}", record));
	kubernetes_merge(scene.kubernetes, SCENE_ROOT, "{\"status\":{\"auraFleetManagement\":{\"registered\":false}}}");
	scene_settle(&scene);
	assert_int_equal(aura_service.tokens, 1);
	assert_string_equal(scene_condition(&scene, "FleetRegistered", "reason"), "Provisioning");
	assert_in_range(scene.outcome.again_after_ms, 1, 60000);
	scene_later(&scene, 60000);
	scene_settle(&scene);
	assert_true(scene_is_registered(&scene));
	assert_int_equal(aura_service.tokens, 2);
	assert_true(is_token_of_service(&scene));
	end(&scene);
}

// What stands in the way is told once, and passes by itself.
static void test_obstacles(void **state)
{
	static const struct {
		const char *reason, *words;
		bool foreign, no_secret, no_rights;
	} cases[] = {
		{"SecretUnusable", "Secret 'a-fleet-token' is somebody else's", .foreign = true},
		{"SecretNotFound", "Secret 'api' not found in namespace 'ns'; create it there, with the client credentials", .no_secret = true},
		{"RightsMissing", "The operator may not write Secret 'a-fleet-token' (the server's words); give it the rights", .no_rights = true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene;

		begin(&scene, PROVISION(""));
		if (cases[i].foreign)
			kubernetes_put(scene.kubernetes, TOKEN_SECRET, "{\"kind\":\"Secret\",\"data\":{\"x\":\"eA==\"}}");
		if (cases[i].no_secret)
			kubernetes_remove(scene.kubernetes, API_SECRET);
		if (cases[i].no_rights)
			SCENE_FAIL(&scene, .method = "PATCH", .part = TOKEN_SECRET, .status = 403, .message = "the server's words");
		scene_settle(&scene);
		assert_string_equal(scene_condition(&scene, "FleetRegistered", "reason"), cases[i].reason);
		assert_non_null(strstr(scene_status(&scene, "/auraFleetManagement/message"), cases[i].words));
		assert_int_equal(scene_events(&scene, "AuraFleetManagementFailed"), 1);
		assert_int_equal(aura_service_count(), 0);
		if (cases[i].foreign)
			kubernetes_remove(scene.kubernetes, TOKEN_SECRET);
		if (cases[i].no_secret)
			kubernetes_put(scene.kubernetes, API_SECRET,
				       "{\"kind\":\"Secret\",\"data\":{\"CLIENT_ID\":\"Y2xpZW50LTE=\",\"CLIENT_SECRET\":\"dGhlLWNsaWVudC1zZWNyZXQ=\"}}");
		if (cases[i].no_rights)
			SCENE_FAIL(&scene, .status = 0);
		scene_later(&scene, 5000);
		scene_settle(&scene);
		assert_true(scene_is_registered(&scene));
		assert_int_equal(scene_events(&scene, "AuraFleetManagementFailed"), 1);
		end(&scene);
	}
}

// The finalizer comes with the record, and goes with the policy or when the deployment in Aura is gone.
static void test_end(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, PROVISION(",\"deletionPolicy\":\"Delete\""));
	scene_settle(&scene);
	assert_true(scene_is_registered(&scene));
	assert_string_equal(text_at(&scene, SCENE_ROOT, "/metadata/finalizers"), "[\"" PROVISION_FINALIZER "\"]");
	scene_set_spec(&scene, PROVISION(",\"deletionPolicy\":\"Retain\""));
	scene_settle(&scene);
	assert_string_equal(text_at(&scene, SCENE_ROOT, "/metadata/finalizers"), "[]");
	scene_set_spec(&scene, PROVISION(",\"deletionPolicy\":\"Delete\""));
	scene_settle(&scene);
	assert_string_equal(text_at(&scene, SCENE_ROOT, "/metadata/finalizers"), "[\"" PROVISION_FINALIZER "\"]");
	kubernetes_merge(scene.kubernetes, SCENE_ROOT, arena_printf(scene.arena, "{\"metadata\":{\"deletionTimestamp\":\"%s\"}}", "2999-01-01T00:00:00Z"));
	pass(&scene);
	assert_int_equal(aura_service_count(), 0);
	assert_string_equal(text_at(&scene, SCENE_ROOT, "/metadata/finalizers"), "[]");
	assert_int_equal(scene_events(&scene, "FleetDeploymentDeleted"), 1);
	end(&scene);
}

// What is made stays what it is: a spec that asks for another deployment is told so.
static void test_changed(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, PROVISION(""));
	scene_settle(&scene);
	scene_set_spec(&scene, PROVISION(",\"deploymentName\":\"another\""));
	kubernetes_merge(scene.kubernetes, SCENE_ROOT, "{\"status\":{\"auraFleetManagement\":{\"registered\":false}}}");
	scene_settle(&scene);
	assert_string_equal(scene_condition(&scene, "FleetRegistered", "reason"), "ProvisionChanged");
	assert_non_null(strstr(scene_status(&scene, "/auraFleetManagement/message"), "Deployment 'ns-a' (d-0) was made in project 'p-1'"));
	assert_int_equal(aura_service_count(), 1);
	end(&scene);
}

// A copy of the resource has no part in what was made for the first one.
static void test_copy(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, PROVISION(""));
	(void)aura_service_add("ns-a", "neo4j://a-client.ns.svc.cluster.local:7687");
	kubernetes_merge(scene.kubernetes, SCENE_ROOT,
			 "{\"metadata\":{\"annotations\":{\"" PROVISION_ANNOTATION "\":\"{\\\"uid\\\":\\\"another\\\",\\\"id\\\":\\\"d-0\\\",\\\"name\\\":\\\"ns-a\\\","
			 "\\\"connectionUrl\\\":\\\"neo4j://a-client.ns.svc.cluster.local:7687\\\",\\\"organization\\\":\\\"o-1\\\",\\\"project\\\":\\\"p-1\\\","
			 "\\\"credentials\\\":\\\"api\\\",\\\"at\\\":\\\"2026-01-01T00:00:00Z\\\",\\\"tries\\\":1}\"}}}");
	scene_settle(&scene);
	assert_string_equal(scene_condition(&scene, "FleetRegistered", "reason"), "AuraNameTaken");
	assert_int_equal(aura_service.tokens, 0);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_nothing),
		cmocka_unit_test(test_page_patch),
		cmocka_unit_test(test_former_leader),
		cmocka_unit_test(test_call_under_way),
		cmocka_unit_test(test_obstacles),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
