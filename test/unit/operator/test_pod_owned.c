// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// G1: what the operator builds and what spec.podTemplate may not change are one list. Each test walks the pod that is built, and tries to
// change what stands there.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "operator/manifest/pod_template.h"
#include "operator/object/names.h"

#define OBJECT(template)                                                                                                               \
	"{\"kind\":\"Neo4jEnterpriseCluster\",\"metadata\":{\"name\":\"db\",\"namespace\":\"ns\",\"uid\":\"u\"},\"spec\":{\"image\":{"    \
	"\"repo\":\"neo4j\",\"tag\":\"2025.12-enterprise\"},\"storage\":{\"size\":\"1Gi\"},\"auth\":{\"adminSecret\":\"s\"},"            \
	"\"topology\":{\"servers\":3},\"resources\":{\"limits\":{\"memory\":\"4Gi\"}},\"tls\":{\"certificateSecret\":\"c\"}" template "}}"

struct built {
	struct arena *arena;
	yyjson_val *template;
};

static int decode(struct arena *arena, const char *json, struct dbms *ret, struct err *err)
{
	yyjson_val *root = json_parse(arena, json, strlen(json));

	assert_non_null(root);
	return dbms_decode(root, arena, ret, err);
}

static struct built build(const char *json)
{
	struct built built = {.arena = arena_new()};
	struct dbms dbms;
	struct names names;
	struct err err = ERR_INIT;
	struct workload_inputs inputs = {
		.dbms = &dbms, .names = &names, .digest = "d", .certificate = "c", .plugins = "[\"apoc\"]", .declared = "[]", .replicas = 3};
	yyjson_mut_doc *doc = json_doc_new(built.arena);
	const char *text;

	if (decode(built.arena, json, &dbms, &err) < 0)
		fail_msg("%s", err.text);
	names_of(&dbms, built.arena, &names);
	yyjson_mut_doc_set_root(doc, pod_template_template(doc, &inputs, built.arena));
	text = json_text(built.arena, doc);
	built.template = json_parse(built.arena, text, strlen(text));
	return built;
}

static void expect_refused(struct arena *arena, const char *shape)
{
	struct err err = ERR_INIT;
	struct dbms dbms;

	if (decode(arena, arena_printf(arena, OBJECT(",\"podTemplate\":%s"), shape), &dbms, &err) != ERR_INVALID)
		fail_msg("taken: %s", shape);
	assert_non_null(strstr(err.text, "spec.podTemplate."));
}

