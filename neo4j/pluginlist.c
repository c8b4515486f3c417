// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Names stay strings of their documents; a list has an array for everything that can go into it. The lists have a dozen names at most, so a
// search is linear.

#include "neo4j/pluginlist.h"

#include <string.h>

#include "base/json.h"

// More entries than any image has plugins; a longer list is a mistake.
#define MAX_ENTRIES 64

struct known {
	const char *name;
	bool in_5_26, in_calendar;
	const char *procedures;
};

static const struct known known[] = {
	{"apoc", true, true, "apoc.*"},
	{"apoc-extended", true, true, "apoc.*"},
	{"bloom", true, true, "bloom.*"},
	{PLUGIN_FLEET, true, true, "fleetManagement.*"},
	{"genai", true, true, "genai.*,ai.*"},
	{"graph-data-science", true, true, "gds.*"},
	{"n10s", true, false, "semantics.*,n10s.*"},
};

#define N_KNOWN (sizeof(known) / sizeof(known[0]))

bool pluginlist_contains(const struct plugin_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->names[i], name))
			return true;
	return false;
}

int pluginlist_parse(const char *text, struct arena *arena, struct plugin_list *ret, struct err *err)
{
	yyjson_val *root = json_parse(arena, text, strlen(text));
	const char **names;
	size_t index, max;
	yyjson_val *val;

	*ret = (struct plugin_list){0};
	if (!yyjson_is_arr(root))
		return err_set(err, ERR_INVALID, "not a JSON list of plugin names");
	if (yyjson_arr_size(root) > MAX_ENTRIES)
		return err_set(err, ERR_INVALID, "a list of more than %d plugins", MAX_ENTRIES);
	names = arena_new_array(arena, const char *, yyjson_arr_size(root));
	ret->names = names;
	yyjson_arr_foreach(root, index, max, val) {
		const char *name = yyjson_get_str(val);

		if (!name || !*name || strlen(name) != yyjson_get_len(val)) {
			ret->n = 0;
			return err_set(err, ERR_INVALID, "entry %zu of the list is not a plugin name", index);
		}
		if (!pluginlist_contains(ret, name))
			names[ret->n++] = name;
	}
	return 0;
}

const char *pluginlist_print(const struct plugin_list *list, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);

	yyjson_mut_doc_set_root(doc, yyjson_mut_arr_with_str(doc, (const char **)(uintptr_t)list->names, list->n));
	return json_text(arena, doc);
}

// Appends the names of more that are neither in the list nor in but.
static void add_all(struct plugin_list *list, const struct plugin_list *more, const struct plugin_list *but)
{
	const char **names = (const char **)(uintptr_t)list->names;

	for (size_t i = 0; i < more->n; i++)
		if (!pluginlist_contains(list, more->names[i]) && (!but || !pluginlist_contains(but, more->names[i])))
			names[list->n++] = more->names[i];
}

// An unreadable list counts as empty.
static struct plugin_list parse_lenient(const char *text, struct arena *arena, const char **ret_problem)
{
	struct plugin_list list = {0};
	struct err err = ERR_INIT;

	if (text && *text && pluginlist_parse(text, arena, &list, &err) < 0 && ret_problem)
		*ret_problem = arena_strdup(arena, err.text);
	return list;
}

static struct plugin_list list_of(size_t capacity, struct arena *arena)
{
	return (struct plugin_list){.names = arena_new_array(arena, const char *, capacity)};
}

void pluginlist_merge(const struct pluginlist_wishes *wishes, struct arena *arena, struct pluginlist_merge *ret)
{
	static const char *const fleet_name = PLUGIN_FLEET;
	const struct plugin_list fleet = {.names = &fleet_name, .n = wishes->fleet};
	struct plugin_list live, before, env, foreign, ours;
	size_t capacity;

	*ret = (struct pluginlist_merge){0};
	before = parse_lenient(wishes->declared, arena, NULL);
	live = parse_lenient(wishes->live, arena, &ret->malformed);
	if (ret->malformed) {
		ret->value = wishes->live;
		ret->declared = pluginlist_print(&before, arena);
		return;
	}
	env = parse_lenient(wishes->env, arena, NULL);
	capacity = live.n + env.n + wishes->plugins.n + fleet.n;

	foreign = list_of(capacity, arena);
	add_all(&foreign, &live, &before);
	ours = list_of(capacity, arena);
	add_all(&ours, &env, &foreign);
	add_all(&ours, &wishes->plugins, &foreign);
	add_all(&ours, &fleet, &foreign);

	ret->declared = pluginlist_print(&ours, arena);
	ret->list = list_of(capacity, arena);
	add_all(&ret->list, &foreign, NULL);
	add_all(&ret->list, &ours, NULL);
	ret->value = ret->list.n ? pluginlist_print(&ret->list, arena) : NULL;
}

const char *pluginlist_mapped_name(const char *name)
{
	if (!strcmp(name, "gds"))
		return "graph-data-science";
	return strcmp(name, "neosemantics") ? name : "n10s";
}

static bool is_known(const struct known *entry, const struct version *version)
{
	// Two kinds of images do not know the plugin: those before it was bundled, and those whose server has it built in.
	if (!strcmp(entry->name, PLUGIN_FLEET) && version_fleet_form(version) != FLEET_FORM_PLUGIN)
		return false;
	return version->family == VERSION_5_26 ? entry->in_5_26 : entry->in_calendar;
}

bool pluginlist_known(const struct version *version, const char *name)
{
	if (version->family == VERSION_UNDECIDABLE)
		return true;
	for (size_t i = 0; i < N_KNOWN; i++)
		if (!strcmp(known[i].name, name))
			return is_known(&known[i], version);
	return false;
}

const char *pluginlist_choices(const struct version *version, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < N_KNOWN; i++)
		if (is_known(&known[i], version))
			text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "", known[i].name);
	return text;
}

const char *pluginlist_procedures(const char *name)
{
	for (size_t i = 0; i < N_KNOWN; i++)
		if (!strcmp(known[i].name, name))
			return known[i].procedures;
	return NULL;
}
