// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// G1: what of spec.podTemplate is taken, and what is refused with which words.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/pod_shape.h"
#include "base/json.h"

#define SPEC(text) "{\"podTemplate\":{\"spec\":{" text "}}}"
#define SERVER(text) SPEC("\"containers\":[{\"name\":\"neo4j\"," text "}]")
#define METADATA(text) "{\"podTemplate\":{\"metadata\":{" text "}}}"

static void decode(struct arena *arena, const char *json, struct pod_shape *ret, struct err *err)
{
	struct field_reader reader = {.arena = arena, .err = err};
	yyjson_val *root = json_parse(arena, json, strlen(json));

	assert_non_null(root);
	*ret = (struct pod_shape){0};
	pod_shape_decode(&reader, (struct field){.val = root, .path = "spec"}, ret);
}

static const char *const taken[] = {
	"{}",
	"{\"podTemplate\":null}",
	"{\"podTemplate\":{\"spec\":{},\"metadata\":{\"labels\":{\"app.kubernetes.io/part-of\":\"shop\"}}}}",
	SPEC("\"hostname\":null,\"restartPolicy\":null,\"containers\":null,\"volumes\":null"),
	SPEC("\"terminationGracePeriodSeconds\":600,\"priorityClassName\":\"high\",\"aFieldOfTheFuture\":{\"a\":[1]}"),
	SPEC("\"volumes\":[{\"name\":\"logs\",\"persistentVolumeClaim\":{\"claimName\":\"l\"}},{\"name\":\"mine\"}]"),
	SPEC("\"initContainers\":[{\"name\":\"first-password\",\"securityContext\":{},\"command\":null,\"volumeMounts\":[{\"name\":\"a\",\"mountPath\":"
	     "\"/tmp\"}]},{\"name\":\"mine\",\"command\":[\"x\"]}]"),
	SPEC("\"containers\":[{\"name\":\"mine\",\"image\":\"x\",\"ports\":[],\"readinessProbe\":{\"exec\":{}},\"volumeMounts\":[{\"name\":\"data\","
	     "\"mountPath\":\"/data\"}]}]"),
	SERVER("\"env\":[{\"name\":\"TZ\",\"value\":\"UTC\"}],\"envFrom\":[{\"prefix\":\"LDAP_\",\"secretRef\":{\"name\":\"x\"}}]"),
	SERVER("\"livenessProbe\":{\"failureThreshold\":30,\"periodSeconds\":20},\"image\":null,\"resources\":{\"claims\":[],\"limits\":null}"),
	SERVER("\"volumeMounts\":[{\"name\":\"a\",\"mountPath\":\"/data/dumps\"},{\"name\":\"a\",\"mountPath\":\"/configuration\"},{\"name\":\"a\","
	       "\"mountPath\":\"/logs2/\"}]"),
	SPEC("\"securityContext\":{\"$patch\":\"replace\",\"runAsUser\":null}"),
	SPEC("\"containers\":[{\"name\":\"mine\",\"ports\":[{\"containerPort\":8080},{\"name\":\"metrics\",\"containerPort\":8081}]}]"),
	SERVER("\"volumeMounts\":[{\"name\":\"a\",\"mountPath\":\"/var/lib/neo4j/conf\"},{\"name\":\"a\",\"mountPath\":\"/var/lib/neo4j/run\"},"
	       "{\"name\":\"a\",\"mountPath\":\"/.well..known/.x/..y\"},{\"name\":\"a\"}]"),
	SPEC("\"hostNetwork\":true,\"dnsPolicy\":\"ClusterFirstWithHostNet\""),
	SPEC("\"hostNetwork\":false,\"dnsPolicy\":\"Default\""),
};

static void test_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		struct arena *arena = arena_new();
		struct err err = ERR_INIT;
		struct pod_shape shape;

		decode(arena, taken[i], &shape, &err);
		if (err_is_set(&err))
			fail_msg("%s\n%s", taken[i], err.text);
		arena_free(arena);
	}
}

