// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// C1, C4, C6: which Neo4jPlugins of a namespace get what they want of a deployment.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "operator/plugin/plugin_claims.h"

#define MAX 8

// A Neo4jPlugin of the deployment 'db', made in the given minute.
#define PLUGIN(resource, minute, spec)                                                                                       \
	"{\"metadata\":{\"name\":\"" resource "\",\"creationTimestamp\":\"2025-12-01T10:" minute ":00Z\"},\"spec\":{"       \
	"\"clusterRef\":\"db\"," spec "}}"
#define NAMED(name) "\"name\":\"" name "\""

struct fixture {
	struct arena *arena;
	struct plugin_claims claims;
};

static void judge(struct fixture *fixture, const char *tag, const char *const *texts)
{
	struct plugin_claims_target target = {.name = "db", .version = version_of_tag(tag)};
	yyjson_val *objects[MAX];
	size_t n = 0;

	fixture->arena = arena_new();
	for (; texts[n]; n++) {
		objects[n] = json_parse(fixture->arena, texts[n], strlen(texts[n]));
		assert_non_null(objects[n]);
	}
	plugin_claims_judge(objects, n, &target, fixture->arena, &fixture->claims);
}

static const char *names(struct fixture *fixture)
{
	struct plugin_list list = plugin_claims_names(&fixture->claims, fixture->arena);

	return pluginlist_print(&list, fixture->arena);
}

static void expect(struct fixture *fixture, const char *resource, enum claim_verdict verdict, const char *part)
{
	const struct plugin_claim *claim = plugin_claims_find(&fixture->claims, resource);

	assert_non_null(claim);
	assert_int_equal(claim->verdict, verdict);
	if (part)
		assert_non_null(strstr(claim->message, part));
	else
		assert_null(claim->message);
}

// In order of creation, then of name; by the image's names; only those that refer to this deployment.
static void test_order(void **state)
{
	struct fixture f;

	(void)state;
	judge(&f, "2025.12",
	      (const char *const[]){PLUGIN("z", "03", NAMED("gds")), PLUGIN("b", "05", NAMED("genai")),
				    PLUGIN("a", "05", NAMED("bloom")), PLUGIN("y", "01", NAMED("apoc")),
				    "{\"metadata\":{\"name\":\"other\",\"creationTimestamp\":\"2025-12-01T10:00:00Z\"},\"spec\":{"
				    "\"clusterRef\":\"db2\",\"name\":\"apoc-extended\"}}",
				    NULL});
	assert_int_equal(f.claims.n, 4);
	assert_null(plugin_claims_find(&f.claims, "other"));
	assert_string_equal(names(&f), "[\"apoc\",\"bloom\",\"genai\",\"graph-data-science\"]");
	arena_free(f.arena);
}

static void test_disabled(void **state)
{
	struct fixture f;

	(void)state;
	judge(&f, "2025.12",
	      (const char *const[]){PLUGIN("off", "01", NAMED("apoc") ",\"enabled\":false"),
				    "{\"metadata\":{\"name\":\"going\",\"creationTimestamp\":\"2025-12-01T10:00:00Z\","
				    "\"deletionTimestamp\":\"2025-12-01T11:00:00Z\"},\"spec\":{\"clusterRef\":\"db\",\"name\":\"bloom\"}}",
				    NULL});
	expect(&f, "off", CLAIM_DISABLED, NULL);
	expect(&f, "going", CLAIM_DISABLED, NULL);
	assert_string_equal(names(&f), "[]");
	arena_free(f.arena);
}

// The oldest wins; the same wishes twice are one; a disabled, an invalid or an unknown one does not stand in the way.
static void test_claimed_twice(void **state)
{
	struct fixture f;
	size_t n;

	(void)state;
	judge(&f, "2025.12",
	      (const char *const[]){
		      PLUGIN("young", "09", NAMED("gds") ",\"config\":{\"gds.a\":\"2\"}"),
		      PLUGIN("old", "02", NAMED("graph-data-science") ",\"config\":{\"gds.a\":\"1\"}"),
		      PLUGIN("same", "03", NAMED("gds") ",\"config\":{\"gds.a\":\"1\"}"),
		      PLUGIN("off", "01", NAMED("gds") ",\"enabled\":false,\"config\":{\"gds.a\":\"3\"}"),
		      PLUGIN("bad", "00", NAMED("gds") ",\"config\":{\"server.bolt.enabled\":\"false\"}"),
		      NULL,
	      });
	expect(&f, "old", CLAIM_ACCEPTED, NULL);
	expect(&f, "same", CLAIM_ACCEPTED, NULL);
	expect(&f, "off", CLAIM_DISABLED, NULL);
	expect(&f, "young", CLAIM_REFUSED, "Neo4jPlugin 'old' is older");
	expect(&f, "bad", CLAIM_REFUSED, "spec.config[server.bolt.enabled]: must not be set");
	assert_string_equal(names(&f), "[\"graph-data-science\"]");
	assert_string_equal(plugin_claims_plugins(&f.claims, f.arena, &n)[0]->metadata.name, "old");
	assert_int_equal(n, 1);
	arena_free(f.arena);

	judge(&f, "2025.12",
	      (const char *const[]){PLUGIN("a", "01", NAMED("apoc") ",\"security\":{\"allowedProcedures\":[\"apoc.a\",\"apoc.b\"]}"),
				    PLUGIN("b", "02", NAMED("apoc") ",\"security\":{\"allowedProcedures\":[\"apoc.b\",\"apoc.a\"]}"),
				    PLUGIN("c", "03", NAMED("apoc") ",\"security\":{\"allowedProcedures\":[\"apoc.a\"]}"), NULL});
	expect(&f, "b", CLAIM_ACCEPTED, NULL); // the order of a set says nothing
	expect(&f, "c", CLAIM_REFUSED, "'a' is older");
	arena_free(f.arena);
}

