// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// YAML as kubectl reads it, and the YAML that the program writes.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "cli/manifest.h"
#include "cli/yaml_text.h"

static const char *json_of(struct arena *arena, const char *yaml)
{
	_cleanup_(manifest_freep) struct manifest *manifest = manifest_new(arena);
	const struct manifest_object *objects;
	struct err err = ERR_INIT;
	size_t n;
	int line;

	if (manifest_read(manifest, "text", yaml, strlen(yaml), &line, &err) < 0)
		return arena_printf(arena, "%d: %s", line, err.text);
	objects = manifest_objects(manifest, &n);
	return n ? json_val_text(arena, objects[0].root) : "nothing";
}

static void test_scalars(void **state)
{
	static const struct {
		const char *yaml, *json;
	} cases[] = {
		{"a: yes", "true"}, {"a: \"yes\"", "\"yes\""}, {"a: 'no'", "\"no\""}, {"a: off", "false"}, {"a: y", "true"}, {"a: yEs", "\"yEs\""},
		{"a:", "null"}, {"a: ~", "null"}, {"a: ''", "\"\""}, {"a: null", "null"},
		{"a: 12", "12"}, {"a: -12", "-12"}, {"a: +12", "12"}, {"a: 0x1f", "31"}, {"a: 0777", "511"}, {"a: 0o17", "15"}, {"a: 0b11", "3"},
		{"a: 1_000", "1000"}, {"a: 089", "89.0"}, {"a: 18446744073709551615", "18446744073709551615"},
		{"a: -9223372036854775808", "-9223372036854775808"},
		{"a: 5.26", "5.26"}, {"a: .5", "0.5"}, {"a: 1e3", "1000.0"}, {"a: 5.26.1", "\"5.26.1\""}, {"a: 1e", "\"1e\""}, {"a: .", "\".\""},
		{"a: 10Gi", "\"10Gi\""}, {"a: 2025-12-01", "\"2025-12-01T00:00:00Z\""}, {"a: 2025.12-enterprise", "\"2025.12-enterprise\""},
		{"a: !!str 12", "\"12\""}, {"a: |\n  x\n  y\n", "\"x\\ny\\n\""}, {"a: >-\n  x\n  y\n", "\"x y\""}, {"a: \"x\\0y\"", "\"x\\u0000y\""},
		{"a: &b [1]\n", "[1]"}, {"a: 0x", "\"0x\""}, {"a: +", "\"+\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();

		assert_string_equal(json_of(arena, cases[i].yaml), arena_printf(arena, "{\"a\":%s}", cases[i].json));
	}
}

static void test_keys_and_aliases(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(json_of(arena, "on: 1\n2: x\n"), "{\"true\":1,\"2\":\"x\"}");
	assert_string_equal(json_of(arena, "1: a\n\"1\": b\n"), "2: is no YAML: duplicate key");
	assert_string_equal(json_of(arena, "0x1: a\n1: b\n"), "2: the key stands twice in its map");
	assert_string_equal(json_of(arena, "a: &x {b: 1}\nc: *x\n"), "{\"a\":{\"b\":1},\"c\":{\"b\":1}}");
	assert_string_equal(json_of(arena, "[a]: b\n"), "1: a key must be a string");
	assert_string_equal(json_of(arena, "~: b\n"), "1: a key must be a string");
	assert_string_equal(json_of(arena, "# nothing\n---\n...\n"), "nothing");
	assert_string_equal(json_of(arena, ""), "nothing");
	assert_string_equal(json_of(arena, "{\"a\": [1, {\"b\": \"\\u00e4\"}]}"), "{\"a\":[1,{\"b\":\"\u00e4\"}]}");
}

static void test_depth(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	char deep[4096] = "a: ";

	(void)state;
	memset(deep + 3, '[', 2000);
	memset(deep + 2003, ']', 2000);
	assert_null(strstr(json_of(arena, deep), "[["));
}

static void test_lines(void **state)
{
	static const char yaml[] = "---\nkind: A\nspec:\n  config:\n    a.b: 1\n    a.b.c: 2\n  env:\n  - name: x\n  -\n    name: y\n---\nkind: B\n";
	static const struct {
		const char *path;
		int line;
	} cases[] = {{"", 2}, {"kind", 2}, {"spec", 3}, {"spec.config.a.b", 5}, {"spec.config.a.b.c", 6}, {"spec.config[a.b.c]", 6}, {"spec.env[0]", 8},
		     {"spec.env[1].name", 10}, {"spec.env[7].name", 7}, {"spec.nothing.of", 3}, {"spec.config.a", 4}};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(manifest_freep) struct manifest *manifest = manifest_new(arena);
	const struct manifest_object *objects;
	struct err err = ERR_INIT;
	size_t n;
	int line;

	(void)state;
	assert_int_equal(manifest_read(manifest, "text", yaml, strlen(yaml), &line, &err), 0);
	objects = manifest_objects(manifest, &n);
	assert_int_equal(n, 2);
	assert_int_equal(objects[1].line, 12);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(manifest_line(manifest, &objects[0], cases[i].path), cases[i].line);
}

static void test_nulls(void **state)
{
	static const char json[] = "{\"a\":null,\"b\":{\"c\":null,\"d\":[null,{\"e\":null,\"f\":1}]},\"g\":null}";
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(json_val_text(arena, manifest_without_nulls(json_parse(arena, json, strlen(json)), arena)),
			    "{\"b\":{\"d\":[null,{\"f\":1}]}}");
}

// G4: in the part of podTemplate that the schema leaves free a null means something.
static void test_nulls_of_a_pod_template(void **state)
{
	static const char json[] = "{\"spec\":{\"env\":null,\"podTemplate\":{\"metadata\":{\"labels\":null},\"spec\":{\"securityContext\":{\"runAsUser\":null}}}}}";
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(json_val_text(arena, manifest_without_nulls(json_parse(arena, json, strlen(json)), arena)),
			    "{\"spec\":{\"podTemplate\":{\"metadata\":{},\"spec\":{\"securityContext\":{\"runAsUser\":null}}}}}");
}

static const char *yaml_of(struct arena *arena, const char *json)
{
	const char *kept;
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	yaml_text_write(json_parse(arena, json, strlen(json)), out);
	(void)fclose(out);
	kept = arena_strdup(arena, text);
	free(text);
	return kept;
}

// A written value reads back as the same.
static void test_there_and_back(void **state)
{
	static const char *const texts[] = {
		"{\"a\":\"yes\",\"b\":\"no way\",\"c\":\"1\",\"d\":\"\",\"e\":null,\"f\":true,\"g\":1.5,\"h\":\"2025-12-01\",\"i\":\"x: y\",\"j\":\" x\",\"k\":\"x \"}",
		"{\"a\":{},\"b\":[],\"c\":{\"d\":{\"e\":[1,2,[3,4],{\"f\":1,\"g\":[5]}]}},\"on\":\"on\",\"1\":2,\"x.y/z\":\"#\"}",
		"{\"a\":\"x\\ny\\n\",\"b\":\"x\\n\\ny\",\"c\":\"x\\n\\n\",\"d\":\"\\n\",\"e\":\"\\nx\",\"f\":\" x\\ny\",\"g\":\"x \\ny\",\"h\":\"x\\n y\"}",
		"{\"a\":[\"x\\ny\",[\"z\\n\"],{\"b\":\"c\\nd\"}],\"b\":\"\\t\",\"c\":\"\\u0000\",\"d\":\"\u00e4\\n\u00f6\",\"e\":\"y\",\"f\":\"null\",\"g\":\"- a\"}",
		"{\"a\":\"#!/bin/sh\\nif x; then\\n\\ty\\nfi\\n\",\"b\":\"\\tx\\ny\",\"c\":\"x\\n\\t\\ny\\t\\n\"}",
		"{\"a\":[[],{}],\"b\":[[[1]]],\"c\":[{\"d\":[{\"e\":1}]}]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();

		assert_string_equal(json_of(arena, yaml_of(arena, texts[i])), texts[i]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars), cmocka_unit_test(test_keys_and_aliases), cmocka_unit_test(test_depth),
		cmocka_unit_test(test_nulls), cmocka_unit_test(test_nulls_of_a_pod_template),	cmocka_unit_test(test_lines),	cmocka_unit_test(test_there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
