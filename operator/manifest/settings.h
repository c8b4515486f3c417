// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The ConfigMap of a deployment: neo4j.conf, apoc.conf and the probe script; and the digest that rolls the pods. Pure.

#include <stdbool.h>

#include <yyjson.h>

#include "api/dbms.h"
#include "api/plugin.h"
#include "base/arena.h"
#include "base/err.h"
#include "neo4j/pluginlist.h"
#include "neo4j/version.h"
#include "operator/object/names.h"

struct settings_inputs {
	const struct dbms *dbms;
	const struct names *names;
	int servers;			      // the number wanted now, more than the spec says while some leave; 0: as the spec says
	struct version version;		      // of the tag, or what the server has told
	const struct plugin *const *plugins; // enabled and accepted, in order of their claims
	size_t n_plugins;
	struct plugin_list list; // the merged NEO4J_PLUGINS (pluginlist_merge().list)
	bool fleet;		 // Fleet Manager is wanted
};

struct settings {
	const char *neo4j_conf;
	const char *apoc_conf;	// NULL: none
	const char *digest;	// sha256 in hex, of the settings that count after the first start
	const char *config_map; // the object to be applied, JSON
};

// ERR_INVALID: the spec, or a plugin's config, asks for something impossible; the text names the field and the cure. Call it before any child is
// touched: an invalid spec touches none.
int settings_build(const struct settings_inputs *inputs, struct arena *arena, struct settings *ret, struct err *err);

// The least length of a password that the spec asks for; ADMIN_SECRET_LEAST_CHARACTERS where it asks for none.
int settings_password_length(const struct dbms *dbms, struct arena *arena);

// Whether an entry of spec.env goes into neo4j.conf, and so is no variable of the container: a setting whose value we can see. NEO4J_PLUGINS
// counts, too: its entries are merged.
bool settings_folds_env(yyjson_val *entry, struct arena *arena);

// Whether an entry is a setting without a value, which the image's entrypoint skips, or the licence's acceptance: it is no variable of the
// container either, since one of ours may have its name.
bool settings_ignores_env(yyjson_val *entry, struct arena *arena);