static const struct {
	const char *json;
	const char *text; // how the error begins
} refused[] = {
	{"{\"podTemplate\":7}", "spec.podTemplate: must be an object"},
	{"{\"podTemplate\":{\"labels\":{}}}", "spec.podTemplate: labels cannot be set here: there is only metadata and spec"},
	{METADATA("\"name\":\"x\""), "spec.podTemplate.metadata: name cannot be set here: there are only labels and annotations"},
	{METADATA("\"labels\":{\"app.kubernetes.io/name\":\"x\"}"),
	 "spec.podTemplate.metadata.labels: 'app.kubernetes.io/name' cannot be set here: the Services find the pods by it"},
	{METADATA("\"labels\":{\"a\":7}"), "spec.podTemplate.metadata.labels.a: must be a string"},
	{METADATA("\"annotations\":{\"neofleet.neo4j.com/config-digest\":\"x\"}"),
	 "spec.podTemplate.metadata.annotations: 'neofleet.neo4j.com/config-digest' is the operator's own"},
	{SPEC("\"restartPolicy\":\"Never\""), "spec.podTemplate.spec.restartPolicy: cannot be set here: a server that ends"},
	{SPEC("\"hostname\":\"x\""), "spec.podTemplate.spec.hostname: cannot be set here: the servers find each other"},
	{SPEC("\"subdomain\":\"x\""), "spec.podTemplate.spec.subdomain: cannot be set here: the servers find each other"},
	{SPEC("\"enableServiceLinks\":true"), "spec.podTemplate.spec.enableServiceLinks: cannot be set here: with them the image"},
	{SPEC("\"serviceAccount\":\"x\""), "spec.podTemplate.spec.serviceAccount: cannot be set here: it is an old name; use serviceAccountName"},
	{SPEC("\"terminationGracePeriodSeconds\":5"), "spec.podTemplate.spec.terminationGracePeriodSeconds: must be a whole number from 30 to 86400"},
	{SPEC("\"$patch\":\"replace\""), "spec.podTemplate.spec.$patch: cannot be set here: the operator's containers and volumes must stay"},
	{SPEC("\"securityContext\":{\"$patch\":\"delete\"}"), "spec.podTemplate: a directive of a strategic merge that is not taken"},
	{SPEC("\"$setElementOrder/containers\":[]"), "spec.podTemplate: a directive of a strategic merge that is not taken"},
	{SPEC("\"volumes\":[{\"name\":\"data\"}]"), "spec.podTemplate.spec.volumes[0].name: 'data' is the volume of spec.storage; give yours another name"},
	{SPEC("\"volumes\":[{\"name\":\"a\"},{\"name\":\"conf\"}]"), "spec.podTemplate.spec.volumes[1].name: 'conf' is the operator's volume; use spec.config"},
	{SPEC("\"volumes\":[{}]"), "spec.podTemplate.spec.volumes[0].name: is required"},
	{SPEC("\"volumes\":{}"), "spec.podTemplate.spec.volumes: must be a list"},
	{SPEC("\"containers\":[7]"), "spec.podTemplate.spec.containers[0]: must be an object"},
	{SPEC("\"containers\":[{\"name\":\"first-password\"}]"), "spec.podTemplate.spec.containers[0].name: 'first-password' is the operator's init container"},
	{SPEC("\"containers\":[{\"name\":\"spy\",\"volumeMounts\":[{\"name\":\"admin\",\"mountPath\":\"/a\"}]}]"),
	 "spec.podTemplate.spec.containers[0].volumeMounts[0].name: this volume cannot be mounted here: it holds the admin's password"},
	{SPEC("\"initContainers\":[{\"name\":\"neo4j\"}]"), "spec.podTemplate.spec.initContainers[0].name: 'neo4j' is the server's container"},
	{SPEC("\"initContainers\":[{\"name\":\"first-password\",\"image\":\"x\"}]"),
	 "spec.podTemplate.spec.initContainers[0]: image cannot be set here: the container is the operator's"},
	{SPEC("\"initContainers\":[{\"name\":\"first-password\",\"volumeMounts\":[{\"name\":\"a\",\"mountPath\":\"/neofleet-admin\"}]}]"),
	 "spec.podTemplate.spec.initContainers[0].volumeMounts[0].mountPath: /neofleet-admin is the operator's or the image's"},
	{SERVER("\"image\":\"x\""), "spec.podTemplate.spec.containers[0].image: cannot be set here: use spec.image"},
	{SERVER("\"command\":[\"x\"]"), "spec.podTemplate.spec.containers[0].command: cannot be set here: the server must be started"},
	{SERVER("\"args\":[\"x\"]"), "spec.podTemplate.spec.containers[0].args: cannot be set here: the server must be started"},
	{SERVER("\"ports\":[]"), "spec.podTemplate.spec.containers[0].ports: cannot be set here: the operator names the server's ports"},
	{SERVER("\"resources\":{\"limits\":{\"memory\":\"8Gi\"}}"), "spec.podTemplate.spec.containers[0].resources: limits cannot be set here: use spec.resources"},
	{SERVER("\"readinessProbe\":{\"exec\":{\"command\":[\"true\"]}}"),
	 "spec.podTemplate.spec.containers[0].readinessProbe: exec cannot be set here: how the server is asked"},
	{SERVER("\"livenessProbe\":{\"$patch\":\"replace\"}"), "spec.podTemplate.spec.containers[0].livenessProbe: $patch cannot be set here"},
	{SERVER("\"$patch\":\"replace\""), "spec.podTemplate.spec.containers[0].$patch: cannot be set here: the operator's container must stay"},
	{SERVER("\"env\":[{\"name\":\"NEO4J_PLUGINS\",\"value\":\"[]\"}]"),
	 "spec.podTemplate.spec.containers[0].env[0].name: 'NEO4J_PLUGINS' must not be set here: use spec.env"},
	{SERVER("\"env\":[{\"name\":\"A\"},{\"name\":\"NEO4J_AUTH\"}]"),
	 "spec.podTemplate.spec.containers[0].env[1].name: 'NEO4J_AUTH' must not be set here: the password comes from the Secret"},
	{SERVER("\"env\":[{\"name\":\"NEOFLEET_POD_NAME\"}]"), "spec.podTemplate.spec.containers[0].env[0].name: 'NEOFLEET_POD_NAME' must not begin"},
	{SERVER("\"env\":[{\"name\":\"JAVA_OPTS\"}]"), "spec.podTemplate.spec.containers[0].env[0].name: 'JAVA_OPTS' must not be set here"},
	{SERVER("\"envFrom\":[{\"secretRef\":{\"name\":\"x\"}}]"), "spec.podTemplate.spec.containers[0].envFrom[0].prefix: must be given"},
	{SERVER("\"envFrom\":[{\"prefix\":\"NEO\"}]"), "spec.podTemplate.spec.containers[0].envFrom[0].prefix: must be given"},
	{SERVER("\"envFrom\":[{\"prefix\":\"NEO4J_AUTH_\"}]"), "spec.podTemplate.spec.containers[0].envFrom[0].prefix: must be given"},
	{SERVER("\"volumeMounts\":[{\"name\":\"a\",\"mountPath\":\"/data/\"}]"),
	 "spec.podTemplate.spec.containers[0].volumeMounts[0].mountPath: /data is the operator's or the image's; choose another path"},
	{SERVER("\"volumeMounts\":[{\"name\":\"a\",\"mountPath\":\"/conf/server-logs.xml\"}]"),
	 "spec.podTemplate.spec.containers[0].volumeMounts[0].mountPath: nothing can be mounted below /conf"},
	{SERVER("\"volumeMounts\":[{\"name\":\"a\",\"mountPath\":\"/var/lib/neo4j/\"}]"),
	 "spec.podTemplate.spec.containers[0].volumeMounts[0].mountPath: /var/lib/neo4j is the operator's or the image's; choose"},
	{SERVER("\"volumeMounts\":[{\"name\":\"a\",\"mountPath\":\"/var/lib/neo4j/data\"}]"),
	 "spec.podTemplate.spec.containers[0].volumeMounts[0].mountPath: /var/lib/neo4j/data is the operator's or the image's; choose"},
	{SERVER("\"volumeMounts\":[{\"name\":\"a\",\"mountPath\":\"/var/lib/neo4j/logs\"}]"),
	 "spec.podTemplate.spec.containers[0].volumeMounts[0].mountPath: /var/lib/neo4j/logs is the operator's or the image's; choose"},
	{SPEC("\"initContainers\":[{\"name\":\"first-password\",\"volumeMounts\":[{\"name\":\"a\",\"mountPath\":\"/var/lib/neo4j/data\"}]}]"),
	 "spec.podTemplate.spec.initContainers[0].volumeMounts[0].mountPath: /var/lib/neo4j/data is the operator's or the image's; choose"},
	{SPEC("\"containers\":[{\"name\":\"proxy\",\"ports\":[{\"containerPort\":1},{\"name\":\"bolt\",\"containerPort\":2}]},{\"name\":\"neo4j\"}]"),
	 "spec.podTemplate.spec.containers[0].ports[1].name: 'bolt' is a port of the server's, and the Services would lead to this one instead; give"},
	{SPEC("\"initContainers\":[{\"name\":\"proxy\",\"restartPolicy\":\"Always\",\"ports\":[{\"name\":\"http\",\"containerPort\":2}]}]"),
	 "spec.podTemplate.spec.initContainers[0].ports[0].name: 'http' is a port of the server's"},
	{SPEC("\"hostNetwork\":true"), "spec.podTemplate.spec.hostNetwork: true needs dnsPolicy: ClusterFirstWithHostNet"},
	{SPEC("\"hostNetwork\":true,\"dnsPolicy\":\"ClusterFirst\""), "spec.podTemplate.spec.hostNetwork: true needs dnsPolicy: ClusterFirstWithHostNet"},
};

