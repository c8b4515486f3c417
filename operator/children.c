// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/children.h"

#include "neo4j/pluginlist.h"
#include "operator/settings.h"

static void add(struct children *children, const struct inputs *inputs, enum memory_child slot,
		const struct kube_resource *resource, struct kube_store *store, const char *name, const char *json)
{
	children->items[children->n++] = (struct child){
		.slot = slot,
		.resource = resource,
		.store = store,
		.namespace = inputs->dbms.metadata.namespace,
		.name = name,
		.owner_uid = inputs->dbms.metadata.uid,
		.json = json,
	};
}

static void add_workload(struct children *children, const struct context *context, const struct inputs *inputs,
			 const struct pluginlist_merge *merge, const char *digest, struct arena *arena)
{
	struct workload_inputs workload = {
		.dbms = &inputs->dbms,
		.names = &inputs->names,
		.digest = digest,
		.plugins = inputs->live.plugins_by_ref ? NULL : merge->value,
		.declared = merge->declared,
		.auth_is_pair = inputs->auth_is_pair,
		.certificate = inputs->certificate,
		.claim_size = inputs->live.claim_size,
		.replicas = inputs->dbms.servers,
	};

	add(children, inputs, CHILD_WORKLOAD, &kube_statefulsets, context->stores.statefulsets, inputs->names.workload,
	    workload_statefulset(&workload, arena));
	// NEO4J_PLUGINS was merged from what is live: the write must not undo what came in between (C2).
	children->items[children->n - 1].guarded = true;
	children->items[children->n - 1].live = inputs->workload;
}

int children_build(const struct context *context, const struct inputs *inputs, struct arena *arena, struct children *ret,
		   struct err *err)
{
	const struct dbms *dbms = &inputs->dbms;
	struct pluginlist_wishes wishes = {
		.live = inputs->live.plugins,
		.declared = inputs->live.declared,
		.env = dbms->plugins_env,
		.fleet = dbms->fleet.enabled && inputs->fleet_form == FLEET_FORM_PLUGIN,
	};
	struct settings_inputs wanted = {.dbms = dbms, .names = &inputs->names, .version = inputs->version};
	struct pluginlist_merge merge;
	struct settings settings;
	int r;

	*ret = (struct children){0};
	pluginlist_merge(&wishes, arena, &merge);
	ret->plugins_malformed = merge.malformed;
	wanted.list = merge.list;
	r = settings_build(&wanted, arena, &settings, err);
	if (r < 0)
		return r;
	add(ret, inputs, CHILD_HEADLESS, &kube_services, context->stores.services, inputs->names.headless,
	    workload_headless(dbms, &inputs->names, arena));
	add(ret, inputs, CHILD_ACCOUNT, &kube_serviceaccounts, context->stores.accounts, inputs->names.account,
	    workload_account(dbms, &inputs->names, arena));
	add(ret, inputs, CHILD_CLIENT, &kube_services, context->stores.services, inputs->names.client,
	    workload_client(dbms, &inputs->names, arena));
	add(ret, inputs, CHILD_CONFIG, &kube_configmaps, context->stores.configmaps, inputs->names.config, settings.config_map);
	if (inputs->names.budget)
		add(ret, inputs, CHILD_BUDGET, &kube_poddisruptionbudgets, context->stores.budgets, inputs->names.budget,
		    workload_budget(dbms, &inputs->names, arena));
	add_workload(ret, context, inputs, &merge, settings.digest, arena);
	return 0;
}

void children_release(struct children *children)
{
	for (size_t i = 0; i < children->n; i++) {
		kube_object_unref(children->items[i].found);
		children->items[i].found = NULL;
	}
}
