// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// NEO4J_PLUGINS: live value, record, spec.env's value and Neo4jPlugins, each up to a NUL. A list survives being printed and
// read, and a merge of what was merged changes nothing (C1, C2).

#include <string.h>

#include "neo4j/pluginlist.h"
#include "test/fuzz/fuzz.h"

static bool is_list(const char *text, struct arena *arena, struct plugin_list *ret)
{
	struct err err = ERR_INIT;
	int r;

	*ret = (struct plugin_list){0};
	if (!text)
		return false;
	r = pluginlist_parse(text, arena, ret, &err);
	must(r == 0 || r == ERR_INVALID);
	return r == 0;
}

static void check_print(const struct plugin_list *list, struct arena *arena)
{
	struct plugin_list again;

	must(is_list(pluginlist_print(list, arena), arena, &again) && again.n == list->n);
	for (size_t i = 0; i < list->n; i++)
		must(strcmp(list->names[i], again.names[i]) == 0);
}

static void check_merge(struct pluginlist_wishes wishes, struct arena *arena)
{
	struct pluginlist_merge first, second;
	struct plugin_list live, declared;

	pluginlist_merge(&wishes, arena, &first);
	if (first.malformed) {
		must(wishes.live && !is_list(wishes.live, arena, &live));
		return;
	}
	must(is_list(first.declared, arena, &declared));
	check_print(&first.list, arena);
	if (wishes.fleet)
		must(pluginlist_contains(&first.list, PLUGIN_FLEET));
	for (size_t i = 0; i < wishes.plugins.n; i++)
		must(pluginlist_contains(&first.list, wishes.plugins.names[i]));
	wishes.live = first.value;
	wishes.declared = first.declared;
	pluginlist_merge(&wishes, arena, &second);
	must(!first.value == !second.value && (!first.value || strcmp(first.value, second.value) == 0));
	must(strcmp(first.declared, second.declared) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pluginlist_wishes wishes = {0};
	struct plugin_list list;

	if (size == 0)
		return 0;
	wishes.fleet = *data & 1;
	data++, size--;
	wishes.live = take_text(&data, &size, arena);
	wishes.declared = take_text(&data, &size, arena);
	wishes.env = take_text(&data, &size, arena);
	if (is_list(wishes.live, arena, &list))
		check_print(&list, arena);
	if (!is_list(wishes.env, arena, &list))
		wishes.env = NULL; // it is refused before a merge
	(void)is_list(take_text(&data, &size, arena), arena, &wishes.plugins);
	check_merge(wishes, arena);
	return 0;
}
