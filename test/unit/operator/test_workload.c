// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "operator/manifest/settings.h"
#include "operator/manifest/workload.h"
#include "operator/object/live_set.h"
#include "operator/object/names.h"
#include "operator/object/pod.h"

#define SPEC "\"image\":{\"repo\":\"neo4j\",\"tag\":\"2025.12-enterprise\"},\"storage\":{\"size\":\"10Gi\"},\"auth\":{\"adminSecret\":\"s\"}"
#define CLUSTER(servers, more)                                                                                                         \
	"{\"kind\":\"Neo4jEnterpriseCluster\",\"metadata\":{\"name\":\"db\",\"namespace\":\"ns\",\"uid\":\"u\"},"                         \
	"\"spec\":{" SPEC ",\"topology\":{\"servers\":" servers "}" more "}}"

struct made {
	struct arena *arena;
	struct dbms dbms;
	struct names names;
	struct settings settings;
	struct err err;
	int result;
	const char *statefulset;
};

static struct made make_for(const char *json, int servers)
{
	struct made made = {.arena = arena_new()};
	struct settings_inputs inputs = {.dbms = &made.dbms, .names = &made.names, .servers = servers};
	struct workload_inputs workload = {.dbms = &made.dbms, .names = &made.names, .declared = "[]"};
	yyjson_val *root = json_parse(made.arena, json, strlen(json));

	assert_non_null(root);
	if (dbms_decode(root, made.arena, &made.dbms, &made.err) < 0)
		fail_msg("%s", made.err.text);
	names_of(&made.dbms, made.arena, &made.names);
	inputs.version = version_of_tag(made.dbms.image.tag);
	made.result = settings_build(&inputs, made.arena, &made.settings, &made.err);
	if (made.result < 0)
		return made;
	workload.digest = made.settings.digest;
	workload.replicas = made.dbms.servers;
	made.statefulset = workload_statefulset(&workload, made.arena);
	return made;
}

static struct made make(const char *json)
{
	return make_for(json, 0);
}

// The pod template as text.
static const char *template_of(const struct made *made)
{
	yyjson_val *root = json_parse(made->arena, made->statefulset, strlen(made->statefulset));

	return json_val_text(made->arena, yyjson_ptr_get(root, "/spec/template"));
}

// B4: neither a scale-out nor an edit without effect changes the template; a setting does.
static void test_digest(void **state)
{
	struct made three = make(CLUSTER("3", ""));
	struct made five = make(CLUSTER("5", ""));
	struct made same = make(CLUSTER("3", ",\"config\":{},\"service\":{\"type\":\"LoadBalancer\"}"));
	struct made other = make(CLUSTER("3", ",\"config\":{\"db.logs.query.enabled\":\"INFO\"}"));
	struct made as_env = make(CLUSTER("3", ",\"env\":[{\"name\":\"NEO4J_db_logs_query_enabled\",\"value\":\"INFO\"}]"));

	(void)state;
	assert_int_equal(strlen(three.settings.digest), 64);
	assert_string_equal(template_of(&three), template_of(&five));
	assert_string_equal(template_of(&three), template_of(&same));
	assert_string_not_equal(template_of(&three), template_of(&other));
	assert_string_not_equal(three.settings.digest, other.settings.digest);
	assert_string_equal(template_of(&other), template_of(&as_env)); // the same setting by another way
	assert_string_not_equal(three.settings.config_map, five.settings.config_map);
	arena_free(three.arena);
	arena_free(five.arena);
	arena_free(same.arena);
	arena_free(other.arena);
	arena_free(as_env.arena);
}

// A2: fields of the Go operator that say what is so anyway change nothing.
static void test_of_the_go_operator(void **state)
{
	struct made plain = make(CLUSTER("3", ",\"acceptLicenseAgreement\":\"eval\",\"service\":{\"type\":\"LoadBalancer\"}"));
	struct made other = make(CLUSTER("3", ",\"edition\":\"enterprise\",\"tls\":{\"mode\":\"disabled\"},\"monitoring\":{\"enabled\":false},"
					      "\"persistence\":{\"enabled\":true},\"propertySharding\":{\"enabled\":false,\"config\":{\"a.b\":\"c\"}},"
					      "\"service\":{\"type\":\"LoadBalancer\",\"ingress\":{\"enabled\":false}},"
					      "\"env\":[{\"name\":\"NEO4J_ACCEPT_LICENSE_AGREEMENT\",\"value\":\"eval\"}]"));

	(void)state;
	assert_int_equal(other.result, 0);
	assert_string_equal(plain.statefulset, other.statefulset);
	assert_string_equal(plain.settings.config_map, other.settings.config_map);
	assert_string_equal(workload_client(&plain.dbms, &plain.names, plain.arena), workload_client(&other.dbms, &other.names, other.arena));
	arena_free(plain.arena);
	arena_free(other.arena);
}

