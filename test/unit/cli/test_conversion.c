// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// What is not ours has a sentence; a manifest of ours, which a converted one is, too, goes through the conversion unchanged.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/conversion.h"
#include "kube/file.h"

#define GOLDEN NEOFLEET_SOURCE_DIR "/test/golden"
#define FILES NEOFLEET_SOURCE_DIR "/test/unit/cli/files/convert"

// Each field of the Go operator has a rule, or holds such fields only; the words of the rule end as they may stand within a sentence.
static size_t check_foreign(yyjson_val *schema, bool inside)
{
	bool foreign = inside || schema_is_foreign(schema);
	yyjson_val *key, *member, *rules = yyjson_obj_get(schema, "x-kubernetes-validations"), *properties = yyjson_obj_get(schema, "properties");
	size_t index, max, n = 0;

	if (schema_is_foreign(schema) && rules) {
		const char *text = yyjson_get_str(yyjson_obj_get(yyjson_arr_get_first(rules), "message"));

		assert_true(*text && text[strlen(text) - 1] != '.');
		return 1;
	}
	if (foreign)
		assert_true(yyjson_obj_size(properties) > 0);
	yyjson_obj_foreach(properties, index, max, key, member)
		n += check_foreign(member, foreign);
	return n;
}

static void test_foreign(void **state)
{
	static const struct {
		const char *kind;
		size_t least;
	} kinds[] = {{"Neo4jEnterpriseCluster", 50}, {"Neo4jEnterpriseStandalone", 45}, {"Neo4jPlugin", 10}};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct schemas schemas;

	(void)state;
	schemas_load(arena, &schemas);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		assert_true(check_foreign(schemas_find(&schemas, kinds[i].kind), false) >= kinds[i].least);
}

// Converts it, and says whether something was lost.
static yyjson_val *convert(struct arena *arena, yyjson_val *root, bool *ret_lost)
{
	const struct manifest_object object = {.source = "test", .line = 1, .root = root};
	struct conversion conversion;
	yyjson_val *made;

	conversion_begin(&conversion, arena);
	made = conversion_make(&conversion, &object);
	*ret_lost = false;
	for (size_t i = 0; i < conversion.n; i++)
		*ret_lost = *ret_lost || conversion.notes[i].lost;
	return made;
}

static void assert_unchanged(struct arena *arena, yyjson_val *root, const char *what)
{
	bool lost;
	yyjson_val *made = convert(arena, root, &lost);

	if (lost || !yyjson_equals(yyjson_obj_get(made, "spec"), yyjson_obj_get(root, "spec")))
		fail_msg("%s: %s became %s", what, json_val_text(arena, root), json_val_text(arena, made));
}

static yyjson_val *read_golden(struct arena *arena, const char *name)
{
	_cleanup_buf_ struct buf text = BUF_INIT(FILE_MAX_BYTES);
	struct err err = ERR_INIT;

	if (file_read(arena_printf(arena, "%s/%s/in.json", GOLDEN, name), &text, &err) < 0)
		return NULL;
	return json_parse(arena, text.data, text.len);
}

// The manifests of the golden files that admission would take, with the plugins beside them.
static void test_ours(void **state)
{
	DIR *folder = opendir(GOLDEN);
	struct dirent *entry;
	size_t n = 0;

	(void)state;
	assert_non_null(folder);
	while ((entry = readdir(folder))) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		yyjson_val *golden = *entry->d_name == '.' ? NULL : read_golden(arena, entry->d_name), *plugin;
		size_t index, max;

		if (!golden)
			continue;
		assert_unchanged(arena, yyjson_obj_get(golden, "object"), entry->d_name);
		yyjson_arr_foreach(yyjson_obj_get(golden, "plugins"), index, max, plugin)
			assert_unchanged(arena, plugin, entry->d_name);
		n++;
	}
	(void)closedir(folder);
	assert_true(n > 40);
}

static int is_yaml(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

// Nothing is left to do for a second conversion.
static void test_twice(void **state)
{
	struct dirent **entries;
	int files = scandir(FILES, &entries, is_yaml, alphasort);
	size_t n, made = 0;

	(void)state;
	assert_true(files > 0);
	for (int i = 0; i < files; i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		_cleanup_(manifest_freep) struct manifest *manifest = manifest_new(arena);
		_cleanup_buf_ struct buf text = BUF_INIT(FILE_MAX_BYTES);
		const struct manifest_object *objects;
		struct err err = ERR_INIT;
		int line;

		assert_int_equal(file_read(arena_printf(arena, "%s/%s", FILES, entries[i]->d_name), &text, &err), 0);
		assert_int_equal(manifest_read(manifest, entries[i]->d_name, buf_str(&text), text.len, &line, &err), 0);
		objects = manifest_objects(manifest, &n);
		for (size_t j = 0; j < n; j++) {
			bool lost;
			yyjson_val *once = convert(arena, objects[j].root, &lost);

			if (once)
				assert_unchanged(arena, once, entries[i]->d_name);
			made += once != NULL;
		}
		free(entries[i]);
	}
	free(entries);
	assert_int_equal(made, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_ours),
		cmocka_unit_test(test_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
