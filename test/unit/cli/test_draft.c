// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// render makes what the operator builds: of each case of test/golden that has nothing live and no certificate, the same children, byte for byte;
// and what the builders refuse is refused.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>

#include "base/json.h"
#include "cli/draft.h"
#include "cli/manifest.h"
#include "cli/yaml_text.h"
#include "kube/file.h"

#define GOLDEN NEOFLEET_SOURCE_DIR "/test/golden"
#define PLUGINS_MAX 8

static yyjson_val *read_json(struct arena *arena, const char *path)
{
	_cleanup_buf_ struct buf text = BUF_INIT(FILE_MAX_BYTES);
	struct err err = ERR_INIT;

	return file_read(path, &text, &err) < 0 ? NULL : json_parse(arena, text.data, text.len);
}

// The record of the Fleet Manager entry is the pass's, not the builders' of the golden files.
static const char *without_record(struct arena *arena, const char *text)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *copy = yyjson_val_mut_copy(doc, json_parse(arena, text, strlen(text)));

	(void)yyjson_mut_obj_remove_key(yyjson_mut_ptr_get(copy, "/metadata/annotations"), FLEET_ENTRY_ANNOTATION);
	yyjson_mut_doc_set_root(doc, copy);
	return json_text(arena, doc);
}

static const char *expected_of(struct arena *arena, yyjson_val *objects, const char *text)
{
	yyjson_val *made = json_parse(arena, text, strlen(text)), *item;
	size_t index, max;

	yyjson_arr_foreach(objects, index, max, item) {
		if (yyjson_equals(yyjson_obj_get(item, "kind"), yyjson_obj_get(made, "kind")) &&
		    yyjson_equals(yyjson_ptr_get(item, "/metadata/name"), yyjson_ptr_get(made, "/metadata/name")))
			return json_val_text(arena, item);
	}
	fail_msg("no golden object for %s", text);
	return NULL;
}

// As YAML it is the same.
static void check_yaml(struct arena *arena, const char *text)
{
	_cleanup_(manifest_freep) struct manifest *manifest = manifest_new(arena);
	struct err err = ERR_INIT;
	size_t len, n;
	char *yaml;
	FILE *out = open_memstream(&yaml, &len);
	int line;

	yaml_text_write(json_parse(arena, text, strlen(text)), out);
	(void)fclose(out);
	assert_int_equal(manifest_read(manifest, "text", yaml, len, &line, &err), 0);
	assert_string_equal(json_val_text(arena, manifest_objects(manifest, &n)->root), text);
	free(yaml);
}

// Whether the case is one of render's.
static bool check_case(struct arena *arena, const char *folder)
{
	yyjson_val *in = read_json(arena, arena_printf(arena, "%s/in.json", folder)), *plugins[PLUGINS_MAX], *plugin;
	yyjson_val *objects = read_json(arena, arena_printf(arena, "%s/objects.json", folder));
	struct draft_source source = {.root = yyjson_obj_get(in, "object"), .plugins = plugins, .namespace = "default"};
	const char *children[CHILD_COUNT];
	struct err err = ERR_INIT;
	struct draft draft;
	size_t index, max, n;
	int r;

	assert_non_null(in);
	if (yyjson_obj_get(in, "live") || yyjson_obj_get(in, "certificate") || yyjson_obj_get(in, "serverVersion"))
		return false;
	yyjson_arr_foreach(yyjson_obj_get(in, "plugins"), index, max, plugin) {
		plugins[source.n_plugins++] = plugin;
	}
	r = draft_make(&source, arena, &draft, &err);
	assert_true((r == 0) == (objects != NULL));
	if (r < 0)
		return true;
	n = draft_children(&draft, arena, children);
	assert_int_equal(n, yyjson_arr_size(objects));
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(without_record(arena, children[i]), expected_of(arena, objects, children[i]));
		check_yaml(arena, children[i]);
	}
	return true;
}

static void test_golden(void **state)
{
	struct dirent **entries;
	int n = scandir(GOLDEN, &entries, NULL, alphasort), checked = 0;

	(void)state;
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();

		if (entries[i]->d_name[0] != '.')
			checked += check_case(arena, arena_printf(arena, GOLDEN "/%s", entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
	assert_true(checked >= 20);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
