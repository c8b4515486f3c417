// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Neo4jPlugin decoded and validated: a claim on one name of NEO4J_PLUGINS and on some settings. Pure; lifetimes as in
// api/dbms.h.

#include <stdbool.h>

#include "api/dbms.h"
#include "api/field.h"

#define API_KIND_PLUGIN "Neo4jPlugin"

struct plugin {
	struct dbms_metadata metadata;
	const char *cluster_ref; // name of a cluster or a standalone of the same namespace
	const char *name;	 // as written; pluginlist_mapped_name() says what the image calls it
	const char *version;	 // informational; NULL: none
	bool enabled;
	struct field_pairs config;
	struct field_strings dependencies; // names of plugins that come along, as written
	const bool *optional;		   // of each dependency: the plugin is wanted without it, too
	struct field_strings unrestricted;
	struct field_strings allowed;
	const char *phase;	// of the status; NULL: none yet
	yyjson_val *conditions; // of the status; NULL: none
};

// ERR_INVALID: the text names the field and the cure; ret's metadata, phase and conditions are filled even then.
int plugin_decode(yyjson_val *root, struct arena *arena, struct plugin *ret, struct err *err);
