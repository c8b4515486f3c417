// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/dbms.h"
#include "base/json.h"

#define SPEC "\"image\":{\"repo\":\"neo4j\",\"tag\":\"5.26-enterprise\"},\"storage\":{\"size\":\"10Gi\"},\"auth\":{\"adminSecret\":\"s\"}"
#define OBJECT(kind, name, spec)                                                                                                       \
	"{\"kind\":\"Neo4jEnterprise" kind "\",\"metadata\":{\"name\":\"" name "\",\"namespace\":\"ns\",\"uid\":\"u\",\"generation\":4,"  \
	"\"resourceVersion\":\"9\"},\"spec\":{" spec "}}"
// auraFleetManagement, still open, with a provision of so much more.
#define PROVISION(more) \
	",\"auraFleetManagement\":{\"enabled\":true,\"provision\":{\"credentialsSecretRef\":{\"name\":\"c\"},\"organizationId\":\"o-1\",\"projectId\":\"p-1\"" more "}"
#define STANDALONE(more) OBJECT("Standalone", "db", SPEC more)
#define CLUSTER(more) OBJECT("Cluster", "db", SPEC more)

static int decode(struct arena *arena, const char *json, struct dbms *ret, struct err *err)
{
	yyjson_val *root = json_parse(arena, json, strlen(json));

	assert_non_null(root);
	return dbms_decode(root, arena, ret, err);
}

static void test_defaults(void **state)
{
	struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct dbms dbms;

	(void)state;
	assert_int_equal(decode(arena, STANDALONE(), &dbms, &err), 0);
	assert_int_equal(dbms.kind, DBMS_STANDALONE);
	assert_int_equal(dbms.servers, 1);
	assert_string_equal(dbms.api_kind, "Neo4jEnterpriseStandalone");
	assert_string_equal(dbms.metadata.namespace, "ns");
	assert_int_equal(dbms.metadata.generation, 4);
	assert_false(dbms.metadata.deleting);
	assert_string_equal(dbms.image.reference, "neo4j:5.26-enterprise");
	assert_string_equal(dbms.image.pull_policy, "IfNotPresent");
	assert_null(dbms.storage.class_name);
	assert_false(dbms.storage.delete_claims);
	assert_string_equal(dbms.service.type, "ClusterIP");
	assert_string_equal(dbms.cluster_domain, "cluster.local");
	assert_string_equal(dbms.license, "yes");
	assert_null(dbms.tls_secret);
	assert_false(dbms.metrics);
	assert_int_equal(dbms.memory_limit, 0);
	assert_false(dbms.fleet.present);
	assert_int_equal(dbms.fleet.check_interval_ms, 3600000);
	assert_false(dbms.fleet.follow_secret);
	assert_int_equal(dbms.fleet.expiry_warning_ms, INT64_C(14) * 86400000);
	assert_int_equal(dbms.status.registered, DBMS_REGISTERED_ABSENT);
	assert_null(dbms.status.phase);
	arena_free(arena);
}

// F4: the operator makes the Secret with the token.
static void test_provision(void **state)
{
	static const char *const manifests[] = {
		STANDALONE(PROVISION("") "}"),
		STANDALONE(PROVISION(",\"deploymentName\":\"Orders, 1\",\"connectionUrl\":\"neo4j://o:7687\",\"deletionPolicy\":\"Delete\"") "}"),
	};
	struct arena *arena = arena_new();

	(void)state;
	for (int full = 0; full < 2; full++) {
		struct err err = ERR_INIT;
		struct dbms dbms;

		assert_int_equal(decode(arena, manifests[full], &dbms, &err), 0);
		assert_string_equal(dbms.fleet.token_secret, "db-fleet-token");
		assert_string_equal(dbms.fleet.token_key, "token");
		assert_string_equal(dbms.fleet.provision.credentials, "c");
		assert_string_equal(dbms.fleet.provision.organization, "o-1");
		assert_string_equal(dbms.fleet.provision.project, "p-1");
		assert_int_equal(dbms.fleet.provision.delete_deployment, full);
		assert_true(!dbms.fleet.provision.name == !full && !dbms.fleet.provision.connection_url == !full);
	}
	arena_free(arena);
}

