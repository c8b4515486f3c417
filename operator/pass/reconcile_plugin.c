// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// One pass over a Neo4jPlugin: find the deployment that it is for, see how far that has come with the claim, look for the
// procedures on a server, write the status. It writes nothing else: the deployment's own pass takes the claim in. What both
// know they know by the same functions (operator/plugin/plugin_claims.h, operator/plugin/plugin_plan.h).

#include <string.h>

#include "base/clock.h"
#include "operator/cluster/phase.h"
#include "operator/fleet/registration_exchange.h"
#include "operator/object/basis.h"
#include "operator/object/condition.h"
#include "operator/object/reason.h"
#include "operator/pass/apply.h"
#include "operator/pass/gather.h"
#include "operator/pass/memory.h"
#include "operator/pass/publish.h"
#include "operator/pass/reconcile.h"
#include "operator/pass/status.h"
#include "operator/plugin/plugin_plan.h"
#include "operator/server/query.h"
#include "operator/server/retry.h"

#define REFUSED_RETRY_MS INT64_C(60000)

struct pass {
	const struct context *context;
	struct memory *memory;
	struct arena *arena;
	struct kube_object *object; // the Neo4jPlugin
	struct plugin_claims alone; // judged without a deployment
	struct inputs target;	    // object NULL: there is none
	struct plugin_plan plan;
	struct plugin_facts facts;
	struct status_plugin_wanted wanted;
	const struct pod *pod; // to be asked
	int64_t again_ms;
};

static const char *revision_of(const struct pass *pass)
{
	return pass->target.workload ? kube_object_str(pass->target.workload, "/status/updateRevision") : NULL;
}

// Where a cluster and a standalone have one name, the owner of the headless Service is meant.
static enum key_kind kind_of_target(const struct pass *pass, const char *name)
{
	_cleanup_(kube_object_unrefp) struct kube_object *service = NULL, *cluster = NULL, *standalone = NULL;
	const char *namespace = kube_object_namespace(pass->object);
	const char *headless = arena_printf(pass->arena, "%s-headless", name);
	enum key_kind owner = KEY_KINDS;

	cluster = kube_store_get(pass->context->stores.clusters, (struct kube_name){.namespace = namespace, .name = name});
	standalone = kube_store_get(pass->context->stores.standalones, (struct kube_name){.namespace = namespace, .name = name});
	service = kube_store_get(pass->context->stores.services, (struct kube_name){.namespace = namespace, .name = headless});
	if (service)
		owner = key_kind_of(yyjson_get_str(yyjson_obj_get(kube_object_controller(service), "kind")));
	if (cluster && (!standalone || owner == KEY_CLUSTER))
		return KEY_CLUSTER;
	return standalone && (!cluster || owner == KEY_STANDALONE) ? KEY_STANDALONE : KEY_KINDS;
}

static void find_target(struct pass *pass)
{
	const char *name = kube_object_str(pass->object, "/spec/clusterRef");
	enum key_kind kind = name ? kind_of_target(pass, name) : KEY_KINDS;
	struct kube_store *store =
		kind == KEY_CLUSTER ? pass->context->stores.clusters : pass->context->stores.standalones;

	if (kind == KEY_KINDS)
		return;
	pass->target.resource = key_resource(kind);
	pass->target.object =
		kube_store_get(store, (struct kube_name){.namespace = kube_object_namespace(pass->object), .name = name});
}

// What the claim comes to, with the deployment's version or, where there is none, as far as it goes without.
static int judge_claim(struct pass *pass, struct err *err)
{
	struct plugin_claims_target nobody = {.name = kube_object_str(pass->object, "/spec/clusterRef")};
	yyjson_val *root = kube_object_root(pass->object);
	struct err problem = ERR_INIT;
	int r;

	if (!nobody.name)
		nobody.name = "";
	plugin_claims_judge(&root, 1, &nobody, pass->arena, &pass->alone);
	pass->facts.claim = plugin_claims_find(&pass->alone, kube_object_name(pass->object));
	if (!pass->target.object)
		return 0;
	pass->facts.target = arena_printf(pass->arena, "%s '%s'", pass->target.resource->kind, kube_object_name(pass->target.object));
	if (dbms_decode(kube_object_root(pass->target.object), pass->arena, &pass->target.dbms, &problem) < 0) {
		pass->facts.target_problem = arena_strdup(pass->arena, problem.text);
		return 0;
	}
	r = gather_state(pass->context, pass->arena, &pass->target, err);
	if (r < 0)
		return r;
	// The store may not have the very object that this pass began with; then its own change is about to come.
	if (plugin_claims_find(&pass->target.plugin_claims, kube_object_name(pass->object)))
		pass->facts.claim = plugin_claims_find(&pass->target.plugin_claims, kube_object_name(pass->object));
	return 0;
}

