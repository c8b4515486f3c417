// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/pass/judgement.h"

#include <stdatomic.h>

// The plugins of a deployment, one after the other.
struct walk {
	struct kube_store *store;
	const char *namespace;
	struct kube_names names;
	struct kube_object *open;
};

static yyjson_val *open_plugin(void *user, size_t i)
{
	struct walk *walk = user;

	kube_object_unref(walk->open);
	walk->open = kube_store_get(walk->store, (struct kube_name){.namespace = walk->namespace, .name = walk->names.names[i]});
	return walk->open ? kube_object_root(walk->open) : NULL;
}

static struct plugin_verdicts *judge_anew(const struct context *context, const struct plugin_claims_target *target, const char *namespace, const char *basis)
{
	struct walk walk = {.store = context->stores.plugins, .namespace = namespace};
	struct plugin_claims_source source = {.open = open_plugin, .user = &walk};
	struct arena *arena = arena_new();
	struct plugin_claims_target copy = *target;
	struct plugin_claims claims;

	copy.name = arena_strdup(arena, target->name); // the claims name it, too
	kube_store_find(walk.store, namespace, target->name, &walk.names);
	source.n = walk.names.n;
	plugin_claims_judge_each(&source, &copy, arena, &claims);
	kube_object_unref(walk.open);
	kube_names_free(&walk.names);
	return plugin_verdicts_keep(context->verdicts, basis, arena, &claims);
}

struct plugin_verdicts *judgement_of(const struct context *context, const struct dbms *dbms, const struct version *version, struct arena *arena)
{
	const struct dbms_metadata *metadata = &dbms->metadata;
	struct plugin_claims_target target = {.name = metadata->name, .cluster = dbms->kind == DBMS_CLUSTER, .version = *version};
	struct plugin_verdicts *found;
	const char *basis;

	// The counter is read before the store, so the judged plugins are at least as new.
	basis = arena_printf(arena, "%s/%s %d %d %s %llu", metadata->namespace, metadata->name, target.cluster, (int)version->family,
			     version_text(version, arena), (unsigned long long)atomic_load(context->plugins_changed));
	found = plugin_verdicts_find(context->verdicts, basis);
	return found ? found : judge_anew(context, &target, metadata->namespace, basis);
}