// B8: while servers are to leave, an empty one must not be able to form a cluster of fewer with another.
static void test_first_start_follows_the_servers_that_are(void **state)
{
	struct made three = make(CLUSTER("3", "")), leaving = make_for(CLUSTER("2", ""), 3), two = make(CLUSTER("2", ""));

	(void)state;
	assert_string_equal(leaving.settings.config_map, three.settings.config_map);
	assert_string_not_equal(leaving.settings.config_map, two.settings.config_map);
	assert_non_null(strstr(leaving.settings.neo4j_conf, "dbms.cluster.minimum_initial_system_primaries_count=3\n"));
	arena_free(three.arena);
	arena_free(leaving.arena);
	arena_free(two.arena);
}

static void read_pod_of(const struct made *made, struct pod *ret)
{
	const char *text = arena_printf(made->arena, "{\"metadata\":{\"name\":\"db-server-0\",\"uid\":\"u\"},\"spec\":%s}",
					json_val_text(made->arena, yyjson_ptr_get(json_parse(made->arena, made->statefulset,
											   strlen(made->statefulset)),
										 "/spec/template/spec")));

	pod_read(json_parse(made->arena, text, strlen(text)), made->arena, ret);
}

// B6: a pod tells by itself how it was started, whatever the spec says since.
static void test_pod_of_the_template(void **state)
{
	struct made plain = make(CLUSTER("3", "")),
		    other = make(CLUSTER("3", ",\"clusterDomain\":\"other.example\",\"tls\":{\"certificateSecret\":\"cert\"}"));
	struct pod pod;

	(void)state;
	read_pod_of(&plain, &pod);
	assert_null(pod.tls_secret);
	assert_string_equal(pod.domain, plain.names.domain);
	read_pod_of(&other, &pod);
	assert_string_equal(pod.tls_secret, "cert");
	assert_string_equal(pod.domain, "db-headless.ns.svc.other.example");
	arena_free(plain.arena);
	arena_free(other.arena);
}

static void test_same_bytes(void **state)
{
	static const char one[] = CLUSTER("3", ",\"config\":{\"a.b\":\"1\",\"c.d\":\"2\"},\"podAnnotations\":{\"x\":\"1\",\"y\":\"2\"}");
	static const char two[] = CLUSTER("3", ",\"podAnnotations\":{\"y\":\"2\",\"x\":\"1\"},\"config\":{\"c.d\":\"2\",\"a.b\":\"1\"}");
	struct made a = make(one), b = make(two);

	(void)state;
	assert_string_equal(a.settings.config_map, b.settings.config_map);
	assert_string_equal(a.statefulset, b.statefulset);
	arena_free(a.arena);
	arena_free(b.arena);
}

// B5: of the server's container neither environment nor mounts lead to the admin Secret; one container that has ended before does.
static void test_no_password_at_the_server(void **state)
{
	struct made made = make(CLUSTER("3", ""));
	yyjson_val *root = json_parse(made.arena, made.statefulset, strlen(made.statefulset));
	yyjson_val *spec = yyjson_ptr_get(root, "/spec/template/spec");
	const char *server = json_val_text(made.arena, yyjson_ptr_get(spec, "/containers/0"));
	const char *first = json_val_text(made.arena, yyjson_ptr_get(spec, "/initContainers/0"));

	(void)state;
	assert_null(strstr(server, "secretKeyRef"));
	assert_null(strstr(server, "NEO4J_AUTH"));
	assert_null(strstr(server, "\"admin\""));
	assert_null(strstr(first, "secretKeyRef"));
	assert_non_null(strstr(first, "{\"mountPath\":\"/neofleet-admin\",\"name\":\"admin\"}"));
	assert_true(yyjson_equals(yyjson_ptr_get(spec, "/containers/0/image"), yyjson_ptr_get(spec, "/initContainers/0/image")));
	assert_true(yyjson_equals(yyjson_ptr_get(spec, "/containers/0/imagePullPolicy"),
				  yyjson_ptr_get(spec, "/initContainers/0/imagePullPolicy")));
	assert_true(yyjson_equals(yyjson_ptr_get(spec, "/containers/0/securityContext"),
				  yyjson_ptr_get(spec, "/initContainers/0/securityContext")));
	arena_free(made.arena);
}

