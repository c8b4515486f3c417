// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Plans what the template of a deployment says of its plugins: NEO4J_PLUGINS, merged from all sources of entries, and the configuration that
// goes with it. Pure.

#include <stdbool.h>

#include "neo4j/pluginlist.h"
#include "operator/manifest/settings.h"
#include "operator/manifest/workload.h"
#include "operator/object/live_set.h"
#include "operator/plugin/plugin_claims.h"

struct plugin_plan_inputs {
	const struct dbms *dbms;
	const struct names *names;
	int servers; // settings_inputs.servers
	struct version version;	     // of the tag, or what the server has told
	const struct plugin_claims *claims; // NULL: none
	const struct live_set *live;
	bool fleet; // Fleet Manager shall be in it, in the version's form
};

struct plugin_plan {
	struct pluginlist_merge merge;
	struct settings settings;
	const char *malformed; // why the live NEO4J_PLUGINS is kept as it is; NULL: it was merged
};

// ERR_INVALID: the spec asks for something impossible; the text names the field and the cure.
int plugin_plan_make(const struct plugin_plan_inputs *inputs, struct arena *arena, struct plugin_plan *ret, struct err *err);

// Whether a live template says what was planned.
bool plugin_plan_stands(const struct plugin_plan *plan, const struct live_set *live);
