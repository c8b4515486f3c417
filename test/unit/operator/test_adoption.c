// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "operator/object/adoption.h"

#define LABELS(component, instance)                                                                                                 \
	"\"labels\":{\"app.kubernetes.io/managed-by\":\"neofleet\",\"app.kubernetes.io/name\":\"neo4j\","                             \
	"\"app.kubernetes.io/instance\":\"" instance "\",\"app.kubernetes.io/component\":\"" component "\"}"
#define OURS LABELS("cluster", "n")
#define APPLIED "\"annotations\":{\"neofleet.neo4j.com/applied\":\"digest\"}"
#define WORD(word) "\"annotations\":{\"neofleet.neo4j.com/adopt\":\"" word "\"}"
#define OWNER(kind, name, uid, controller)                                                                                          \
	"\"ownerReferences\":[{\"kind\":\"" kind "\",\"name\":\"" name "\",\"uid\":\"" uid "\",\"controller\":" controller "}]"
#define SELECTOR(component, instance)                                                                                               \
	"\"spec\":{\"serviceName\":\"n-headless\",\"selector\":{\"matchLabels\":{\"app.kubernetes.io/name\":\"neo4j\","               \
	"\"app.kubernetes.io/instance\":\"" instance "\",\"app.kubernetes.io/component\":\"" component "\"}}}"

static const struct dbms cluster = {
	.kind = DBMS_CLUSTER,
	.api_kind = API_KIND_CLUSTER,
	.metadata = {.namespace = "x", .name = "n", .uid = "u-new"},
};

static yyjson_val *parse(struct arena *arena, const char *metadata, const char *rest)
{
	const char *text = arena_printf(arena, "{\"metadata\":{\"name\":\"o\",\"uid\":\"u-o\",\"resourceVersion\":\"7\"%s%s}%s%s}",
					*metadata ? "," : "", metadata, *rest ? "," : "", rest);
	yyjson_val *root = json_parse(arena, text, strlen(text));

	assert_non_null(root);
	return root;
}

// B2: of all that may stand under a name only an orphan with this deployment's own marks, or with the user's word, is adopted.
static void test_judgement(void **state)
{
	static const struct {
		const char *metadata, *rest;
		enum adoption adoption;
	} cases[] = {
		{OURS "," APPLIED "," OWNER(API_KIND_CLUSTER, "n", "u-new", "true"), "", ADOPTION_OURS},
		// After --cascade=orphan, or a restore that has dropped the owners.
		{OURS "," APPLIED, "", ADOPTION_ORPHAN},
		{OURS "," APPLIED, SELECTOR("cluster", "n"), ADOPTION_ORPHAN},
		{OURS "," APPLIED ",\"ownerReferences\":[]", "", ADOPTION_ORPHAN},
		// Somebody has taken the controller's mark from our reference.
		{OURS "," APPLIED "," OWNER(API_KIND_CLUSTER, "n", "u-new", "false"), SELECTOR("cluster", "n"), ADOPTION_ORPHAN},
		{OURS "," OWNER(API_KIND_CLUSTER, "n", "u-new", "false"), "", ADOPTION_UNCLAIMED},
		// Its labels alone may have been written by anybody; the word is asked for.
		{OURS, "", ADOPTION_UNCLAIMED},
		{APPLIED, "", ADOPTION_UNCLAIMED},
		{"", "", ADOPTION_UNCLAIMED},
		{WORD(API_KIND_CLUSTER "/n"), "", ADOPTION_ORPHAN},
		{OURS "," WORD(API_KIND_CLUSTER "/n"), SELECTOR("cluster", "n"), ADOPTION_ORPHAN},
		// The word is for another one: a standalone of the name, a cluster of another name, a part of the word.
		{WORD(API_KIND_STANDALONE "/n"), "", ADOPTION_UNCLAIMED},
		{WORD(API_KIND_CLUSTER "/nn"), "", ADOPTION_UNCLAIMED},
		{WORD(API_KIND_CLUSTER), "", ADOPTION_UNCLAIMED},
		{WORD("n"), "", ADOPTION_UNCLAIMED},
		// An object of another kind or name is never adopted, not even by the user's word.
		{LABELS("standalone", "n") "," APPLIED, "", ADOPTION_FOREIGN},
		{LABELS("cluster", "m") "," APPLIED, "", ADOPTION_FOREIGN},
		{LABELS("standalone", "n") "," WORD(API_KIND_CLUSTER "/n"), "", ADOPTION_FOREIGN},
		// An object that has an owner stays with that owner, whatever marks it bears.
		{OURS "," APPLIED "," OWNER("Thing", "t", "u-t", "true"), "", ADOPTION_FOREIGN},
		{OURS "," APPLIED "," OWNER(API_KIND_CLUSTER, "m", "u-m", "true"), "", ADOPTION_FOREIGN},
		{OURS "," APPLIED "," OWNER(API_KIND_STANDALONE, "n", "u-s", "true"), "", ADOPTION_FOREIGN},
		{WORD(API_KIND_CLUSTER "/n") "," OWNER("Thing", "t", "u-t", "true"), "", ADOPTION_FOREIGN},
		{OURS "," APPLIED "," OWNER("Thing", "t", "u-t", "false"), "", ADOPTION_FOREIGN},
		// A StatefulSet's selector is for good.
		{OURS "," APPLIED, SELECTOR("cluster", "m"), ADOPTION_FOREIGN},
		{WORD(API_KIND_CLUSTER "/n"), "\"spec\":{\"serviceName\":\"n-headless\",\"selector\":{\"matchLabels\":{\"app\":\"x\"}}}",
		 ADOPTION_FOREIGN},
		// On its way out.
		{OURS "," APPLIED "," OWNER(API_KIND_CLUSTER, "n", "u-old", "true"), "", ADOPTION_LEAVING},
		{OURS "," APPLIED ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"", "", ADOPTION_LEAVING},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		enum adoption adoption = adoption_judge(parse(arena, cases[i].metadata, cases[i].rest), &cluster);

		if (adoption != cases[i].adoption)
			print_message("case %zu: %s %s\n", i, cases[i].metadata, cases[i].rest);
		assert_int_equal(adoption, cases[i].adoption);
	}
}