static void test_fleet_and_status(void **state)
{
	static const char json[] =
		"{\"kind\":\"Neo4jEnterpriseCluster\",\"metadata\":{\"name\":\"db\",\"deletionTimestamp\":\"2025-12-01T10:00:00Z\"},"
		"\"spec\":{" SPEC ",\"topology\":{\"servers\":5,\"serverModeConstraint\":\"PRIMARY\"},"
		"\"auraFleetManagement\":{\"enabled\":true,\"tokenSecretRef\":{\"name\":\"t\"},\"checkInterval\":\"1d\",\"tokenPolicy\":\"FollowSecret\",\"expiryWarning\":\"0\",\"registeredSince\":\"2026-01-31T12:00:00Z\"},"
		"\"resources\":{\"limits\":{\"memory\":\"2Gi\"}}},"
		"\"status\":{\"phase\":\"Ready\",\"observedGeneration\":3,\"conditions\":[{}],\"version\":\"2025.12.1\","
		"\"auraFleetManagement\":{\"registered\":false,\"lastRegistrationTime\":\"2025-12-01T10:00:00Z\",\"message\":\"m\"}}}";
	struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct dbms dbms;

	(void)state;
	assert_int_equal(decode(arena, json, &dbms, &err), 0);
	assert_int_equal(dbms.kind, DBMS_CLUSTER);
	assert_int_equal(dbms.servers, 5);
	assert_string_equal(dbms.mode_constraint, "PRIMARY");
	assert_true(dbms.metadata.deleting);
	assert_true(dbms.fleet.present && dbms.fleet.enabled);
	assert_string_equal(dbms.fleet.token_secret, "t");
	assert_string_equal(dbms.fleet.token_key, "token");
	assert_int_equal(dbms.fleet.check_interval_ms, 86400000);
	assert_true(dbms.fleet.follow_secret);
	assert_int_equal(dbms.fleet.expiry_warning_ms, 0);
	assert_string_equal(dbms.fleet.registered_since, "2026-01-31T12:00:00Z");
	assert_int_equal(dbms.memory_limit, UINT64_C(2) << 30);
	assert_int_equal(dbms.status.registered, DBMS_REGISTERED_FALSE);
	assert_string_equal(dbms.status.last_registration, "2025-12-01T10:00:00Z");
	assert_string_equal(dbms.status.fleet_message, "m");
	assert_string_equal(dbms.status.version, "2025.12.1");
	assert_int_equal(dbms.status.observed_generation, 3);
	assert_int_equal(yyjson_arr_size(dbms.status.conditions), 1);
	arena_free(arena);
}

// F1: without a Secret there is no token to follow.
static void test_follow_needs_a_secret(void **state)
{
	static const char json[] = "{\"kind\":\"Neo4jEnterpriseStandalone\",\"metadata\":{\"name\":\"db\"},\"spec\":{" SPEC
				   ",\"auraFleetManagement\":{\"enabled\":true,\"tokenPolicy\":\"FollowSecret\"}}}";
	struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct dbms dbms;

	(void)state;
	assert_int_equal(decode(arena, json, &dbms, &err), 0);
	assert_null(dbms.fleet.token_secret);
	assert_false(dbms.fleet.follow_secret);
	arena_free(arena);
}

// A status that somebody edited by hand is no reason to stop.
static void test_status_of_wrong_types(void **state)
{
	static const char json[] = "{\"status\":{\"phase\":7,\"conditions\":{},\"observedGeneration\":\"x\","
				   "\"auraFleetManagement\":{\"registered\":\"true\",\"lastRegistrationTime\":5}}}";
	struct arena *arena = arena_new();
	struct dbms_status status;

	(void)state;
	dbms_decode_status(json_parse(arena, json, strlen(json)), &status);
	assert_null(status.phase);
	assert_null(status.conditions);
	assert_null(status.last_registration);
	assert_int_equal(status.registered, DBMS_REGISTERED_ABSENT);
	assert_int_equal(status.observed_generation, 0);
	arena_free(arena);
}

#define IMAGE(repo, tag)                                                                                                               \
	"{\"kind\":\"Neo4jEnterpriseStandalone\",\"metadata\":{\"name\":\"db\"},\"spec\":{\"image\":{\"repo\":\"" repo "\",\"tag\":\"" tag  \
	"\"},\"storage\":{\"size\":\"1Gi\"},\"auth\":{\"adminSecret\":\"s\"}}}"