// What is planned with the deployment as it is: whether Fleet Manager is in it is its own affair.
static bool make_plan(struct pass *pass)
{
	const struct inputs *target = &pass->target;
	struct plugin_plan_inputs inputs = {
		.dbms = &target->dbms,
		.names = &target->names,
		.version = target->version,
		.claims = &target->plugin_claims,
		.live = &target->live,
		.fleet = entry_trial_has_entry(target->live.fleet_entry),
	};
	struct err problem = ERR_INIT;

	if (plugin_plan_make(&inputs, pass->arena, &pass->plan, &problem) == 0)
		return true;
	pass->facts.target_problem = arena_strdup(pass->arena, problem.text);
	return false;
}

static void count_servers(struct pass *pass)
{
	const struct inputs *target = &pass->target;
	const char *revision = revision_of(pass);
	long long replicas = kube_object_int(target->workload, "/spec/replicas", 1);

	for (size_t i = 0; i < target->n_pods; i++) {
		const struct pod *pod = &target->pods[i];

		pass->facts.current += pod->ready && !pod->terminating && pod->revision && revision &&
				       strcmp(pod->revision, revision) == 0;
	}
	pass->facts.servers = target->n_pods > (size_t)replicas ? target->n_pods : (size_t)replicas;
}

static void observe(struct pass *pass)
{
	const struct kube_object *set = pass->target.workload;
	struct plugin_facts *facts = &pass->facts;
	const char *status;

	if (!pass->target.object || facts->target_problem || facts->claim->verdict != CLAIM_ACCEPTED)
		return;
	if (!set) {
		status = kube_object_str(pass->target.object, "/status/message");
		facts->target_problem = status ? status : "it was not looked at yet";
		return;
	}
	if (!make_plan(pass))
		return;
	if (pass->plan.malformed)
		facts->malformed = arena_printf(pass->arena, "NEO4J_PLUGINS of %s is %s, and is kept as it is: nothing can be added to it",
						facts->target, pass->plan.malformed);
	facts->planned = plugin_plan_stands(&pass->plan, &pass->target.live) && pass->target.live.current;
	facts->procedures = pluginlist_procedures(facts->claim->name);
	count_servers(pass);
}

static void again(struct pass *pass, int64_t ms)
{
	if (ms > 0 && (pass->again_ms == 0 || ms < pass->again_ms))
		pass->again_ms = ms;
}

// The deployment's own pass has found that the password is refused: no login is wasted on that.
static const char *refused(const struct pass *pass)
{
	yyjson_val *condition = kube_object_condition(pass->target.object, CONDITION_CREDENTIALS_REFUSED);
	bool holds = yyjson_equals_str(yyjson_obj_get(condition, "status"), "True");

	return holds ? yyjson_get_str(yyjson_obj_get(condition, "message")) : NULL;
}

static void not_answered(struct pass *pass, enum reason reason, const char *message)
{
	pass->facts.sight = PLUGIN_NOT_ANSWERED;
	pass->facts.problem_reason = reason;
	pass->facts.problem = message;
}

static void ask_server(struct pass *pass, const struct access_servers *servers, const char *basis)
{
	struct retry *retry = &pass->memory->procedures;
	struct query query = {.context = pass->context, .memory = &pass->memory->login, .servers = *servers, .arena = pass->arena};
	struct access_problem problem = {0};
	int64_t at_least_ms = 0;
	bool present = false;

	if (query_procedures(&query, pass->pod, pass->facts.procedures, &present, &problem)) {
		pass->facts.sight = present ? PLUGIN_SEEN : PLUGIN_NOT_SEEN;
		problem = (struct access_problem){.reason = REASON_NONE, .message = ""};
	} else {
		not_answered(pass, problem.reason, problem.message);
		at_least_ms = problem.reason == REASON_CREDENTIALS_REFUSED ? REFUSED_RETRY_MS : 0;
	}
	if (present)
		retry_succeed(retry, basis);
	else
		again(pass, retry_fail(retry, basis, problem.reason, problem.message, at_least_ms));
}

// A deployment that forms is about to log in for the first time: whether the password is any good is found out once for all.
static bool is_forming(const struct inputs *target)
{
	const char *phase = target->dbms.status.phase;

	return !phase || strcmp(phase, phase_name(PHASE_PENDING)) == 0 || strcmp(phase, phase_name(PHASE_FORMING)) == 0;
}