// B2: the patch makes the owner, takes the word away, and holds for the object that was judged only.
static void test_patch(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(adoption_patch(parse(arena, OURS "," WORD(API_KIND_CLUSTER "/n"), ""), &cluster, arena),
			    "{\"metadata\":{\"resourceVersion\":\"7\",\"uid\":\"u-o\",\"ownerReferences\":[{\"apiVersion\":"
			    "\"neo4j.neo4j.com/v1alpha1\",\"blockOwnerDeletion\":false,\"controller\":true,\"kind\":\"Neo4jEnterpriseCluster\","
			    "\"name\":\"n\",\"uid\":\"u-new\"}],\"annotations\":{\"neofleet.neo4j.com/adopt\":null}}}");
	assert_null(strstr(adoption_patch(parse(arena, OURS "," APPLIED, ""), &cluster, arena), "annotations"));
	// Whoever else owns it stays.
	assert_non_null(strstr(adoption_patch(parse(arena,
						    "\"ownerReferences\":[{\"uid\":\"u-t\"},{\"uid\":\"u-new\",\"controller\":false}]", ""),
					      &cluster, arena),
			       "\"uid\":\"u-new\"},{\"uid\":\"u-t\"}]"));
}

static struct adoption_case taken(struct arena *arena, const char *kind, const char *name, const char *metadata)
{
	yyjson_val *object = parse(arena, metadata, "");

	return (struct adoption_case){kind, name, adoption_judge(object, &cluster), object};
}

// B2: everything in the way in one message, with one command for all, and no cure that deletes.
static void test_refusal(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct adoption_case cases[4];
	const char *text;

	(void)state;
	cases[0] = taken(arena, "Service", "n-headless", OURS "," APPLIED);
	assert_null(adoption_refusal(cases, 1, &cluster, arena));
	cases[1] = taken(arena, "ServiceAccount", "n", "");
	cases[2] = taken(arena, "ConfigMap", "n-config", "");
	text = adoption_refusal(cases, 3, &cluster, arena);
	assert_string_equal(text,
			    "Names that this deployment needs are taken by objects without an owner: ServiceAccount 'n', ConfigMap "
			    "'n-config'; give this deployment another name, or hand them over, so that it rewrites them and they go with it: "
			    "kubectl annotate --namespace x serviceaccount/n configmap/n-config --overwrite "
			    "neofleet.neo4j.com/adopt=Neo4jEnterpriseCluster/n");
	cases[3] = taken(arena, "Service", "n-client", LABELS("standalone", "n") "," OWNER(API_KIND_STANDALONE, "n", "u-s", "true"));
	text = adoption_refusal(cases, 4, &cluster, arena);
	assert_string_equal(text,
			    "Names that this deployment needs are taken: Service 'n-client' belongs to Neo4jEnterpriseStandalone 'n'; without an "
			    "owner: ServiceAccount 'n', ConfigMap 'n-config'; give this deployment another name");
	cases[3] = taken(arena, "Service", "n-client", LABELS("standalone", "n"));
	text = adoption_refusal(cases, 4, &cluster, arena);
	assert_non_null(strstr(text, "Service 'n-client' was made for standalone 'n'"));
	assert_null(strstr(text, "delete"));
}

// B8: an object that keeps a name is told with the finalizers that hold it, but for those that end by themselves.
static void test_leaving(void **state)
{
	static const char leaving[] = OURS ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"";
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct adoption_case cases[3] = {
		taken(arena, "Service", "n-client", arena_printf(arena, "%s,\"finalizers\":[\"a.example/x\",\"foregroundDeletion\",\"a.example/y\"]", leaving)),
		taken(arena, "PersistentVolumeClaim", "data-n-0", arena_printf(arena, "%s,\"finalizers\":[\"kubernetes.io/pvc-protection\",7]", leaving)),
		taken(arena, "Service", "n-headless", OURS "," APPLIED ",\"finalizers\":[\"a.example/x\"]"),
	};

	(void)state;
	assert_string_equal(adoption_list(cases, 3, ADOPTION_LEAVING, arena),
			    "Service 'n-client' (held by finalizer 'a.example/x', 'a.example/y'), PersistentVolumeClaim 'data-n-0'");
	assert_string_equal(adoption_list(cases, 3, ADOPTION_ORPHAN, arena), "Service 'n-headless'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judgement),
		cmocka_unit_test(test_patch),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_leaving),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
