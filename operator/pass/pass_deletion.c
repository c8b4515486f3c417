// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// While a deployment is being deleted nothing is built, and nothing is written as long as that goes its way. The operator sets no finalizer (B8): a
// deployment that stays is held by somebody else's, whose names the status tells. After five minutes that is Stalled.

#include "base/steps.h"
#include "operator/object/finalizer.h"
#include "operator/pass/pass.h"

static void add(const char *kind, struct kube_store *store, struct kube_name name, struct arena *arena, const char **list)
{
	_cleanup_(kube_object_unrefp) struct kube_object *object = name.name ? kube_store_get(store, name) : NULL;
	const char *holders = object ? finalizer_list(kube_object_root(object), arena) : NULL;

	if (holders)
		*list = arena_printf(arena, "%s; %s '%s' by %s", *list, kind, name.name, holders);
}

static void add_all(const char *kind, struct kube_store *store, const struct dbms *dbms, struct arena *arena, const char **list)
{
	_cleanup_(kube_names_free) struct kube_names found;

	kube_store_find(store, dbms->metadata.namespace, dbms->metadata.name, &found);
	for (size_t i = 0; i < found.n; i++)
		add(kind, store, (struct kube_name){.namespace = dbms->metadata.namespace, .name = found.names[i]}, arena, list);
}

// The objects of the deployment that are held as well.
static const char *children(const struct context *context, const struct dbms *dbms, const struct names *names, struct arena *arena)
{
	const struct {
		const char *kind;
		struct kube_store *store;
		const char *name;
	} all[] = {
		{"StatefulSet", context->stores.statefulsets, names->workload}, {"Service", context->stores.services, names->headless},
		{"Service", context->stores.services, names->client},		 {"ConfigMap", context->stores.configmaps, names->config},
		{"ServiceAccount", context->stores.accounts, names->account},	 {"PodDisruptionBudget", context->stores.budgets, names->budget},
	};
	const char *list = "";

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		add(all[i].kind, all[i].store, (struct kube_name){.namespace = dbms->metadata.namespace, .name = all[i].name}, arena, &list);
	add_all("Pod", context->stores.pods, dbms, arena, &list);
	add_all("PersistentVolumeClaim", context->stores.volumes, dbms, arena, &list);
	return list;
}

static const char *words(const struct pass *pass, const struct dbms *dbms, const char *holders, bool refused)
{
	const char *held = "";
	struct names names;

	if (!refused) {
		names_of(dbms, pass->arena, &names);
		held = children(pass->context, dbms, &names, pass->arena);
	}
	return arena_printf(pass->arena,
			    "It is being deleted, and held by finalizer %s%s. The operator sets none: have the program that set it take it off; if that is gone, "
			    "take it off by hand (kubectl edit)",
			    holders, held);
}

int pass_delete(const struct pass *pass, const struct dbms *dbms, bool refused, struct judged *ret, struct err *err)
{
	STEP("looking at the deletion");
	_cleanup_(kube_object_unrefp) struct kube_object *object = kube_object_ref(pass->object);
	struct publisher publisher = {pass->context, pass->resource, pass->arena, !pass->memory->told};
	const char *holders = finalizer_list(kube_object_root(object), pass->arena);
	struct phase_verdict verdict = {.phase = PHASE_DEGRADED, .reason = REASON_DELETION_HELD};
	struct status_wanted wanted = {.generation = dbms->metadata.generation};
	bool written;
	int r;

	if (!holders)
		return 0;
	verdict.message = words(pass, dbms, holders, refused);
	verdict.stalled = stall_lasts(&pass->memory->stall, REASON_DELETION_HELD, publish_says_stalled(object, REASON_DELETION_HELD),
				      clock_monotonic_ms(&clock_system), &ret->again_ms);
	wanted.verdict = verdict;
	r = publish_status(&publisher, &object, &wanted, false, &written, err);
	if (r < 0)
		return r;
	if (verdict.stalled && (written || publisher.unsure))
		publish_stall(&publisher, pass->object, verdict.reason, verdict.message);
	pass->memory->told = true;
	return 0;
}
