// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// NEO4J_PLUGINS: its text, and the merge of the entries that several parties want. Pure.
//
// The live value belongs to all: kubectl set env adds to it, and so do we. A record beside it (an annotation) says which entries are ours to
// remove. An entry of the live value that the record lacks is somebody else's; it stays, and stays theirs even when we want it, too. The record
// never holds a name that is somebody else's. Source: docker-neo4j, plugins.

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "neo4j/version.h"

#define PLUGIN_FLEET "fleet-management"

struct plugin_list {
	const char *const *names;
	size_t n;
};

// Reads a JSON list of strings; ERR_INVALID says what the text is instead. An empty name is an error, a repeated one is kept once.
int pluginlist_parse(const char *text, struct arena *arena, struct plugin_list *ret, struct err *err);

// ["apoc","fleet-management"], without spaces; "[]" for an empty list.
const char *pluginlist_print(const struct plugin_list *list, struct arena *arena);

bool pluginlist_contains(const struct plugin_list *list, const char *name);

struct pluginlist_wishes {
	const char *live;     // the live value of NEO4J_PLUGINS; NULL: not set
	const char *declared; // the record; NULL: none. A record that is no list counts as none
	const char *env;      // spec.env's NEO4J_PLUGINS, checked; NULL: none
	struct plugin_list plugins; // of the enabled Neo4jPlugins, mapped, in order of their claims
	bool fleet;	      // whether fleet-management is wanted as a plugin
};

struct pluginlist_merge {
	struct plugin_list list; // as the container will see it; empty for a malformed value
	const char *value;	 // the new value; NULL: remove the variable (nobody wants a plugin)
	const char *declared;	 // the new record, a JSON list
	const char *malformed;	 // why the live value is malformed, and so stays unchanged; NULL: it is not
};

void pluginlist_merge(const struct pluginlist_wishes *wishes, struct arena *arena, struct pluginlist_merge *ret);

// The image's name for a plugin: gds -> graph-data-science, neosemantics -> n10s, others unchanged.
const char *pluginlist_mapped_name(const char *name);

// Whether the entrypoint of the version's image knows the (mapped) name; true for an undecidable version.
bool pluginlist_known(const struct version *version, const char *name);

// "apoc, apoc-extended, bloom, ...": the names that the image knows, for messages.
const char *pluginlist_choices(const struct version *version, struct arena *arena);

// The procedure name patterns of a (mapped) plugin, e.g. "gds.*": those that the entrypoint puts into dbms.security.procedures.unrestricted, and
// those that its procedures really have; NULL when we do not know them.
const char *pluginlist_procedures(const char *name);
