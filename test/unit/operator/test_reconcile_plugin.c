// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// C6: passes over a Neo4jPlugin, while its deployment comes and goes, and the server or the API server fails.

#include "support/scene.h"

#define P "{\"apiVersion\":\"neo4j.neo4j.com/v1alpha1\",\"kind\":\"Neo4jPlugin\",\"metadata\":{},\"spec\":{\"clusterRef\":\"a\",\"name\":\"apoc\"}}"
#define TRANSIENT "Neo.TransientError.General.OutOfMemoryError"

static const char *status(struct scene *scene, const char *pointer)
{
	const char *value = kubernetes_value(scene->kubernetes, SCENE_PLUGIN, arena_printf(scene->arena, "/status%s", pointer), scene->arena);

	return value ? value : "";
}

static void assert_status(struct scene *scene, const char *phase, const char *reason, const char *words)
{
	assert_string_equal(status(scene, "/phase"), arena_printf(scene->arena, "\"%s\"", phase));
	assert_string_equal(status(scene, "/conditions/0/reason"), arena_printf(scene->arena, "\"%s\"", reason));
	assert_non_null(strstr(status(scene, "/message"), words));
}

// A pass over the plugin, and what it has written; how many logins it took.
static unsigned pass(struct scene *scene)
{
	unsigned before = neo4j_server_logins(scene->server);

	scene_watch(scene);
	assert_int_equal(scene_pass(scene, SCENE_PLUGIN_KEY), 0);
	scene_watch(scene);
	return neo4j_server_logins(scene->server) - before;
}

// A deployment that has settled with the plugin, which was not looked for yet.
static void begin(struct scene *scene)
{
	scene_begin(scene);
	kubernetes_put(scene->kubernetes, SCENE_PLUGIN, P);
	SCENE_BECOME(scene, .procedures = "apoc.");
	scene_settle(scene);
	assert_true(scene_is_registered(scene));
}

static void test_on_its_way(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	SCENE_BECOME(&scene, .procedures = "apoc.");
	kubernetes_remove(scene.kubernetes, SCENE_ROOT);
	kubernetes_put(scene.kubernetes, SCENE_PLUGIN, P);
	assert_int_equal(pass(&scene), 0);
	assert_status(&scene, "Waiting", "TargetNotFound", "named 'a'");
	scene_make_root(&scene);
	assert_int_equal(pass(&scene), 0);
	assert_status(&scene, "Waiting", "TargetNotReady", "it was not looked at yet");
	scene_watch(&scene);
	assert_int_equal(scene_pass(&scene, SCENE_KEY), 0);
	assert_int_equal(pass(&scene), 0);
	assert_status(&scene, "Installing", "Installing", "");
	scene_settle(&scene);
	assert_int_equal(pass(&scene), 1);
	assert_status(&scene, "Ready", "Ready", "The procedures of 'apoc' are there");
	assert_int_equal(scene_events(&scene, "PluginReady"), 1);
	// E1: and that is all.
	kubernetes_forget(scene.kubernetes);
	assert_int_equal(pass(&scene), 0);
	assert_int_equal(kubernetes_calls(scene.kubernetes, NULL, NULL), 0);
	assert_int_equal(scene.outcome.again_after_ms, 0);
	kubernetes_remove(scene.kubernetes, SCENE_PLUGIN);
	assert_int_equal(pass(&scene), 0);
	assert_string_equal(scene.outcome.reason, "gone");
	assert_int_equal(kubernetes_calls(scene.kubernetes, NULL, NULL), 0);
	scene_end(&scene);
}

// B5: no login is wasted on a password that the deployment's own pass has found refused; one that nobody has is refused once a minute.
static void test_refused_password(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	kubernetes_put(scene.kubernetes, SCENE_PLUGIN, P);
	SCENE_BECOME(&scene, .refuse_code = SCENE_REFUSAL);
	scene_settle(&scene);
	assert_string_equal(scene_condition(&scene, "CredentialsRefused", "status"), "True");
	assert_int_equal(pass(&scene), 0);
	assert_status(&scene, "Installing", "CredentialsRefused", SCENE_REFUSAL);
	assert_int_equal(scene.outcome.again_after_ms, 0); // the deployment's change wakes it
	scene_end(&scene);

	begin(&scene);
	SCENE_BECOME(&scene, .refuse_code = SCENE_REFUSAL);
	assert_int_equal(pass(&scene), 1);
	assert_status(&scene, "Installing", "CredentialsRefused", SCENE_REFUSAL);
	assert_int_equal(pass(&scene), 0);
	scene_later(&scene, 59000);
	assert_int_equal(pass(&scene), 0);
	SCENE_BECOME(&scene, .procedures = "apoc.");
	scene_later(&scene, 7001);
	assert_int_equal(pass(&scene), 1);
	assert_status(&scene, "Ready", "Ready", "");
	scene_end(&scene);
}

