// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// While a deployment is being deleted nothing is built, and nothing is written as long as that goes its way. Our own finalizer (F4) is gone by then: a
// deployment that stays is held by somebody else's, whose names the status tells; after five minutes that is Stalled. A deployment that is gone
// has no status any more. Then a child that stays for as long has an event of its own.

#include <string.h>

#include "base/steps.h"
#include "operator/object/finalizer.h"
#include "operator/pass/pass.h"

struct visit {
	const struct context *context;
	const struct dbms *dbms; // of one that is gone: only what the names need
	struct arena *arena;
	void (*fn)(struct visit *visit, const struct kube_resource *resource, struct kube_object *object, const char *holders);
	const char *list; // of visit_list()
	int64_t again_ms; // of visit_tell()
};

static void look(struct visit *visit, const struct kube_resource *resource, struct kube_store *store, const char *name)
{
	struct kube_name place = {.namespace = visit->dbms->metadata.namespace, .name = name};
	_cleanup_(kube_object_unrefp) struct kube_object *object = name ? kube_store_get(store, place) : NULL;
	const char *holders = object ? finalizer_list(kube_object_root(object), visit->arena) : NULL;

	if (holders)
		visit->fn(visit, resource, object, holders);
}

static void look_at_labelled(struct visit *visit, const struct kube_resource *resource, struct kube_store *store)
{
	_cleanup_(kube_names_free) struct kube_names found;

	kube_store_find(store, visit->dbms->metadata.namespace, visit->dbms->metadata.name, &found);
	for (size_t i = 0; i < found.n; i++)
		look(visit, resource, store, found.names[i]);
}

static void look_at_children(struct visit *visit)
{
	const struct context *context = visit->context;
	struct names names;

	names_of(visit->dbms, visit->arena, &names);
	look(visit, &kube_statefulsets, context->stores.statefulsets, names.workload);
	look(visit, &kube_services, context->stores.services, names.headless);
	look(visit, &kube_services, context->stores.services, names.client);
	look(visit, &kube_configmaps, context->stores.configmaps, names.config);
	look(visit, &kube_serviceaccounts, context->stores.accounts, names.account);
	look(visit, &kube_poddisruptionbudgets, context->stores.budgets, names.budget);
	look_at_labelled(visit, &kube_pods, context->stores.pods);
	look_at_labelled(visit, &kube_persistentvolumeclaims, context->stores.volumes);
}

static void visit_list(struct visit *visit, const struct kube_resource *resource, struct kube_object *object, const char *holders)
{
	visit->list = arena_printf(visit->arena, "%s; %s '%s' by %s", visit->list, resource->kind, kube_object_name(object), holders);
}

static const char *words(const struct pass *pass, const struct dbms *dbms, const char *holders, bool refused)
{
	struct visit visit = {.context = pass->context, .dbms = dbms, .arena = pass->arena, .fn = visit_list, .list = ""};

	if (!refused)
		look_at_children(&visit);
	return arena_printf(pass->arena,
			    "It is being deleted, and held by finalizer %s%s. The operator sets none: have the program that set it take it off; if that is gone, "
			    "take it off by hand (kubectl edit)",
			    holders, visit.list);
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

// A cluster and a standalone of one name share names: the object must be of the kind that is gone.
static bool is_of(const struct kube_object *object, const struct dbms *dbms)
{
	yyjson_val *owner = kube_object_controller(object);

	return yyjson_equals_str(yyjson_obj_get(owner, "kind"), dbms->api_kind) && yyjson_equals_str(yyjson_obj_get(owner, "name"), dbms->metadata.name);
}

static void visit_tell(struct visit *visit, const struct kube_resource *resource, struct kube_object *object, const char *holders)
{
	struct publisher publisher = {.context = visit->context, .resource = resource, .arena = visit->arena, .unsure = true};
	const char *since = kube_object_str(object, "/metadata/deletionTimestamp");
	struct event_text text = {EVENT_WARNING, reason_name(REASON_DELETION_HELD), NULL};
	int64_t since_ms, left_ms;

	if (!is_of(object, visit->dbms) || !since || time_parse_rfc3339(since, &since_ms) < 0)
		return;
	left_ms = since_ms + STALL_AFTER_MS - clock_wall_ms(&clock_system);
	if (left_ms > 0) {
		visit->again_ms = pass_sooner(visit->again_ms, left_ms);
		return;
	}
	text.message = arena_printf(visit->arena, "%s '%s' is deleted, and this object is still held by finalizer %s, which the operator has not set",
				    visit->dbms->api_kind, visit->dbms->metadata.name, holders);
	publish_once(&publisher, object, &text);
}

int64_t pass_look_after(const struct context *context, const struct key *key, struct arena *arena)
{
	struct dbms gone = {.kind = key->kind == KEY_CLUSTER ? DBMS_CLUSTER : DBMS_STANDALONE,
			    .api_kind = key_resource(key->kind)->kind,
			    .metadata = {.namespace = key->namespace, .name = key->name},
			    .cluster_domain = ""};
	struct visit visit = {.context = context, .dbms = &gone, .arena = arena, .fn = visit_tell};

	look_at_children(&visit);
	return visit.again_ms;
}