// B5: the least length that a password must have, as the server will see it.
static void test_password_length(void **state)
{
	static const struct {
		const char *more;
		int length;
	} cases[] = {
		{"", 8},
		{",\"config\":{\"dbms.security.auth_minimum_password_length\":\"14\"}", 14},
		{",\"config\":{\"dbms.security.auth_minimum_password_length\":\"14\"},\"env\":[{\"name\":"
		 "\"NEO4J_dbms_security_auth__minimum__password__length\",\"value\":\"4\"}]",
		 4},
		{",\"config\":{\"dbms.security.auth_minimum_password_length\":\" +014 \"}", 14}, // as the server reads it
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *resource = CLUSTER("3", "");
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct made made;

		made = make(arena_printf(arena, "%.*s%s}}", (int)strlen(resource) - 2, resource, cases[i].more));
		assert_int_equal(settings_password_length(&made.dbms, made.arena), cases[i].length);
		assert_non_null(strstr(made.settings.config_map, arena_printf(arena, "\\nleast=%d\\n", cases[i].length)));
		arena_free(made.arena);
	}
}

static const struct {
	const char *env; // an item of spec.env
	bool folded;
	const char *error; // NULL: none
} env_cases[] = {
	{"{\"name\":\"NEO4J_db_logs_query_enabled\",\"value\":\"INFO\"}", true, NULL},
	{"{\"name\":\"NEO4J_db_logs_query_enabled\",\"value\":\"\"}", false, NULL},
	{"{\"name\":\"NEO4J_db_logs_query_enabled\",\"value\":\"$(OTHER)\"}", false, NULL},
	{"{\"name\":\"NEO4J_db_logs_query_enabled\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"x\"}}}", false, NULL},
	{"{\"name\":\"NEO4J_PLUGINS\",\"value\":\"[\\\"apoc\\\"]\"}", true, NULL},
	{"{\"name\":\"NEO4J_DEBUG\",\"value\":\"yes\"}", false, NULL},
	{"{\"name\":\"OTHER\",\"value\":\"a\\nb\"}", false, NULL},
	{"{\"name\":\"NEO4J_dbms_security_procedures_unrestricted\",\"value\":\"$(OTHER)\"}", false,
	 "spec.env[0].name: 'NEO4J_dbms_security_procedures_unrestricted' must not be set from elsewhere"},
	{"{\"name\":\"NEO4J_dbms_security_procedures_unrestricted\",\"value\":\"\"}", false, NULL},
	{"{\"name\":\"NEO4J_dbms_security_procedures_unrestricted_FILE\",\"value\":\"/x\"}", false,
	 "'NEO4J_dbms_security_procedures_unrestricted_FILE' must not be set from elsewhere"},
	{"{\"name\":\"NEO4J_dbms_security_auth__minimum__password__length\",\"value\":\"$(OTHER)\"}", false,
	 "must not be set from elsewhere: give it as a value: the operator holds the password against it"},
	{"{\"name\":\"NEO4J_server_bolt_tls__level_FILE\",\"value\":\"/x\"}", false, "use spec.tls"},
	{"{\"name\":\"NEO4J_server_bolt_tls__level\",\"value\":\"DISABLED\"}", true,
	 "spec.env[0] (NEO4J_server_bolt_tls__level): must not be set: the operator sets it; use spec.tls"},
};

static void test_env(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(env_cases) / sizeof(env_cases[0]); i++) {
		struct arena *arena = arena_new();
		yyjson_val *entry = json_parse(arena, env_cases[i].env, strlen(env_cases[i].env));
		const char *name = yyjson_get_str(yyjson_obj_get(entry, "name"));
		struct made made = make(arena_printf(arena, CLUSTER("3", ",\"env\":[%s]"), env_cases[i].env));

		assert_int_equal(settings_folds_env(entry, arena), env_cases[i].folded);
		if (env_cases[i].error) {
			assert_int_equal(made.result, ERR_INVALID);
			if (!strstr(made.err.text, env_cases[i].error))
				fail_msg("%s", made.err.text);
		} else {
			assert_int_equal(made.result, 0);
			// In the container exactly when it is neither in neo4j.conf nor a setting without a value.
			assert_int_equal(strstr(made.statefulset, arena_printf(arena, "\"name\":\"%s\"", name)) == NULL,
					 env_cases[i].folded || settings_ignores_env(entry, arena));
		}
		arena_free(made.arena);
		arena_free(arena);
	}
}