#define OTHER_PLUGIN SCENE_PLUGIN "2"
#define OTHER_PLUGIN_KEY SCENE_PLUGIN_KEY "2"
#define OTHER \
	"{\"apiVersion\":\"neo4j.neo4j.com/v1alpha1\",\"kind\":\"Neo4jPlugin\",\"metadata\":{},\"spec\":{\"clusterRef\":\"a\"," \
	"\"name\":\"graph-data-science\"}}"

// A pass over each plugin and the deployment, beginning with the one that is named; how many logins they took.
static unsigned pass_over_all(struct scene *scene, size_t first)
{
	static const char *const keys[] = {SCENE_PLUGIN_KEY, OTHER_PLUGIN_KEY, SCENE_KEY};
	unsigned before = neo4j_server_logins(scene->server);

	scene_watch(scene);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(scene_pass(scene, keys[(first + i) % 3]), 0);
	scene_watch(scene);
	return neo4j_server_logins(scene->server) - before;
}

// B5: a refusal that one pass gets bars the passes of the deployment and of all its plugins: one login a minute, whichever comes first.
static void test_one_bar_for_all(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	kubernetes_put(scene.kubernetes, SCENE_PLUGIN, P);
	kubernetes_put(scene.kubernetes, OTHER_PLUGIN, OTHER);
	SCENE_BECOME(&scene, .procedures = "apoc.");
	scene_settle(&scene);
	SCENE_BECOME(&scene, .refuse_code = SCENE_REFUSAL);
	assert_int_equal(pass_over_all(&scene, 0), 1);
	assert_string_equal(scene_condition(&scene, "CredentialsRefused", "status"), "True");
	assert_status(&scene, "Installing", "CredentialsRefused", SCENE_REFUSAL);
	scene_later(&scene, 59000);
	for (size_t first = 0; first < 3; first++)
		assert_int_equal(pass_over_all(&scene, first), 0);
	for (size_t first = 0; first < 6; first++) {
		scene_later(&scene, 66001); // past the plugins' own pace, too
		assert_int_equal(pass_over_all(&scene, first), 1);
		assert_int_equal(pass_over_all(&scene, first), 0);
	}
	SCENE_BECOME(&scene, .procedures = "apoc.");
	scene_later(&scene, 66001);
	(void)pass_over_all(&scene, 2);
	assert_string_equal(scene_condition(&scene, "CredentialsRefused", "status"), "False");
	(void)pass(&scene);
	assert_status(&scene, "Ready", "Ready", "");
	scene_end(&scene);
}

// A server that is ready may be asked a moment too early: three looks decide.
static void test_procedures_missing(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	SCENE_BECOME(&scene, .procedures = "gds.");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pass(&scene), 1);
		assert_int_equal(pass(&scene), 0);
		if (i < 2)
			assert_status(&scene, "Installing", "Installing", "Waiting for procedures or functions apoc.*");
		scene_later(&scene, 5001);
	}
	assert_status(&scene, "Failed", "ProceduresMissing", "have no procedure or function apoc.*");
	assert_int_equal(scene_events(&scene, "PluginFailed"), 1);
	SCENE_BECOME(&scene, .procedures = "apoc.");
	assert_int_equal(pass(&scene), 1);
	assert_status(&scene, "Ready", "Ready", "");
	scene_end(&scene);
}

// A server that does not answer says nothing of the plugin.
static void test_no_answer(void **state)
{
	static const struct {
		enum neo4j_fault fault;
		const char *reason, *words;
	} cases[] = {
		{NEO4J_FAILURE, "ServerError", TRANSIENT},
		{NEO4J_DROP, "Unreachable", "cannot be reached over Bolt"},
		{NEO4J_HALF, "Unreachable", "cannot be reached over Bolt"},
	};
	struct scene scene;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&scene);
		SCENE_BECOME(&scene, .procedures = "apoc.", .fault = cases[i].fault, .fault_at = "SHOW PROCEDURES", .fault_code = TRANSIENT);
		for (int n = 0; n < 4; n++) {
			assert_int_equal(pass(&scene), 1);
			assert_status(&scene, "Installing", cases[i].reason, cases[i].words);
			scene_later(&scene, 10001);
		}
		SCENE_BECOME(&scene, .procedures = "apoc.");
		assert_int_equal(pass(&scene), 1);
		assert_status(&scene, "Ready", "Ready", "");
		scene_end(&scene);
	}
	begin(&scene);
	scene_lease(&scene, 8000);
	assert_int_equal(pass(&scene), 0);
	assert_status(&scene, "Installing", "Unreachable", "Too little of the lease");
	scene_later(&scene, 1101);
	scene_lease(&scene, 8001);
	assert_int_equal(pass(&scene), 1);
	assert_status(&scene, "Ready", "Ready", "");
	scene_end(&scene);
}