#define ENV(entry) STANDALONE(",\"env\":[" entry "]")
#define A10 "aaaaaaaaaa"
#define NAME_TEXT                                                                                                                      \
	"metadata.name: must begin with a lower-case letter, hold only lower-case letters, digits and '-', not end in '-', and have at most "

static const struct {
	const char *json;
	const char *error; // the beginning of the text
} refused[] = {
	{OBJECT("Database", "db", SPEC), "kind: must be "},
	{OBJECT("Standalone", "", SPEC), NAME_TEXT "52"},
	{OBJECT("Standalone", "Db", SPEC), NAME_TEXT},
	{OBJECT("Standalone", "1db", SPEC), NAME_TEXT},
	{OBJECT("Standalone", "db-", SPEC), NAME_TEXT},
	{OBJECT("Standalone", "d.b", SPEC), NAME_TEXT},
	{OBJECT("Standalone", A10 A10 A10 A10 A10 "aaa", SPEC), NAME_TEXT "52"},
	{OBJECT("Cluster", A10 A10 A10 A10 "aaaaaa", SPEC), NAME_TEXT "45"},
	{OBJECT("Standalone", "db", "\"storage\":{\"size\":\"1Gi\"}"), "spec.image.repo: is required"},
	{OBJECT("Standalone", "db", "\"image\":{\"repo\":\"neo4j\"}"), "spec.image.tag: is required"},
	{OBJECT("Standalone", "db", "\"image\":{\"repo\":\"neo4j\",\"tag\":\"a b\"}"), "spec.image.tag: must not hold white space"},
	{OBJECT("Standalone", "db", "\"image\":{\"repo\":\"neo4j\",\"tag\":\"v1\",\"pullPolicy\":\"Now\"}"),
	 "spec.image.pullPolicy: must be one of Always, IfNotPresent, Never"},
	{OBJECT("Standalone", "db", "\"image\":{\"repo\":\"neo4j\",\"tag\":\"v1\"},\"storage\":{\"size\":\"big\"}"),
	 "spec.storage.size: 'big' is not a quantity"},
	{CLUSTER(), "spec.topology.servers: is required"},
	{CLUSTER(",\"topology\":{\"servers\":1}"), "spec.topology.servers: must be a whole number from 2 to 20"},
	{CLUSTER(",\"topology\":{\"servers\":21}"), "spec.topology.servers: must be a whole number from 2 to 20"},
	{CLUSTER(",\"topology\":{\"servers\":3,\"serverModeConstraint\":\"SECONDARY\"}"), "spec.topology.serverModeConstraint: SECONDARY"},
	{STANDALONE(",\"config\":{\"a\":1}"), "spec.config.a: must be a string"},
	{STANDALONE(",\"resources\":{\"limits\":{\"memory\":\"lots\"}}"), "spec.resources.limits.memory: must be a quantity"},
	{STANDALONE(",\"resources\":{\"limits\":{\"memory\":\"300Mi\"}}"), "spec.resources.limits.memory: is too little"},
	{STANDALONE(",\"service\":{\"loadBalancerSourceRanges\":[\"10.0.0.0/8\"]}"), "spec.service.loadBalancerSourceRanges: needs"},
	{STANDALONE(",\"auraFleetManagement\":{\"registeredSince\":\"now\"}"),
	 "spec.auraFleetManagement.registeredSince: must be a time such as 2026-01-31T12:00:00Z"},
	{STANDALONE(",\"auraFleetManagement\":{\"tokenPolicy\":\"Follow\"}"),
	 "spec.auraFleetManagement.tokenPolicy: must be one of Latch, FollowSecret"},
	{STANDALONE(",\"auraFleetManagement\":{\"checkInterval\":\"10s\"}"),
	 "spec.auraFleetManagement.checkInterval: must be a length of time of days, hours and minutes, such as 14d, 1h or 1h30m, or 0 for never"},
	{STANDALONE(",\"podAnnotations\":{\"neofleet.neo4j.com/x\":\"1\"}"), "spec.podAnnotations: 'neofleet.neo4j.com/x' is the"},
	{STANDALONE(",\"acceptLicenseAgreement\":\"no\""), "spec.acceptLicenseAgreement: must be one of yes, eval"},
	{STANDALONE(",\"tls\":{}"), "spec.tls.certificateSecret: is required"},
	{STANDALONE(",\"tls\":{\"mode\":\"disabled\",\"certificateSecret\":\"c\"}"), "spec.tls.mode: is disabled, and certificateSecret asks for TLS"},
	{STANDALONE(",\"service\":{\"externalTrafficPolicy\":\"Local\"}"), "spec.service.externalTrafficPolicy: Local needs type LoadBalancer or NodePort"},
	{STANDALONE(",\"service\":{\"type\":\"NodePort\",\"externalTrafficPolicy\":\"Here\"}"), "spec.service.externalTrafficPolicy: must be one of Cluster, Local"},
	{CLUSTER(",\"topology\":{\"servers\":3},\"propertySharding\":{\"enabled\":true,\"config\":{\"a\":1}}"), "spec.propertySharding.config.a: must be a string"},
	{STANDALONE(",\"auraFleetManagement\":{\"enabled\":\"yes\"}"), "spec.auraFleetManagement.enabled: must be true or false"},
	{STANDALONE(",\"auraFleetManagement\":{\"tokenSecretRef\":{\"key\":\"k\"}}"),
	 "spec.auraFleetManagement.tokenSecretRef.name: is required"},
	{STANDALONE(PROVISION("") ",\"tokenSecretRef\":{\"name\":\"t\"}}"), "spec.auraFleetManagement.provision: makes the token by itself; remove tokenSecretRef, or this"},
	{STANDALONE(",\"auraFleetManagement\":{\"provision\":{\"credentialsSecretRef\":{},\"organizationId\":\"o\",\"projectId\":\"p\"}}"),
	 "spec.auraFleetManagement.provision.credentialsSecretRef.name: is required"},
	{STANDALONE(",\"auraFleetManagement\":{\"provision\":{\"credentialsSecretRef\":{\"name\":\"c\"},\"organizationId\":\"a/b\",\"projectId\":\"p\"}}"),
	 "spec.auraFleetManagement.provision.organizationId: must be the id that the Aura console shows"},
	{STANDALONE(PROVISION(",\"deploymentName\":\"0123456789012345678901234567890\"") "}"), "spec.auraFleetManagement.provision.deploymentName: must have 1 to 30 characters"},
	{STANDALONE(PROVISION(",\"deploymentName\":\"a \"") "}"), "spec.auraFleetManagement.provision.deploymentName: must have 1 to 30 characters"},
	{STANDALONE(PROVISION(",\"connectionUrl\":\"bolt://\\u0007\"") "}"), "spec.auraFleetManagement.provision.connectionUrl: may have characters of ASCII only"},
	{STANDALONE(PROVISION(",\"deletionPolicy\":\"Keep\"") "}"), "spec.auraFleetManagement.provision.deletionPolicy: must be one of Retain, Delete"},
	// A3: names that no node can pull, and images of the Community edition.
	{IMAGE("https://r.io/neo4j", "5.26-enterprise"), "spec.image.repo: is the image's name without a scheme"},
	{IMAGE("neo4j:5.26-enterprise", "5.26-enterprise"), "spec.image.repo: is no name that a node can pull"},
	{IMAGE("r.io/Neo4j", "5.26-enterprise"), "spec.image.repo: is no name that a node can pull"},
	{IMAGE("r.io//neo4j", "5.26-enterprise"), "spec.image.repo: is no name that a node can pull"},
	{IMAGE("neo4j/", "5.26-enterprise"), "spec.image.repo: is no name that a node can pull"},
	{IMAGE("a..b/neo4j", "5.26-enterprise"), "spec.image.repo: is no name that a node can pull"},
	{IMAGE("neo4j._x", "5.26-enterprise"), "spec.image.repo: is no name that a node can pull"},
	{IMAGE("r.io:port/neo4j", "5.26-enterprise"), "spec.image.repo: is no name that a node can pull"},
	{IMAGE("-r.io/neo4j", "5.26-enterprise"), "spec.image.repo: is no name that a node can pull"},
	{IMAGE("neo4j", "2025.12-community"), "spec.image.tag: is of the Community edition"},
	{IMAGE("r.io/db", "community"), "spec.image.tag: is of the Community edition"},
	{IMAGE("r.io/db", "5.26-community-ubi9"), "spec.image.tag: is of the Community edition"},
	{IMAGE("neo4j", "2025.12"), "spec.image.tag: tags of Neo4j's own image without 'enterprise' are of the Community edition"},
	{IMAGE("docker.io/library/neo4j", "5.26-trixie"), "spec.image.tag: tags of Neo4j's own image without 'enterprise'"},
	{IMAGE("neo4j", "5.26.12-ubi10"), "spec.image.tag: tags of Neo4j's own image without 'enterprise'"},
	{ENV("{\"name\":\"NEO4J_AUTH\",\"value\":\"none\"}"), "spec.env[0].name: 'NEO4J_AUTH' must not be set here: "},
	{ENV("{\"name\":\"A\"},{\"name\":\"NEO4J_AUTH_FILE\"}"), "spec.env[1].name: 'NEO4J_AUTH_FILE' must not be set here: "},
	{ENV("{\"name\":\"NEO4J_EDITION_FILE\",\"value\":\"/x\"}"), "spec.env[0].name: 'NEO4J_EDITION_FILE' must not be set here: "},
	{ENV("{\"name\":\"NEO4J_PLUGINS_FILE\",\"value\":\"/x\"}"), "spec.env[0].name: 'NEO4J_PLUGINS_FILE' must not be set here: use"},
	// M11: the bootloader drops what the configuration says.
	{ENV("{\"name\":\"JAVA_OPTS\",\"value\":\"-javaagent:/x.jar\"}"),
	 "spec.env[0].name: 'JAVA_OPTS' must not be set here: with it Neo4j drops all flags"},
	{ENV("{\"name\":\"HEAP_SIZE\",\"value\":\"1g\"}"), "spec.env[0].name: 'HEAP_SIZE' must not be set here: it would replace the heap of the configuration; use server.memory.heap.max_size in spec.config"},
	{ENV("{\"name\":\"EXTENDED_CONF\",\"value\":\"yes\"}"), "spec.env[0].name: 'EXTENDED_CONF' must not be set here: Neo4j runs"},
	{ENV("{\"name\":\"NEO4J_ACCEPT_LICENSE_AGREEMENT\",\"value\":\"no\"}"), "spec.env[0].value: must be one of yes, eval"},
	{ENV("{\"name\":\"NEO4J_ACCEPT_LICENSE_AGREEMENT\",\"valueFrom\":{\"fieldRef\":{}}}"), "spec.env[0].name: 'NEO4J_ACCEPT_LICENSE_AGREEMENT' must not"},
	{STANDALONE(",\"acceptLicenseAgreement\":\"eval\",\"env\":[{\"name\":\"NEO4J_ACCEPT_LICENSE_AGREEMENT\",\"value\":\"yes\"}]"),
	 "spec.env: 'NEO4J_ACCEPT_LICENSE_AGREEMENT' says yes, and spec.acceptLicenseAgreement eval; remove the variable"},
	{ENV("{\"name\":\"NEOFLEET_POD_NAME\"}"), "spec.env[0].name: 'NEOFLEET_POD_NAME' must not begin with NEOFLEET_"},
	{ENV("{\"name\":\"NEO4J_PLUGINS\",\"value\":\"apoc\"}"), "spec.env[0].value: NEO4J_PLUGINS must be a JSON list"},
	{ENV("{\"name\":\"NEO4J_PLUGINS\",\"value\":\"[\\\"apoc\\\",7]\"}"), "spec.env[0].value: NEO4J_PLUGINS must be a JSON list"},
	{ENV("{\"name\":\"NEO4J_PLUGINS\",\"value\":\"[\\\"a b\\\"]\"}"), "spec.env[0].value: NEO4J_PLUGINS must be a JSON list"},
	{ENV("{\"name\":\"NEO4J_PLUGINS\",\"valueFrom\":{\"fieldRef\":{}}}"), "spec.env[0].valueFrom: NEO4J_PLUGINS must be given as a value"},
	{ENV("7"), "spec.env[0]: must be an object"},
};