// Another spelling of a path of ours is the same path to the kubelet.
static void test_spellings(void **state)
{
	static const char *const paths[] = {"data", "./data", "//data", "/./data", "/x/../data", "/data//", "/data/.", "/data/x/..", "/..", "/."};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct arena *arena = arena_new();
		struct err err = ERR_INIT;
		struct pod_shape shape;

		decode(arena, arena_printf(arena, SERVER("\"volumeMounts\":[{\"name\":\"a\",\"mountPath\":\"%s\"}]"), paths[i]), &shape, &err);
		if (err.class != ERR_INVALID)
			fail_msg("taken: %s", paths[i]);
		assert_string_equal(err.text, "spec.podTemplate.spec.containers[0].volumeMounts[0].mountPath: must begin with '/' and hold no '//', "
					      "'/./' or '/../'; write the path out");
		arena_free(arena);
	}
}

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct arena *arena = arena_new();
		struct err err = ERR_INIT;
		struct pod_shape shape;

		decode(arena, refused[i].json, &shape, &err);
		assert_int_equal(err.class, ERR_INVALID);
		if (strncmp(err.text, refused[i].text, strlen(refused[i].text)) != 0)
			fail_msg("%s\n%s", refused[i].json, err.text);
		arena_free(arena);
	}
}