// A name that stands twice would be refused by the API server.
static void test_empty_env(void **state)
{
	static const char name[] = "\"name\":\"NEO4J_server_default__advertised__address\"";
	struct made made =
		make(CLUSTER("3", ",\"env\":[{\"name\":\"NEO4J_server_default__advertised__address\",\"value\":\"\"},"
				  "{\"name\":\"NEO4J_DEBUG\",\"value\":\"\"}]"));
	const char *first;

	(void)state;
	assert_int_equal(made.result, 0);
	first = strstr(made.statefulset, name);
	assert_non_null(first);
	assert_null(strstr(first + 1, name));
	assert_non_null(strstr(made.statefulset, "\"name\":\"NEO4J_DEBUG\""));
	arena_free(made.arena);
}

static void test_names(void **state)
{
	struct made made = make(CLUSTER("3", ""));

	(void)state;
	assert_string_equal(made.names.workload, "db-server");
	assert_string_equal(made.names.budget, "db");
	assert_string_equal(names_pod(&made.names, 2, made.arena), "db-server-2");
	assert_string_equal(names_pod_host(&made.names, 0, made.arena), "db-server-0.db-headless.ns.svc.cluster.local");
	assert_string_equal(names_claim(&made.names, 1, made.arena), "data-db-server-1");
	assert_string_equal(made.names.selector, "app.kubernetes.io/name=neo4j,app.kubernetes.io/instance=db,"
						 "app.kubernetes.io/component=cluster");
	arena_free(made.arena);
}

static void test_read_live(void **state)
{
	static const char by_ref[] = "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"neo4j\",\"env\":[{\"name\":"
				     "\"NEO4J_PLUGINS\",\"valueFrom\":{\"fieldRef\":{}}}]}]}}}}";
	struct made made = make(CLUSTER("3", ""));
	struct workload_inputs inputs = {
		.dbms = &made.dbms,
		.names = &made.names,
		.digest = made.settings.digest,
		.plugins = "[\"apoc\"]",
		.declared = "[\"apoc\"]",
		.volume_size = "5Gi",
		.replicas = 2,
	};
	const char *text = workload_statefulset(&inputs, made.arena);
	struct live_set live;

	(void)state;
	live_set_read(json_parse(made.arena, text, strlen(text)), &live);
	assert_string_equal(live.plugins, "[\"apoc\"]");
	assert_string_equal(live.declared, "[\"apoc\"]");
	assert_string_equal(live.volume_size, "5Gi"); // not what the spec says now: it cannot be changed
	assert_string_equal(live.image, "neo4j:2025.12-enterprise");
	assert_string_equal(live.digest, made.settings.digest);
	assert_int_equal(live.replicas, 2);
	assert_null(live.plugins_ref);
	live_set_read(NULL, &live);
	assert_null(live.plugins);
	assert_null(live.declared);
	assert_null(live.volume_size);
	assert_int_equal(live.replicas, 0);
	live_set_read(json_parse(made.arena, by_ref, strlen(by_ref)), &live);
	assert_null(live.plugins);
	assert_non_null(live.plugins_ref);
	arena_free(made.arena);
}

// C9: no Service and no port differs.
static void test_fleet_opens_nothing(void **state)
{
	struct made without = make(CLUSTER("3", "")), with = make(CLUSTER("3", ",\"auraFleetManagement\":{\"enabled\":true}"));

	(void)state;
	assert_string_equal(workload_client(&without.dbms, &without.names, without.arena),
			    workload_client(&with.dbms, &with.names, with.arena));
	assert_string_equal(workload_headless(&without.dbms, &without.names, without.arena),
			    workload_headless(&with.dbms, &with.names, with.arena));
	assert_string_equal(template_of(&without), template_of(&with)); // the plugin apart, which comes by the merge
	arena_free(without.arena);
	arena_free(with.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_start_follows_the_servers_that_are),
		cmocka_unit_test(test_pod_of_the_template),
		cmocka_unit_test(test_digest), cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_no_password_at_the_server), cmocka_unit_test(test_password_length),
		 cmocka_unit_test(test_env), cmocka_unit_test(test_empty_env),
		cmocka_unit_test(test_names),  cmocka_unit_test(test_read_live),  cmocka_unit_test(test_fleet_opens_nothing),
		cmocka_unit_test(test_of_the_go_operator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