// A3: what a node can pull, from wherever.
static void test_images(void **state)
{
	static const char *const taken[][2] = {
		{"neo4j", "5.26-enterprise"},
		{"neo4j", "2026.05-enterprise-ubi9"},
		{"neo4j", "latest"},
		{"neo4j", "sha256:abababababababababababababababababababababababababababababababab"},
		{"docker.io/library/neo4j", "5.26.12-enterprise"},
		{"r.io:5000/a_b/c__d/e--f.g/neo4j", "5.26"}, // a name of one's own may be of either edition
		{"Registry.Example.com/neo4j", "our-communities"},
		{"localhost:5000/neo4j", "communityplus"},
		{"r.io/db", "2025.12-enterprise-community-plugins"},
		{"neo4j", "2025.12-ours"}, // loaded onto the nodes under Neo4j's name
		{"neo4j", "5.26-ubi"},
		{"neo4j", "5..26"},
		{"neo4j", "latest"},
		{"neo4j", "2025.12@sha256:0000000000000000000000000000000000000000000000000000000000000000"},
		{"xn--r1a.io/0", "v5.26"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct err err = ERR_INIT;
		struct dbms dbms;
		const char *json = arena_printf(arena, IMAGE("%s", "%s"), taken[i][0], taken[i][1]);

		if (decode(arena, json, &dbms, &err) < 0)
			fail_msg("%s:%s: %s", taken[i][0], taken[i][1], err.text);
	}
}

// What manifests of the Go operator say: the defaults count for nothing, and what we can do is done.
static void test_of_the_go_operator(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct dbms dbms;

	(void)state;
	assert_int_equal(decode(arena,
				STANDALONE(",\"edition\":\"enterprise\",\"tls\":{\"mode\":\"disabled\"},\"auth\":{\"provider\":\"native\"},\"monitoring\":{\"enabled\":false},"
					   "\"persistence\":{\"enabled\":true},\"service\":{\"externalTrafficPolicy\":\"Cluster\"},"
					   "\"env\":[{\"name\":\"NEO4J_ACCEPT_LICENSE_AGREEMENT\",\"value\":\"eval\"}]"),
				&dbms, &err),
			 0);
	assert_null(dbms.tls_secret);
	assert_null(dbms.service.traffic_policy);
	assert_string_equal(dbms.license, "eval");
	assert_int_equal(decode(arena, OBJECT("Standalone", "db", "\"image\":{\"repo\":\"neo4j\",\"tag\":\"v1\"},\"storage\":{\"size\":\"1Gi\"}"), &dbms, &err), 0);
	assert_string_equal(dbms.admin_secret, "neo4j-admin-secret");
	assert_int_equal(decode(arena,
				CLUSTER(",\"topology\":{\"servers\":3,\"minSystemPrimaries\":3},\"service\":{\"type\":\"LoadBalancer\",\"externalTrafficPolicy\":\"Local\"},"
					"\"propertySharding\":{\"enabled\":true,\"config\":{\"a.b\":\"c\"}},\"acceptLicenseAgreement\":\"yes\","
					"\"env\":[{\"name\":\"NEO4J_ACCEPT_LICENSE_AGREEMENT\",\"value\":\"yes\"}]"),
				&dbms, &err),
			 0);
	assert_string_equal(dbms.service.traffic_policy, "Local");
	assert_true(dbms.sharding);
	assert_string_equal(dbms.sharding_config.items[0].value, "c");
	assert_int_equal(decode(arena, CLUSTER(",\"topology\":{\"servers\":3},\"propertySharding\":{\"config\":{\"a.b\":\"c\"}}"), &dbms, &err), 0);
	assert_false(dbms.sharding);
	assert_int_equal(dbms.sharding_config.n, 0);
	assert_int_equal(decode(arena, STANDALONE(PROVISION(",\"deletionPolicy\":\"Orphan\"") "}"), &dbms, &err), 0);
	assert_false(dbms.fleet.provision.delete_deployment);
}

static void test_brings_fleet(void **state)
{
	static const struct {
		const char *config;
		bool brings;
	} cases[] = {
		{"{\"dbms.security.procedures.unrestricted\":\"fleetManagement.*\"}", true},
		{"{\"dbms.security.procedures.unrestricted\":\"gds.*, fleetManagement.registerToken\"}", true},
		{"{\"dbms.security.procedures.unrestricted\":\"*\"}", false},
		{"{\"dbms.security.procedures.unrestricted\":\"my.fleetManagement.*,\"}", false},
		{"{\"dbms.security.procedures.allowlist\":\"fleetManagement.*\"}", false},
		{"{}", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct err err = ERR_INIT;
		struct dbms dbms;
		int r = decode(arena, arena_printf(arena, STANDALONE(",\"config\":%s"), cases[i].config), &dbms, &err);

		assert_string_equal(err.text, "");
		assert_int_equal(r, 0);
		assert_int_equal(dbms_brings_fleet(&dbms), cases[i].brings);
	}
}

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct arena *arena = arena_new();
		struct err err = ERR_INIT;
		struct dbms dbms;
		int r = decode(arena, refused[i].json, &dbms, &err);

		if (r != ERR_INVALID || strncmp(err.text, refused[i].error, strlen(refused[i].error)) != 0)
			fail_msg("%s\nwanted: %s\ngot %d: %s", refused[i].json, refused[i].error, r, err.text);
		arena_free(arena);
	}
}

