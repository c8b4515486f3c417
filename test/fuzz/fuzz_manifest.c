// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any text as a manifest: it is read or refused, and inspected, with the line of each finding; what is read is written as YAML and is the same then.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/inspection.h"
#include "cli/yaml_text.h"
#include "fuzz.h"

static void there_and_back(struct arena *arena, yyjson_val *root)
{
	_cleanup_(manifest_freep) struct manifest *again = manifest_new(arena);
	const struct manifest_object *objects;
	struct err err = ERR_INIT;
	size_t len, n;
	char *yaml;
	FILE *out = open_memstream(&yaml, &len);
	int line;

	yaml_text_write(root, out);
	(void)fclose(out);
	must(manifest_read(again, "again", yaml, len, &line, &err) == 0);
	objects = manifest_objects(again, &n);
	must(n == 1 && yyjson_equals(objects[0].root, root));
	free(yaml);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(manifest_freep) struct manifest *manifest = manifest_new(arena);
	struct inspection inspection = {.arena = arena, .manifest = manifest, .namespace = "default"};
	const struct manifest_object *objects;
	struct err err = ERR_INIT;
	size_t n;
	int line;

	(void)manifest_read(manifest, "text", (const char *)data, size, &line, &err);
	objects = manifest_objects(manifest, &n);
	for (size_t i = 0; i < n && i < 4; i++) {
		if (yyjson_obj_size(objects[i].root) > 0 && !yyjson_equals_str(yyjson_obj_get(objects[i].root, "kind"), "List"))
			there_and_back(arena, objects[i].root);
	}
	inspection_run(&inspection);
	must(inspection.good + inspection.refused + inspection.others == n);
	return 0;
}
