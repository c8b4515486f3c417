// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/plugin/plugin_plan.h"

#include <string.h>

#include "operator/object/live_set.h"

// We can neither read nor extend a value that only the container sees.
static void keep_reference(const struct live_set *live, struct plugin_plan *plan)
{
	plan->merge = (struct pluginlist_merge){.declared = live->declared ? live->declared : "[]"};
	plan->malformed = "taken from elsewhere (valueFrom)";
}

int plugin_plan_make(const struct plugin_plan_inputs *inputs, struct arena *arena, struct plugin_plan *ret, struct err *err)
{
	static const struct plugin_claims none;
	const struct plugin_claims *claims = inputs->claims ? inputs->claims : &none;
	struct pluginlist_wishes wishes = {
		.live = inputs->live->plugins,
		.declared = inputs->live->declared,
		.env = inputs->dbms->plugins_env,
		.plugins = plugin_claims_names(claims, arena),
		.fleet = inputs->fleet && version_fleet_form(&inputs->version) == FLEET_FORM_PLUGIN,
	};
	struct settings_inputs wanted = {
		.dbms = inputs->dbms,
		.names = inputs->names,
		.servers = inputs->servers,
		.version = inputs->version,
		.fleet = inputs->fleet,
	};

	*ret = (struct plugin_plan){0};
	if (inputs->live->plugins_ref) {
		keep_reference(inputs->live, ret);
	} else {
		pluginlist_merge(&wishes, arena, &ret->merge);
		ret->malformed = ret->merge.malformed;
	}
	wanted.list = ret->merge.list;
	wanted.plugins = plugin_claims_plugins(claims, arena, &wanted.n_plugins);
	return settings_build(&wanted, arena, &ret->settings, err);
}

static bool equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool plugin_plan_stands(const struct plugin_plan *plan, const struct live_set *live)
{
	return (live->plugins_ref || equal(plan->merge.value, live->plugins)) &&
	       equal(plan->settings.digest, live->digest);
}
