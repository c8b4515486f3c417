// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/plugin.h"
#include "base/json.h"

#define PLUGIN(spec) "{\"metadata\":{\"name\":\"p\",\"creationTimestamp\":\"2025-12-01T10:00:00Z\"},\"spec\":{" spec "},\"status\":{\"phase\":\"Ready\"}}"

static int decode(struct arena *arena, const char *json, struct plugin *ret, struct err *err)
{
	yyjson_val *root = json_parse(arena, json, strlen(json));

	assert_non_null(root);
	return plugin_decode(root, arena, ret, err);
}

static void test_whole(void **state)
{
	struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct plugin plugin;

	(void)state;
	assert_int_equal(decode(arena,
				PLUGIN("\"clusterRef\":\"db\",\"name\":\"gds\",\"version\":\"2.1\",\"config\":{\"b\":\"2\",\"a\":\"1\"},"
				       "\"security\":{\"unrestricted\":[\"gds.*\"],\"allowedProcedures\":[\"gds.a\",\"gds.b\"]}"),
				&plugin, &err),
			 0);
	assert_string_equal(plugin.cluster_ref, "db");
	assert_string_equal(plugin.name, "gds");
	assert_true(plugin.enabled); // the default
	assert_string_equal(plugin.config.items[0].name, "a");
	assert_int_equal(plugin.unrestricted.n, 1);
	assert_string_equal(plugin.allowed.items[1], "gds.b");
	assert_string_equal(plugin.phase, "Ready");
	assert_string_equal(plugin.metadata.created, "2025-12-01T10:00:00Z");
	assert_int_equal(decode(arena, PLUGIN("\"clusterRef\":\"db\",\"name\":\"apoc\",\"enabled\":false"), &plugin, &err), 0);
	assert_false(plugin.enabled);
	assert_int_equal(decode(arena,
				PLUGIN("\"clusterRef\":\"db\",\"name\":\"gds\",\"dependencies\":[{\"name\":\"apoc\",\"versionConstraint\":\">=5\"},"
				       "{\"name\":\"n10s\",\"optional\":true}]"),
				&plugin, &err),
			 0);
	assert_int_equal(plugin.dependencies.n, 2);
	assert_string_equal(plugin.dependencies.items[1], "n10s");
	assert_false(plugin.optional[0]);
	assert_true(plugin.optional[1]);
	arena_free(arena);
}

static const struct {
	const char *json, *error;
} refused[] = {
	{PLUGIN("\"name\":\"apoc\""), "spec.clusterRef: is required"},
	{PLUGIN("\"clusterRef\":\"db\""), "spec.name: is required"},
	{PLUGIN("\"clusterRef\":\"db\",\"name\":\"a\\\"b\""), "spec.name: must hold only"},
	{PLUGIN("\"clusterRef\":\"db\",\"name\":\"a\",\"dependencies\":[{}]"), "spec.dependencies[0].name: is required"},
	{PLUGIN("\"clusterRef\":\"db\",\"name\":\"a\",\"dependencies\":[{\"name\":\"b,c\"}]"), "spec.dependencies[0].name: must hold only"},
	{PLUGIN("\"clusterRef\":\"db\",\"name\":\"a\",\"enabled\":1"), "spec.enabled: must be true or false"},
	{PLUGIN("\"clusterRef\":\"db\",\"name\":\"a\",\"config\":{\"x\":true}"), "spec.config.x: must be a string"},
	{PLUGIN("\"clusterRef\":\"db\",\"name\":\"a\",\"security\":{\"unrestricted\":[\"a.*,b.*\"]}"),
	 "spec.security.unrestricted: 'a.*,b.*' is not"},
	{PLUGIN("\"clusterRef\":\"db\",\"name\":\"a\",\"security\":{\"allowedProcedures\":[\"\"]}"),
	 "spec.security.allowedProcedures: '' is not"},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct arena *arena = arena_new();
		struct err err = ERR_INIT;
		struct plugin plugin;

		if (decode(arena, refused[i].json, &plugin, &err) != ERR_INVALID ||
		    strncmp(err.text, refused[i].error, strlen(refused[i].error)) != 0)
			fail_msg("wanted '%s', got '%s'", refused[i].error, err.text);
		assert_string_equal(plugin.metadata.name, "p"); // known even then
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole), cmocka_unit_test(test_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