// Where the template does not have it as planned, there is nothing to look for.
static void test_no_need_to_look(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	kubernetes_merge(scene.kubernetes, SCENE_SET,
			 "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"neo4j\",\"env\":[{\"name\":\"NEO4J_PLUGINS\",\"value\":"
			 "\"apoc\"}]}]}}}}");
	scene_run_pods(&scene);
	kubernetes_remove(scene.kubernetes, SCENE_POD);
	scene_run_pods(&scene);
	assert_int_equal(pass(&scene), 0);
	assert_status(&scene, "Failed", "PluginsMalformed", "NEO4J_PLUGINS");
	scene_end(&scene);
}

// E2: a status that is not written is written by the next pass, for one more look at most.
static void test_status_is_not_written(void **state)
{
	static const struct {
		int status;
		bool carried_out;
		int result;
		const char *outcome;
	} cases[] = {{409, false, 0, "conflict"},	   {404, false, 0, "done"}, {403, false, ERR_FORBIDDEN, NULL}, {429, false, ERR_TOO_MANY, NULL},
		     {500, false, ERR_SERVER, NULL}, {500, true, ERR_SERVER, NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene;

		begin(&scene);
		scene_watch(&scene);
		SCENE_FAIL(&scene, .method = "PATCH", .part = SCENE_PLUGIN "/status", .times = 1, .status = cases[i].status,
			   .carried_out = cases[i].carried_out);
		assert_int_equal(scene_pass(&scene, SCENE_PLUGIN_KEY), cases[i].result);
		if (cases[i].outcome)
			assert_string_equal(scene.outcome.reason, cases[i].outcome);
		assert_int_equal(scene_events(&scene, "PluginReady"), 0);
		assert_int_equal(strcmp(status(&scene, ""), "") != 0, cases[i].carried_out);
		assert_int_equal(pass(&scene), 0);
		assert_status(&scene, "Ready", "Ready", "");
		assert_int_equal(scene_events(&scene, "PluginReady"), 1);
		scene_end(&scene);
	}
}

static void make_anew(void *user)
{
	struct scene *scene = user;

	kubernetes_remove(scene->kubernetes, SCENE_PLUGIN);
	kubernetes_put(scene->kubernetes, SCENE_PLUGIN, P);
}

// A plugin that took another's name is not told what was found out for the other.
static void test_made_anew_in_the_middle(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene_watch(&scene);
	SCENE_FAIL(&scene, .method = "PATCH", .part = SCENE_PLUGIN "/status", .times = 1, .meanwhile = make_anew, .user = &scene);
	assert_int_equal(scene_pass(&scene, SCENE_PLUGIN_KEY), 0);
	assert_string_equal(scene.outcome.reason, "conflict");
	assert_string_equal(status(&scene, ""), "");
	(void)pass(&scene);
	assert_status(&scene, "Ready", "Ready", "");
	scene_end(&scene);
}

// When the API server does not tell what the pass needs to know, the pass ends in an error and writes nothing.
static void test_set_cannot_be_had(void **state)
{
	static const int statuses[] = {403, 429, 500};
	static const int results[] = {ERR_FORBIDDEN, ERR_TOO_MANY, ERR_SERVER};

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct scene scene;

		scene_begin(&scene);
		kubernetes_put(scene.kubernetes, SCENE_PLUGIN, P);
		scene_watch(&scene);
		SCENE_FAIL(&scene, .method = "GET", .part = SCENE_SET, .status = statuses[i]);
		assert_int_equal(scene_pass(&scene, SCENE_PLUGIN_KEY), results[i]);
		assert_non_null(strstr(scene.err.text, "cannot look for StatefulSet 'a'"));
		assert_string_equal(status(&scene, ""), "");
		scene_end(&scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_on_its_way),
		cmocka_unit_test(test_refused_password),
		cmocka_unit_test(test_one_bar_for_all),
		cmocka_unit_test(test_procedures_missing),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_no_need_to_look),
		cmocka_unit_test(test_status_is_not_written),
		cmocka_unit_test(test_made_anew_in_the_middle),
		cmocka_unit_test(test_set_cannot_be_had),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