// Whether the procedures are there is asked once for a spec, a template and a run of the server. Once they were seen, a roll or
// a restart for other reasons does not make the plugin less installed.
static void look(struct pass *pass)
{
	struct plugin_facts *facts = &pass->facts;
	const struct inputs *target = &pass->target;
	struct access_servers servers = access_servers(target);
	struct retry *retry = &pass->memory->procedures;
	const char *with, *basis;
	int64_t left;

	if (!target->workload || facts->claim->verdict != CLAIM_ACCEPTED)
		return;
	with = arena_printf(pass->arena, "%lld %s %s", (long long)facts->claim->plugin.metadata.generation,
			    target->dbms.metadata.uid, target->dbms.image.reference);
	facts->seen_before = basis_is(&pass->memory->seen_with, with);
	pass->pod = ask_whom(&servers, revision_of(pass));
	if (!pass->pod || !plugin_phase_needs_sight(facts) || (!facts->seen_before && is_forming(target)))
		return;
	basis = arena_printf(pass->arena, "%s %s %s/%lld", with, revision_of(pass), pass->pod->uid, (long long)pass->pod->restarts);
	switch (retry_step(retry, basis, &left)) {
	case RETRY_ANSWERED:
		facts->sight = PLUGIN_SEEN;
		break;
	case RETRY_WAIT:
		facts->sight = PLUGIN_NOT_SEEN;
		if (retry->reason)
			not_answered(pass, retry->reason, retry->message);
		again(pass, left);
		break;
	case RETRY_ASK:
		if (refused(pass))
			not_answered(pass, REASON_CREDENTIALS_REFUSED, refused(pass));
		else
			ask_server(pass, &servers, basis);
		break;
	}
	facts->failures = retry->failures;
	if (facts->sight == PLUGIN_SEEN)
		basis_set(&pass->memory->seen_with, with);
	else if (facts->sight == PLUGIN_NOT_SEEN)
		pass->memory->seen_with = (struct basis){0};
}

static void tell_event(const struct pass *pass)
{
	const struct plugin_verdict *verdict = &pass->wanted.verdict;
	struct publisher publisher = {pass->context, key_resource(KEY_PLUGIN), pass->arena, !pass->memory->told};
	struct event_text ready = {EVENT_NORMAL, reason_name(REASON_PLUGIN_READY), verdict->message};
	struct event_text failed = {EVENT_WARNING, reason_name(REASON_PLUGIN_FAILED), verdict->message};
	yyjson_val *condition = kube_object_condition(pass->object, CONDITION_READY);
	const char *since = yyjson_get_str(yyjson_obj_get(condition, "lastTransitionTime"));

	if (verdict->phase == PLUGIN_FAILED)
		publish_warning(&publisher, pass->object, "/status/message", &failed);
	else if (verdict->phase != PLUGIN_READY)
		return;
	else if (!publish_says(pass->object, "/status/phase", plugin_phase_name(PLUGIN_READY)))
		publish_event(&publisher, pass->object, &ready);
	else
		publish_past(&publisher, pass->object, &ready, since);
}

static int publish(struct pass *pass, struct err *err)
{
	struct kube_name name = {.namespace = kube_object_namespace(pass->object), .name = kube_object_name(pass->object)};
	const char *patch;
	int r;

	plugin_phase_judge(&pass->facts, pass->arena, &pass->wanted.verdict);
	pass->wanted.generation = kube_object_int(pass->object, "/metadata/generation", 0);
	patch = status_plugin_patch(kube_object_root(pass->object), &pass->wanted, clock_wall_ms(&clock_system), pass->arena);
	r = !patch ? 0 : kube_patch(pass->context->client, key_resource(KEY_PLUGIN), name, "status", KUBE_PATCH_MERGE, patch, NULL, err);
	if (r == ERR_NOT_FOUND) {
		err_clear(err); // deleted meanwhile
		return 0;
	}
	if (r < 0)
		return err_wrap(err, "cannot write the status");
	if (patch || !pass->memory->told)
		tell_event(pass);
	pass->memory->told = true;
	return 0;
}

// Nothing is known of it but its name.
static int refuse(struct pass *pass, struct err *err)
{
	struct plugin_claim claim = {.verdict = CLAIM_REFUSED,
				     .reason = REASON_INVALID_SPEC,
				     .message = gather_too_large(kube_object_cut_bytes(pass->object), pass->arena)};

	pass->facts.claim = &claim;
	return publish(pass, err);
}

static int run(struct pass *pass, struct err *err)
{
	int r;

	if (kube_object_get(pass->object, "/metadata/deletionTimestamp"))
		return 0;
	if (kube_object_cut_bytes(pass->object))
		return refuse(pass, err);
	find_target(pass);
	r = judge_claim(pass, err);
	if (r < 0 || !pass->facts.claim)
		return r;
	observe(pass);
	look(pass);
	return publish(pass, err);
}

int reconcile_plugin(const struct context *context, const struct key *key, struct memory *memory, struct outcome *ret,
		     struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct secret_cache keyring = {.n = 0};
	struct pass pass = {.context = context, .memory = memory, .arena = arena, .target = {.keyring = &keyring, .login = &memory->login}};
	char text[QUEUE_KEY_SIZE];
	int r;

	pass.object = kube_store_get(context->stores.plugins, (struct kube_name){.namespace = key->namespace, .name = key->name});
	if (!pass.object) {
		key_format(key->kind, key->namespace, key->name, text);
		memory_forget(context->memories, text);
		ret->reason = "gone";
		return 0;
	}
	r = run(&pass, err);
	ret->again_after_ms = pass.again_ms;
	if (r == 0 && pass.wanted.verdict.reason)
		ret->reason = pass.wanted.verdict.phase == PLUGIN_READY ? "done" : "waiting-for-plugin";
	gather_release(&pass.target);
	secret_cache_release(&keyring);
	kube_object_unref(pass.object);
	return r;
}
