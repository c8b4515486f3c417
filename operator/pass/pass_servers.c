// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// What a pass does to the servers, one step at a time: the step of scale_decide(), the growth of the volumes, and the next pod of a roll.

#include "base/steps.h"
#include "operator/cluster/cluster_steps.h"
#include "operator/cluster/roll.h"
#include "operator/object/reason.h"
#include "operator/pass/pass.h"

#define EVICTION_RETRY_MS 5000

// Puts the steps on the servers of a cluster into words.
static void explain_scale(const struct pass *pass, const struct scale_decision *scale, struct tended *ret)
{
	const char *refused = pass->memory->cluster.refused, *message = scale->message;

	ret->leftovers = scale->note;
	ret->lost = scale->lost && *refused ? arena_printf(pass->arena, "%s; refused: %s", scale->lost, refused) : scale->lost;
	ret->mending = scale->mending && !*refused;
	if (scale->action == SCALE_REFUSED)
		ret->unscalable = message;
	else if (scale->action == SCALE_DRAIN && *refused)
		ret->unscalable = arena_printf(pass->arena, "the servers refuse to be drained: %s", refused);
	if (scale->action == SCALE_STOPPED)
		ret->stuck = REASON_SCALE_IN_STOPPED;
	if (!ret->unscalable && scale_is_removing(scale))
		ret->removing = *refused ? arena_printf(pass->arena, "%s; refused: %s", message, refused) : message;
}

static const char *list_servers(const struct scale_decision *scale, struct arena *arena)
{
	const char *list = "";

	for (size_t i = 0; i < scale->n_servers; i++)
		list = arena_printf(arena, "%s%s%.100s", list, i ? ", " : "", scale->servers[i]);
	return list;
}

// One event for each step that the servers or the API server took: its reason, and its words around the servers' ids or the claim's name.
static const struct {
	enum reason reason;
	const char *before, *after;
	bool of_claim;
} deeds[] = {
	[SCALE_ENABLE] = {REASON_SERVERS_ENABLED, "New servers are enabled: ", "", false},
	[SCALE_DRAIN] = {REASON_SERVERS_DRAINING, "Servers give up their databases, since fewer are wanted: ", "", false},
	[SCALE_DROP] = {REASON_SERVER_DROPPED, "Server ", " is dropped: it has no databases any more", false},
	[SCALE_DISCARD] = {REASON_CLAIM_DELETED, "Claim '", "' is deleted: its server was dropped", true},
	[SCALE_RELIEVE] = {REASON_SERVERS_DRAINING, "Server ", " gives up its databases, since its volume is lost", false},
	[SCALE_FORGET] = {REASON_SERVER_DROPPED, "Server ", " is dropped, since its volume is lost", false},
};

static void tell_step(const struct pass *pass, const struct scale_decision *scale)
{
	struct publisher publisher = {pass->context, pass->resource, pass->arena, false};
	struct event_text event = {EVENT_NORMAL, NULL, NULL};
	enum scale_action action = scale->action;

	if (action >= sizeof(deeds) / sizeof(deeds[0]) || !deeds[action].reason)
		return;
	event.reason = reason_name(deeds[action].reason);
	event.message = arena_printf(pass->arena, "%s%s%s", deeds[action].before,
				     deeds[action].of_claim ? scale->volume->name : list_servers(scale, pass->arena), deeds[action].after);
	publish_event(&publisher, pass->object, &event);
}

int pass_tend(const struct pass *pass, const struct deployment *deployment, const struct measure *measure, struct tended *ret,
	      struct err *err)
{
	STEP("tending servers and claims");
	int r;

	*ret = (struct tended){0};
	r = cluster_act(pass->context, &pass->memory->cluster, deployment, &measure->scale, err);
	if (r < 0)
		return r;
	if (pass->memory->cluster.done)
		tell_step(pass, &measure->scale);
	explain_scale(pass, &measure->scale, ret);
	return volume_growth_run(pass->context, &pass->memory->growth, deployment, measure->replicas, &ret->growth, err);
}

// Evicts an outdated pod, so that the StatefulSet controller makes it anew (updateStrategy OnDelete). A budget, of ours or of others, that
// forbids it now is an outcome.
static int evict(const struct pass *pass, const struct pod *pod, struct rolled *ret, struct err *err)
{
	struct kube_name name = {.namespace = kube_object_namespace(pass->object), .name = pod->name};
	int r = kube_evict(pass->context->client, name, pod->uid, err);

	if (r == 0)
		pass->memory->rolling = true;
	if (r == ERR_TOO_MANY || r == ERR_SERVER || r == ERR_FORBIDDEN) {
		ret->waiting = arena_printf(pass->arena, "%s cannot be evicted: %s", pod->name, err->text);
		ret->stuck = REASON_EVICTION_REFUSED;
		ret->again_ms = EVICTION_RETRY_MS;
	} else if (r < 0 && r != ERR_NOT_FOUND && r != ERR_CONFLICT) {
		return err_wrap(err, "cannot evict pod '%s'", pod->name);
	}
	err_clear(err);
	return 0;
}

int pass_roll(const struct pass *pass, const struct deployment *deployment, struct phase_facts facts, struct rolled *ret, struct err *err)
{
	STEP("rolling the pods");
	struct cluster_memory *memory = &pass->memory->cluster;
	struct roll_decision decision;
	int r;

	*ret = (struct rolled){.survey = facts.survey};
	// An evicted pod must be able to come back.
	if (facts.waiting_for) {
		ret->waiting = facts.waiting_for;
		return 0;
	}
	roll_decide(&facts, pass->arena, &decision);
	if (decision.surveyed && !cluster_is_recent(memory, pass->started_ms)) {
		r = cluster_survey(pass->context, memory, deployment, true, &ret->survey, err);
		if (r < 0)
			return r;
		facts.survey = ret->survey;
		roll_decide(&facts, pass->arena, &decision);
	}
	ret->waiting = decision.waiting;
	if (decision.stopped && !facts.stuck)
		ret->stuck = REASON_ROLL_STOPPED;
	return decision.evict ? evict(pass, decision.evict, ret, err) : 0;
}