static const struct {
	const char *tag, *name;
	enum claim_verdict verdict;
	const char *part;
} known[] = {
	{"2025.12", "nonsense", CLAIM_REFUSED, "choose one of apoc, apoc-extended, bloom, fleet-management, genai, graph-data-science"},
	{"2025.12", "n10s", CLAIM_REFUSED, "does not know the plugin 'n10s'"},
	{"5.26.12", "neosemantics", CLAIM_ACCEPTED, NULL},
	{"5.26.12", PLUGIN_FLEET, CLAIM_ACCEPTED, NULL},
	{"5.26.5", PLUGIN_FLEET, CLAIM_REFUSED, "does not know the plugin 'fleet-management'"},
	{"2026.02.3", PLUGIN_FLEET, CLAIM_REFUSED, "has Fleet Manager built in"},
	{"latest", PLUGIN_FLEET, CLAIM_WAITING, "tell its version"},
	{"latest", "apoc", CLAIM_ACCEPTED, NULL},
};

static void test_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct arena *arena = arena_new();
		struct fixture f;

		judge(&f, known[i].tag,
		      (const char *const[]){arena_printf(arena, PLUGIN("p", "01", NAMED("%s")), known[i].name), NULL});
		expect(&f, "p", known[i].verdict, known[i].part);
		assert_string_equal(names(&f), known[i].verdict == CLAIM_ACCEPTED
						       ? arena_printf(arena, "[\"%s\"]", pluginlist_mapped_name(known[i].name))
						       : "[]");
		arena_free(f.arena);
		arena_free(arena);
	}
}

// A plugin's wishes may break the plugin, never the deployment.
static void test_invalid(void **state)
{
	struct fixture f;

	(void)state;
	judge(&f, "2025.12",
	      (const char *const[]){PLUGIN("shape", "01", NAMED("a b")),
				    PLUGIN("memory", "02", NAMED("gds") ",\"config\":{\"server.memory.heap.max_size\":\"9g\"}"),
				    PLUGIN("line", "03", NAMED("apoc") ",\"config\":{\"apoc.x\":\"a\\nb\"}"), NULL});
	expect(&f, "shape", CLAIM_REFUSED, "spec.name: must hold only");
	expect(&f, "memory", CLAIM_REFUSED, "memory belongs to the deployment");
	expect(&f, "line", CLAIM_REFUSED, "control characters");
	assert_string_equal(names(&f), "[]");
	arena_free(f.arena);
}

// C6: a plugin's settings give no right that belongs to the deployment: to run code, to open security or the pods' files.
static void test_rights(void **state)
{
	struct fixture f;

	(void)state;
	judge(&f, "2025.12",
	      (const char *const[]){
		      PLUGIN("code", "01", NAMED("apoc") ",\"config\":{\"server.jvm.additional\":\"-javaagent:/plugins/x.jar\"}"),
		      PLUGIN("security", "02", NAMED("genai") ",\"config\":{\"dbms.security.auth_max_failed_attempts\":\"0\"}"),
		      PLUGIN("folder", "03", NAMED("bloom") ",\"config\":{\"dbms.directories.import\":\"/\"}"), // an old name
		      PLUGIN("files", "04", NAMED("apoc-extended") ",\"config\":{\"apoc.import.file.use_neo4j_config\":\"false\"}"),
		      PLUGIN("lists", "05",
			     NAMED("gds") ",\"config\":{\"dbms.security.procedures.denylist\":\"gds.x\","
					  "\"dbms.security.http_auth_allowlist\":\"/bloom.*\"}"),
		      NULL});
	expect(&f, "code", CLAIM_REFUSED, "spec.config[server.jvm.additional]: must not be set by a plugin: flags of the JVM can run code");
	expect(&f, "security", CLAIM_REFUSED, "spec.config[dbms.security.auth_max_failed_attempts]: must not be set by a plugin");
	expect(&f, "folder", CLAIM_REFUSED, "folders belong to the deployment");
	expect(&f, "files", CLAIM_REFUSED, "it opens the pods' files to APOC");
	expect(&f, "lists", CLAIM_ACCEPTED, NULL);
	arena_free(f.arena);
	// The default opens nothing.
	judge(&f, "2025.12", (const char *const[]){PLUGIN("files", "04", NAMED("apoc") ",\"config\":{\"apoc.import.file.use_neo4j_config\":\"true\"}"), NULL});
	expect(&f, "files", CLAIM_ACCEPTED, NULL);
	arena_free(f.arena);
}