// A3: of a spec that is refused (a newer operator may know better than the one that took it) the status is known: its registration stays.
static void test_refused_with_status(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct dbms dbms;

	(void)state;
	assert_int_equal(decode(arena,
				"{\"kind\":\"Neo4jEnterpriseStandalone\",\"metadata\":{\"name\":\"db\",\"generation\":4},\"spec\":{\"image\":{\"repo\":"
				"\"r.io/Neo4j\",\"tag\":\"t\"}},\"status\":{\"phase\":\"Ready\",\"version\":\"2025.12.1\",\"auraFleetManagement\":"
				"{\"registered\":true,\"lastRegistrationTime\":\"2025-12-01T10:00:00Z\"}}}",
				&dbms, &err),
			 ERR_INVALID);
	assert_int_equal(dbms.metadata.generation, 4);
	assert_int_equal(dbms.status.registered, DBMS_REGISTERED_TRUE);
	assert_string_equal(dbms.status.last_registration, "2025-12-01T10:00:00Z");
	assert_string_equal(dbms.status.phase, "Ready");
	assert_string_equal(dbms.status.version, "2025.12.1");
}

static void test_plugins_env(void **state)
{
	struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct dbms dbms;

	(void)state;
	assert_int_equal(decode(arena, ENV("{\"name\":\"NEO4J_PLUGINS\",\"value\":\"[\\\"apoc\\\"]\"}"), &dbms, &err), 0);
	assert_string_equal(dbms.plugins_env, "[\"apoc\"]");
	assert_int_equal(decode(arena, ENV("{\"name\":\"NEO4J_PLUGINS\",\"value\":\"\"}"), &dbms, &err), 0);
	assert_null(dbms.plugins_env);
	arena_free(arena);
}