static bool is_one_of(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

static const char *name_of(yyjson_val *item, const char *key)
{
	const char *name = yyjson_get_str(yyjson_obj_get(item, key));

	assert_non_null(name);
	return name;
}

static void test_volumes(void **state)
{
	struct built built = build(OBJECT(""));
	yyjson_val *list = yyjson_ptr_get(built.template, "/spec/volumes"), *item;
	size_t index, max;

	(void)state;
	assert_true(yyjson_arr_size(list) > 6);
	yyjson_arr_foreach(list, index, max, item) {
		const char *name = name_of(item, "name");

		// A user may say where logs are kept.
		if (strcmp(name, "logs") != 0)
			expect_refused(built.arena, arena_printf(built.arena, "{\"spec\":{\"volumes\":[{\"name\":\"%s\"}]}}", name));
	}
	expect_refused(built.arena, "{\"spec\":{\"volumes\":[{\"name\":\"" DATA_VOLUME "\"}]}}");
	arena_free(built.arena);
}

static void check_items(const struct built *built, const char *kind, yyjson_val *container, const char *member, const char *key)
{
	yyjson_val *list = yyjson_obj_get(container, member), *item;
	size_t index, max;

	assert_true(yyjson_arr_size(list) > 0);
	yyjson_arr_foreach(list, index, max, item) {
		expect_refused(built->arena,
			       arena_printf(built->arena, "{\"spec\":{\"%s\":[{\"name\":\"%s\",\"%s\":[{\"name\":\"x\",\"%s\":\"%s\"}]}]}}", kind,
					    name_of(container, "name"), member, key, name_of(item, key)));
	}
}

// A variable has no other key than its name.
static void check_variables(const struct built *built, yyjson_val *container)
{
	yyjson_val *item;
	size_t index, max;

	yyjson_arr_foreach(yyjson_obj_get(container, "env"), index, max, item) {
		expect_refused(built->arena, arena_printf(built->arena, "{\"spec\":{\"containers\":[{\"name\":\"neo4j\",\"env\":[{\"name\":\"%s\"}]}]}}",
							  name_of(item, "name")));
	}
}

static void check_members(const struct built *built, const char *kind, yyjson_val *container, const char *const *users)
{
	yyjson_val *key, *val;
	size_t index, max;

	yyjson_obj_foreach(container, index, max, key, val) {
		if (!is_one_of(users, yyjson_get_str(key)))
			expect_refused(built->arena, arena_printf(built->arena, "{\"spec\":{\"%s\":[{\"name\":\"%s\",\"%s\":%s}]}}", kind,
								  name_of(container, "name"), yyjson_get_str(key), json_val_text(built->arena, val)));
	}
}

static void test_containers(void **state)
{
	// Members that are judged item by item, or may be changed in part.
	static const char *const users[] = {"name", "env", "securityContext", "volumeMounts", NULL};
	struct built built = build(OBJECT(""));
	yyjson_val *server = yyjson_ptr_get(built.template, "/spec/containers/0"), *first = yyjson_ptr_get(built.template, "/spec/initContainers/0");

	(void)state;
	assert_string_equal(name_of(server, "name"), CONTAINER_NAME);
	assert_string_equal(name_of(first, "name"), FIRST_PASSWORD_CONTAINER);
	check_members(&built, "containers", server, users);
	check_members(&built, "initContainers", first, users);
	check_items(&built, "containers", server, "volumeMounts", "mountPath");
	check_items(&built, "initContainers", first, "volumeMounts", "mountPath");
	check_variables(&built, server);
	arena_free(built.arena);
}

// The Services find the server's ports by name, so nobody else in the pod has one of theirs.
static void check_port(const struct built *built, const char *name)
{
	expect_refused(built->arena,
		       arena_printf(built->arena, "{\"spec\":{\"containers\":[{\"name\":\"x\",\"ports\":[{\"name\":\"%s\"}]}]}}", name));
}

static void test_ports(void **state)
{
	struct built built = build(OBJECT(""));
	yyjson_val *list = yyjson_ptr_get(built.template, "/spec/containers/0/ports"), *item;
	size_t index, max;

	(void)state;
	assert_true(yyjson_arr_size(list) > 5);
	yyjson_arr_foreach(list, index, max, item) {
		check_port(&built, name_of(item, "name"));
	}
	check_port(&built, "http"); // the one without TLS
	arena_free(built.arena);
}

static void check_pairs(const struct built *built, const char *member)
{
	yyjson_val *map = yyjson_obj_get(yyjson_obj_get(built->template, "metadata"), member), *key, *val;
	size_t index, max;

	assert_true(yyjson_obj_size(map) > 1);
	yyjson_obj_foreach(map, index, max, key, val) {
		expect_refused(built->arena, arena_printf(built->arena, "{\"metadata\":{\"%s\":{\"%s\":\"x\"}}}", member, yyjson_get_str(key)));
	}
}

static void test_metadata(void **state)
{
	struct built built = build(OBJECT(""));

	(void)state;
	check_pairs(&built, "labels");
	check_pairs(&built, "annotations");
	arena_free(built.arena);
}

// An empty shape, one of nulls and one that only names ours change no byte.
static void test_nothing_changes(void **state)
{
	static const char *const shapes[] = {
		"{}",
		"{\"metadata\":{},\"spec\":{}}",
		"{\"spec\":{\"containers\":null,\"initContainers\":[],\"volumes\":null,\"nodeSelector\":null,\"priorityClassName\":null}}",
		"{\"spec\":{\"containers\":[{\"name\":\"neo4j\",\"env\":null,\"livenessProbe\":null}],\"initContainers\":[{\"name\":\"first-password\"}]}}",
	};
	struct built plain = build(OBJECT(""));

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct built other = build(arena_printf(plain.arena, OBJECT(",\"podTemplate\":%s"), shapes[i]));

		assert_string_equal(json_val_text(plain.arena, plain.template), json_val_text(other.arena, other.template));
		arena_free(other.arena);
	}
	arena_free(plain.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_volumes), cmocka_unit_test(test_containers), cmocka_unit_test(test_metadata),
					   cmocka_unit_test(test_ports),
					   cmocka_unit_test(test_nothing_changes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