// C6: what a plugin brings along stands in the list with it, once; one that the image does not know lets the plugin not be installed, unless it
// is optional.
static void test_dependencies(void **state)
{
	struct fixture f;

	(void)state;
	judge(&f, "2025.12",
	      (const char *const[]){
		      PLUGIN("gds", "01", NAMED("gds") ",\"dependencies\":[{\"name\":\"apoc\"},{\"name\":\"n10s\",\"optional\":true}]"),
		      PLUGIN("apoc", "02", NAMED("apoc")),
		      PLUGIN("again", "03", NAMED("gds")),
		      PLUGIN("same", "04", NAMED("gds") ",\"dependencies\":[{\"name\":\"n10s\"},{\"name\":\"apoc\"}]"),
		      PLUGIN("lacking", "05", NAMED("bloom") ",\"dependencies\":[{\"name\":\"genai\"},{\"name\":\"neosemantics\"}]"),
		      PLUGIN("off", "06", NAMED("bloom") ",\"enabled\":false,\"dependencies\":[{\"name\":\"genai\"}]"),
		      NULL,
	      });
	expect(&f, "gds", CLAIM_ACCEPTED, NULL);
	expect(&f, "again", CLAIM_REFUSED, "'gds' is older");
	expect(&f, "same", CLAIM_REFUSED, "spec.dependencies[0].name: the image of Neo4j 2025.12 does not know the plugin 'n10s'; choose one of");
	expect(&f, "lacking", CLAIM_REFUSED, "spec.dependencies[1].name: the image of Neo4j 2025.12 does not know the plugin 'n10s'");
	assert_string_equal(names(&f), "[\"apoc\",\"graph-data-science\"]");
	arena_free(f.arena);
	judge(&f, "5.26", (const char *const[]){PLUGIN("gds", "01", NAMED("gds") ",\"dependencies\":[{\"name\":\"neosemantics\",\"optional\":true}]"), NULL});
	assert_string_equal(names(&f), "[\"graph-data-science\",\"n10s\"]");
	arena_free(f.arena);
}

static void test_too_long(void **state)
{
	static char value[100 * 1024];
	struct arena *arena = arena_new();
	struct fixture f;

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	judge(&f, "2025.12",
	      (const char *const[]){
		      arena_printf(arena, PLUGIN("one", "01", NAMED("apoc") ",\"config\":{\"apoc.x\":\"%s\"}"), value),
		      arena_printf(arena, PLUGIN("two", "02", NAMED("gds") ",\"config\":{\"gds.x\":\"%s\"}"), value),
		      PLUGIN("three", "03", NAMED("bloom") ",\"config\":{\"bloom.x\":\"y\"}"), NULL});
	expect(&f, "one", CLAIM_ACCEPTED, NULL);
	expect(&f, "two", CLAIM_REFUSED, "at most 128 KiB");
	expect(&f, "three", CLAIM_ACCEPTED, NULL); // what was refused takes no room
	arena_free(f.arena);
	value[sizeof(value) / 2] = '\0';
	judge(&f, "2025.12",
	      (const char *const[]){
		      arena_printf(arena, PLUGIN("one", "01", NAMED("apoc") ",\"config\":{\"apoc.x\":\"%s\"}"), value),
		      arena_printf(arena, PLUGIN("two", "02", NAMED("apoc") ",\"config\":{\"apoc.y\":\"%s\"}"), value),
		      arena_printf(arena, PLUGIN("three", "03", NAMED("gds") ",\"config\":{\"gds.x\":\"%s\"}"), value), NULL});
	expect(&f, "two", CLAIM_REFUSED, "is older and wants other settings");
	expect(&f, "three", CLAIM_ACCEPTED, NULL);
	arena_free(f.arena);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order), cmocka_unit_test(test_disabled), cmocka_unit_test(test_claimed_twice),
		cmocka_unit_test(test_known), cmocka_unit_test(test_invalid), cmocka_unit_test(test_rights), cmocka_unit_test(test_dependencies), cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