// A digest in place of a tag; the storage fields.
static void test_digest(void **state)
{
	struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct dbms dbms;

	(void)state;
	assert_int_equal(decode(arena,
				OBJECT("Standalone", "db",
				       "\"image\":{\"repo\":\"neo4j\",\"tag\":\"sha256:ab\"},\"storage\":{\"size\":\"1Gi\","
				       "\"className\":\"fast\",\"retentionPolicy\":\"Delete\"},\"auth\":{\"adminSecret\":\"s\"}"),
				&dbms, &err),
			 0);
	assert_string_equal(dbms.image.reference, "neo4j@sha256:ab");
	assert_string_equal(dbms.storage.class_name, "fast");
	assert_true(dbms.storage.delete_claims);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),    cmocka_unit_test(test_fleet_and_status), cmocka_unit_test(test_provision),
		cmocka_unit_test(test_follow_needs_a_secret), cmocka_unit_test(test_status_of_wrong_types),
		cmocka_unit_test(test_images),
		cmocka_unit_test(test_refused_with_status),
		cmocka_unit_test(test_brings_fleet),
		cmocka_unit_test(test_refused),	    cmocka_unit_test(test_plugins_env),	     cmocka_unit_test(test_digest),
		cmocka_unit_test(test_of_the_go_operator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
