// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "api/plugin.h"

#include <ctype.h>
#include <string.h>

#define CURE_NAME "must hold only letters, digits, '-', '_' and '.'"

static bool is_plugin_name(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
			return false;
	return *name;
}

// All patterns go into one comma-separated setting.
static void check_patterns(struct field_reader *reader, struct field security, const char *key, struct field_strings list)
{
	for (size_t i = 0; i < list.n; i++) {
		bool fine = *list.items[i];

		for (const char *c = list.items[i]; *c; c++)
			fine = fine && (isalnum((unsigned char)*c) || strchr("._-*?", *c));
		if (!fine)
			field_fail(reader, security, key, "'%.60s' is not a procedure name or a pattern such as apoc.load.*",
				   list.items[i]);
	}
}

static void decode_dependencies(struct field_reader *reader, struct field spec, struct plugin *ret)
{
	struct field list = field_list(reader, spec, "dependencies");
	size_t n = yyjson_arr_size(list.val), index, max;
	const char **names = arena_new_array(reader->arena, const char *, n);
	bool *optional = arena_new_array(reader->arena, bool, n);
	yyjson_val *val;

	yyjson_arr_foreach(list.val, index, max, val) {
		struct field item = field_item(reader, list, index, val);

		names[index] = field_string_required(reader, item, "name");
		optional[index] = field_bool(reader, item, "optional", false);
		if (!field_failed(reader) && !is_plugin_name(names[index]))
			field_fail(reader, item, "name", CURE_NAME);
	}
	ret->dependencies = (struct field_strings){.items = names, .n = n};
	ret->optional = optional;
}

int plugin_decode(yyjson_val *root, struct arena *arena, struct plugin *ret, struct err *err)
{
	struct field_reader reader = {.arena = arena, .err = err};
	struct field spec, security;
	struct dbms_status status;

	*ret = (struct plugin){0};
	dbms_decode_metadata(root, &ret->metadata);
	dbms_decode_status(root, &status);
	ret->phase = status.phase;
	ret->conditions = status.conditions;

	spec = field_object(&reader, (struct field){.val = root, .path = ""}, "spec");
	ret->cluster_ref = field_string_required(&reader, spec, "clusterRef");
	ret->name = field_string_required(&reader, spec, "name");
	if (!is_plugin_name(ret->name))
		field_fail(&reader, spec, "name", CURE_NAME);
	ret->version = field_string(&reader, spec, "version", NULL);
	ret->enabled = field_bool(&reader, spec, "enabled", true);
	ret->config = field_pairs(&reader, spec, "config");
	decode_dependencies(&reader, spec, ret);
	security = field_object(&reader, spec, "security");
	ret->unrestricted = field_strings(&reader, security, "unrestricted");
	ret->allowed = field_strings(&reader, security, "allowedProcedures");
	check_patterns(&reader, security, "unrestricted", ret->unrestricted);
	check_patterns(&reader, security, "allowedProcedures", ret->allowed);
	return field_failed(&reader) ? (int)err->class : 0;
}
