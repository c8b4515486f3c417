// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/pass/children.h"

#include "operator/cluster/roll.h"
#include "operator/plugin/plugin_plan.h"

static const struct kube_resource *resource_of(enum child_slot slot)
{
	static const struct kube_resource *const resources[CHILD_COUNT] = {
		[CHILD_ACCOUNT] = &kube_serviceaccounts,
		[CHILD_HEADLESS] = &kube_services,
		[CHILD_CLIENT] = &kube_services,
		[CHILD_CONFIG] = &kube_configmaps,
		[CHILD_BUDGET] = &kube_poddisruptionbudgets,
		[CHILD_WORKLOAD] = &kube_statefulsets,
	};

	return resources[slot];
}

static struct kube_store *store_of(const struct context *context, enum child_slot slot)
{
	struct kube_store *const stores[CHILD_COUNT] = {
		[CHILD_ACCOUNT] = context->stores.accounts,
		[CHILD_HEADLESS] = context->stores.services,
		[CHILD_CLIENT] = context->stores.services,
		[CHILD_CONFIG] = context->stores.configmaps,
		[CHILD_BUDGET] = context->stores.budgets,
		[CHILD_WORKLOAD] = context->stores.statefulsets,
	};

	return stores[slot];
}

static struct child child_of(const struct context *context, const struct deployment *deployment, const struct manifest *manifest)
{
	// NEO4J_PLUGINS was merged from the live value: the write must not undo a change in between (C2).
	bool merged = manifest->slot == CHILD_WORKLOAD;

	return (struct child){
		.slot = manifest->slot,
		.resource = resource_of(manifest->slot),
		.store = store_of(context, manifest->slot),
		.namespace = deployment->dbms.metadata.namespace,
		.name = manifest->name,
		.owner = &deployment->dbms,
		.json = manifest->json,
		.guarded = merged,
		.untouched = deployment->untouched,
		.live = merged ? deployment->workload : NULL,
	};
}

static struct plugin_plan_inputs plan_inputs_of(const struct children_inputs *inputs)
{
	return (struct plugin_plan_inputs){
		.dbms = &inputs->deployment->dbms,
		.names = &inputs->deployment->names,
		.servers = inputs->replicas,
		.version = inputs->entry->version.version,
		.claims = inputs->claims,
		.live = &inputs->deployment->live,
		.fleet = inputs->entry->fleet,
	};
}

static struct workload_inputs workload_of(const struct children_inputs *inputs, const struct plugin_plan *plan)
{
	const struct deployment *deployment = inputs->deployment;

	return (struct workload_inputs){
		.dbms = &deployment->dbms,
		.names = &deployment->names,
		.digest = plan->settings.digest,
		.plugins = plan->merge.value,
		.plugins_ref = deployment->live.plugins_ref,
		.declared = plan->merge.declared,
		.server_version = inputs->entry->version.told,
		.withdrawn = inputs->entry->withdrawn,
		.unready = deployment->live.unready,
		.restarted = deployment->live.restarted,
		.certificate = deployment->certificate,
		.volume_size = deployment->live.volume_size,
		.replicas = inputs->replicas,
	};
}

// The pods, and the live template.
static struct phase_facts pods_of(const struct children_inputs *inputs)
{
	const struct deployment *deployment = inputs->deployment;

	return (struct phase_facts){
		.workload_current = deployment->live.current,
		.update_revision = deployment->live.update_revision,
		.unready = deployment->live.unready,
		.pods = deployment->pods,
		.n_pods = deployment->n_pods,
		.servers = inputs->replicas,
	};
}

// Whether every server runs the live template and is ready.
static bool is_settled(const struct children_inputs *inputs)
{
	struct phase_facts facts = pods_of(inputs);
	size_t n = 0;

	if (!facts.workload_current || !facts.update_revision)
		return false;
	for (size_t i = 0; i < facts.n_pods; i++) {
		const struct pod *pod = &facts.pods[i];

		n += pod->ready && !pod->terminating && pod->revision && !pod_is_outdated(&facts, pod);
	}
	return n == facts.n_pods && n >= (size_t)inputs->replicas;
}

// This write comes earlier in the pass than the first eviction of the roll.
static void record_unready(const struct children_inputs *inputs, struct workload_inputs *workload, struct arena *arena)
{
	struct phase_facts facts = pods_of(inputs);

	workload->unready = roll_record(&facts, arena);
}

// The record of the Fleet Manager entry tells a roll for the entry alone: it holds the digest of the template without it.
static int record_entry(const struct children_inputs *inputs, struct workload_inputs *workload, struct arena *arena, struct err *err)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct plugin_plan_inputs plan = plan_inputs_of(inputs);
	struct workload_inputs other;
	struct plugin_plan without;
	struct entry_trial_facts facts = {.record = inputs->deployment->live.fleet_entry, .settled = is_settled(inputs)};
	int r;

	plan.fleet = false;
	r = plugin_plan_make(&plan, scratch, &without, err);
	if (r < 0)
		return r;
	other = workload_of(inputs, &without);
	entry_trial_compare(workload, &other, scratch, &facts);
	workload->fleet_entry = entry_trial_record(&facts, arena);
	return 0;
}

int children_build(const struct context *context, const struct children_inputs *inputs, struct arena *arena, struct children *ret,
		   struct err *err)
{
	const struct deployment *deployment = inputs->deployment;
	struct plugin_plan_inputs wanted = plan_inputs_of(inputs);
	struct manifest manifests[CHILD_COUNT];
	struct workload_inputs workload;
	struct plugin_plan plan;
	int r;

	*ret = (struct children){0};
	r = plugin_plan_make(&wanted, arena, &plan, err);
	if (r < 0)
		return r;
	workload = workload_of(inputs, &plan);
	record_unready(inputs, &workload, arena);
	r = record_entry(inputs, &workload, arena, err);
	if (r < 0)
		return r;
	ret->plugins_malformed = plan.malformed;
	ret->drop_plugins = deployment->live.plugins && !plan.merge.value;
	ret->n = manifests_of(&workload, plan.settings.config_map, arena, manifests);
	for (size_t i = 0; i < ret->n; i++)
		ret->items[i] = child_of(context, deployment, &manifests[i]);
	return 0;
}

void children_release(struct children *children)
{
	for (size_t i = 0; i < children->n; i++) {
		kube_object_unref(children->items[i].found);
		kube_object_unref(children->items[i].stands);
		children->items[i].found = children->items[i].stands = NULL;
	}
}
