// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/page/glossary.h"

#include "api/dbms.h"
#include "base/json.h"
#include "cli/schema.h"

struct glossary {
	struct arena *arena;
	yyjson_mut_doc *doc;
	yyjson_mut_val *root;
};

// Both of a list's items and of a map's values the fields stand below the field itself.
static yyjson_val *below(yyjson_val *schema)
{
	yyjson_val *items = yyjson_obj_get(schema, "items"), *more = yyjson_obj_get(schema, "additionalProperties");

	return items ? items : yyjson_is_obj(more) ? more : NULL;
}

static void add_fields(const struct glossary *glossary, yyjson_val *schema, const char *path)
{
	size_t index, max;
	yyjson_val *key, *field;

	if (below(schema))
		add_fields(glossary, below(schema), path);
	yyjson_obj_foreach(json_members(yyjson_obj_get(schema, "properties")), index, max, key, field) {
		const char *name = yyjson_get_str(key), *here = *path ? arena_printf(glossary->arena, "%s.%s", path, name) : name;
		const char *text = yyjson_get_str(yyjson_obj_get(field, "description"));

		if (text)
			yyjson_mut_obj_add_strcpy(glossary->doc, glossary->root, here, text);
		add_fields(glossary, field, here);
	}
}

void glossary_write(bool cluster, struct buf *out)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct glossary glossary = {.arena = arena, .doc = json_doc_new(arena)};
	struct schemas schemas;

	glossary.root = yyjson_mut_obj(glossary.doc);
	yyjson_mut_doc_set_root(glossary.doc, glossary.root);
	schemas_load(arena, &schemas);
	add_fields(&glossary, schemas_find(&schemas, cluster ? API_KIND_CLUSTER : API_KIND_STANDALONE), "");
	buf_add(out, json_text(arena, glossary.doc));
}
