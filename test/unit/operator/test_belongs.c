// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// E4: which objects with our label can be a deployment's at all. Whatever is not can be as large and as many as it likes.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "operator/object/belongs.h"

#define OBJECT(name, more) "{\"metadata\":{\"name\":\"" name "\"" more "}}"
#define LABELLED(instance) ",\"labels\":{\"app.kubernetes.io/managed-by\":\"neofleet\",\"app.kubernetes.io/instance\":\"" instance "\"}"
#define OWNED(kind, name) ",\"ownerReferences\":[{\"kind\":\"Other\",\"name\":\"x\"},{\"kind\":\"" kind "\",\"name\":\"" name "\",\"controller\":true}]"
#define CLUSTER "Neo4jEnterpriseCluster"

static void expect(bool (*belongs)(yyjson_val *), const char *text, bool wanted)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *object = json_parse(arena, text, strlen(text));

	assert_non_null(object);
	if (belongs(object) != wanted)
		fail_msg("%s", text);
}

static void test_children(void **state)
{
	(void)state;
	expect(belongs_child, OBJECT("a", LABELLED("a") OWNED(CLUSTER, "a")), true);
	expect(belongs_child, OBJECT("a-config", LABELLED("a") OWNED("Neo4jEnterpriseStandalone", "a")), true);
	expect(belongs_child, OBJECT("a-server", OWNED(CLUSTER, "a")), true);
	// An object that has lost its owner must be adopted.
	expect(belongs_child, OBJECT("a-headless", LABELLED("a")), true);
	expect(belongs_child, OBJECT("o1", LABELLED("a")), false);
	expect(belongs_child, OBJECT("a-config", ""), false);
	expect(belongs_child, OBJECT("o1", LABELLED("a") OWNED(CLUSTER, "a")), false);
	expect(belongs_child, OBJECT("a-config1", LABELLED("a") OWNED(CLUSTER, "a")), false);
	expect(belongs_child, OBJECT("a-config", LABELLED("a") OWNED("Deployment", "a")), false);
	expect(belongs_child, OBJECT("a-config", LABELLED("a") OWNED("Neo4jPlugin", "a")), false);
	expect(belongs_child, OBJECT("", LABELLED("")), false);
	expect(belongs_child, "{}", false);
	expect(belongs_child, "{\"metadata\":{\"name\":7,\"labels\":[],\"ownerReferences\":{}}}", false);
}

// As many as there may be servers.
static void test_pods(void **state)
{
	(void)state;
	expect(belongs_pod, OBJECT("a-0", LABELLED("a")), true);
	expect(belongs_pod, OBJECT("a-server-0", LABELLED("a")), true);
	expect(belongs_pod, OBJECT("a-server-19", LABELLED("a")), true);
	expect(belongs_pod, OBJECT("a-server-20", LABELLED("a")), false);
	expect(belongs_pod, OBJECT("a-server-00", LABELLED("a")), false);
	expect(belongs_pod, OBJECT("a-server-1x", LABELLED("a")), false);
	expect(belongs_pod, OBJECT("a-server-", LABELLED("a")), false);
	expect(belongs_pod, OBJECT("a", LABELLED("a")), false);
	expect(belongs_pod, OBJECT("b-server-0", LABELLED("a")), false);
	expect(belongs_pod, OBJECT("a-server-0", ""), false);
	expect(belongs_pod, "{}", false);
}

static void test_volumes(void **state)
{
	(void)state;
	expect(belongs_volume, OBJECT("data-a-server-2", LABELLED("a")), true);
	expect(belongs_volume, OBJECT("data-a-0", LABELLED("a")), true);
	expect(belongs_volume, OBJECT("data-a-server-100", LABELLED("a")), false);
	expect(belongs_volume, OBJECT("a-server-2", LABELLED("a")), false);
	expect(belongs_volume, OBJECT("logs-a-server-2", LABELLED("a")), false);
	expect(belongs_volume, "{}", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_children),
		cmocka_unit_test(test_pods),
		cmocka_unit_test(test_volumes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