// A size that a user chooses has a limit.
static void test_size(void **state)
{
	struct arena *arena = arena_new();
	char *text = arena_alloc(arena, POD_SHAPE_MAX_BYTES + 1), *deep = arena_alloc(arena, 128);
	struct err err = ERR_INIT;
	struct pod_shape shape;

	(void)state;
	memset(text, 'x', POD_SHAPE_MAX_BYTES);
	decode(arena, arena_printf(arena, SPEC("\"schedulerName\":\"%s\""), text), &shape, &err);
	assert_string_equal(err.text, "spec.podTemplate: is too large; the operator takes 16 KiB");
	err_clear(&err);
	text[POD_SHAPE_MAX_BYTES - 200] = '\0';
	decode(arena, arena_printf(arena, SPEC("\"schedulerName\":\"%s\""), text), &shape, &err);
	assert_false(err_is_set(&err));
	memset(deep, '[', 40);
	memset(deep + 40, ']', 40);
	decode(arena, arena_printf(arena, SPEC("\"x\":%s"), deep), &shape, &err);
	assert_string_equal(err.text, "spec.podTemplate: is nested more than 24 levels deep");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_taken), cmocka_unit_test(test_refused), cmocka_unit_test(test_spellings),
					   cmocka_unit_test(test_size)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
