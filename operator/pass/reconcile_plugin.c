// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// One pass over a Neo4jPlugin: find its deployment, see how far that has come with the claim, look for the procedures on a server, write the
// status. It writes nothing else: the deployment's own pass takes the claim in. Both passes use the same functions
// (operator/plugin/plugin_claims.h, operator/plugin/plugin_plan.h).

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
#include "operator/server/secret_cache.h"


// Every step gets the same of these.
struct plugin_pass {
	const struct context *context;
	struct memory *memory;
	struct arena *arena;
	const struct kube_object *object; // the Neo4jPlugin
};

// The deployment that the plugin is for.
struct target {
	struct kube_object *object; // NULL: there is none
	struct gathered gathered;
	const char *words;   // "Neo4jEnterpriseCluster 'a'"; NULL: there is none
	const char *problem; // why it cannot be understood; NULL: it can
};

// The result of looking for the procedures.
struct looked {
	enum plugin_sight sight;
	enum reason problem_reason;
	const char *problem; // of PLUGIN_NOT_ANSWERED
	unsigned failures;
	int64_t again_ms; // 0: no need
};

// Where a cluster and a standalone have the same name, the owner of the headless Service counts.
static enum key_kind kind_of_target(const struct plugin_pass *pass, const char *name)
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

static void find_target(const struct plugin_pass *pass, struct target *target)
{
	const char *name = kube_object_str(pass->object, "/spec/clusterRef");
	enum key_kind kind = name ? kind_of_target(pass, name) : KEY_KINDS;
	struct kube_store *store = kind == KEY_CLUSTER ? pass->context->stores.clusters : pass->context->stores.standalones;

	if (kind == KEY_KINDS)
		return;
	target->object = kube_store_get(store, (struct kube_name){.namespace = kube_object_namespace(pass->object), .name = name});
	if (target->object)
		target->words = arena_printf(pass->arena, "%s '%s'", key_resource(kind)->kind, kube_object_name(target->object));
}

static int read_target(const struct plugin_pass *pass, struct target *target, struct err *err)
{
	struct err problem = ERR_INIT;

	if (!target->object)
		return 0;
	if (dbms_decode(kube_object_root(target->object), pass->arena, &target->gathered.deployment.dbms, &problem) < 0) {
		target->problem = arena_strdup(pass->arena, problem.text);
		return 0;
	}
	return gather_state(pass->context, pass->arena, &target->gathered, err);
}

// The verdict on the claim, for the deployment's version or, without one, as far as it goes. NULL: the object makes no claim.
static const struct plugin_claim *judge_claim(const struct plugin_pass *pass, const struct target *target)
{
	struct plugin_claims_target nobody = {.name = kube_object_str(pass->object, "/spec/clusterRef")};
	const struct plugin_verdicts *verdicts = target->gathered.verdicts;
	const char *name = kube_object_name(pass->object);
	yyjson_val *root = kube_object_root(pass->object);
	const struct plugin_claim *claim = verdicts ? plugin_claims_find(&verdicts->claims, name) : NULL;
	struct plugin_claims alone;

	// The store may not have the object that this pass began with; then the watch is about to bring its change.
	if (claim)
		return claim;
	if (!nobody.name)
		nobody.name = "";
	plugin_claims_judge(&root, 1, &nobody, pass->arena, &alone);
	return plugin_claims_find(&alone, name);
}

// The plan for the deployment as it is: whether Fleet Manager is in it is decided by the deployment's own pass.
static int make_plan(const struct plugin_pass *pass, const struct target *target, struct plugin_plan *ret, struct err *err)
{
	const struct deployment *deployment = &target->gathered.deployment;
	struct plugin_plan_inputs inputs = {
		.dbms = &deployment->dbms,
		.names = &deployment->names,
		.version = deployment->version.version,
		.claims = &target->gathered.verdicts->claims,
		.live = &deployment->live,
		.fleet = entry_trial_has_entry(deployment->live.fleet_entry),
	};

	return plugin_plan_make(&inputs, pass->arena, ret, err);
}

static const char *revision_of(const struct target *target)
{
	struct kube_object *workload = target->gathered.deployment.workload;

	return workload ? kube_object_str(workload, "/status/updateRevision") : NULL;
}

static void count_servers(const struct target *target, struct plugin_facts *facts)
{
	const struct deployment *deployment = &target->gathered.deployment;
	const char *revision = revision_of(target);
	long long replicas = kube_object_int(deployment->workload, "/spec/replicas", 1);

	for (size_t i = 0; i < deployment->n_pods; i++) {
		const struct pod *pod = &deployment->pods[i];

		facts->current += pod->ready && !pod->terminating && pod->revision && revision && strcmp(pod->revision, revision) == 0;
	}
	facts->servers = deployment->n_pods > (size_t)replicas ? deployment->n_pods : (size_t)replicas;
}

// How far the template carries out an accepted claim.
static void observe_template(const struct plugin_pass *pass, const struct target *target, struct plugin_facts *facts)
{
	const struct live_set *live = &target->gathered.deployment.live;
	struct err problem = ERR_INIT;
	struct plugin_plan plan;

	if (make_plan(pass, target, &plan, &problem) < 0) {
		facts->target_problem = arena_strdup(pass->arena, problem.text);
		return;
	}
	if (plan.malformed)
		facts->malformed = arena_printf(pass->arena, "NEO4J_PLUGINS of %s is %s, and is kept as it is: nothing can be added to it",
						facts->target, plan.malformed);
	facts->planned = plugin_plan_stands(&plan, live) && live->current;
	facts->procedures = pluginlist_procedures(facts->claim->name);
	count_servers(target, facts);
}

static struct plugin_facts facts_of(const struct plugin_pass *pass, const struct target *target, const struct plugin_claim *claim)
{
	struct plugin_facts facts = {.claim = claim, .target = target->words, .target_problem = target->problem};
	const char *status;

	if (!target->object || facts.target_problem || claim->verdict != CLAIM_ACCEPTED)
		return facts;
	if (target->gathered.deployment.workload) {
		observe_template(pass, target, &facts);
		return facts;
	}
	status = kube_object_str(target->object, "/status/message");
	facts.target_problem = status ? status : "it was not looked at yet";
	return facts;
}

// The deployment's own pass has found that the server refuses the password: no login is wasted on that.
static const char *refused(const struct target *target)
{
	yyjson_val *condition = kube_object_condition(target->object, CONDITION_CREDENTIALS_REFUSED);
	bool holds = yyjson_equals_str(yyjson_obj_get(condition, "status"), "True");

	return holds ? yyjson_get_str(yyjson_obj_get(condition, "message")) : NULL;
}

static void not_answered(struct looked *ret, enum reason reason, const char *message)
{
	ret->sight = PLUGIN_NOT_ANSWERED;
	ret->problem_reason = reason;
	ret->problem = message;
}

struct question {
	const struct pod *pod;
	const char *procedures;
	const char *basis; // what the answer depends on
};

static void ask_server(const struct plugin_pass *pass, const struct target *target, const struct question *question, struct looked *ret)
{
	const struct deployment *deployment = &target->gathered.deployment;
	struct query query = {.context = pass->context, .memory = deployment->login, .servers = access_servers(deployment), .arena = pass->arena};
	struct retry *retry = &pass->memory->procedures;
	struct access_problem problem = {0};
	int64_t at_least_ms = 0;
	bool present = false;

	if (query_procedures(&query, question->pod, question->procedures, &present, &problem)) {
		ret->sight = present ? PLUGIN_SEEN : PLUGIN_NOT_SEEN;
		problem = (struct access_problem){.reason = REASON_NONE, .message = ""};
	} else {
		not_answered(ret, problem.reason, problem.message);
		at_least_ms = problem.reason == REASON_CREDENTIALS_REFUSED ? ACCESS_REFUSED_MS : 0;
	}
	if (present)
		retry_succeed(retry, question->basis);
	else
		ret->again_ms = retry_fail(retry, question->basis, problem.reason, problem.message, at_least_ms);
}

// A deployment that forms is about to log in for the first time: its own pass finds out whether the password is good.
static bool is_forming(const struct dbms *dbms)
{
	const char *phase = dbms->status.phase;

	return !phase || strcmp(phase, phase_name(PHASE_PENDING)) == 0 || strcmp(phase, phase_name(PHASE_FORMING)) == 0;
}

// Seen procedures count for this spec, deployment and image: a roll or a restart for other reasons does not make the plugin less installed.
static const char *sight_basis(const struct plugin_pass *pass, const struct target *target, const struct plugin_claim *claim)
{
	const struct dbms *dbms = &target->gathered.deployment.dbms;

	return arena_printf(pass->arena, "%lld %s %s", (long long)claim->plugin.metadata.generation, dbms->metadata.uid, dbms->image.reference);
}

// The question for this spec, template and run of the server; false: there is nobody or no need to ask.
static bool make_question(const struct plugin_pass *pass, const struct target *target, const struct plugin_facts *facts, const char *with,
			  struct question *ret)
{
	struct access_servers servers = access_servers(&target->gathered.deployment);
	const char *revision = revision_of(target);

	ret->pod = ask_whom(&servers, revision);
	if (!ret->pod || !plugin_phase_needs_sight(facts) || (!facts->seen_before && is_forming(&target->gathered.deployment.dbms)))
		return false;
	ret->procedures = facts->procedures;
	ret->basis = arena_printf(pass->arena, "%s %s %s/%lld", with, revision, ret->pod->uid, (long long)ret->pod->restarts);
	return true;
}

static void look(const struct plugin_pass *pass, const struct target *target, const struct question *question, struct looked *ret)
{
	struct retry *retry = &pass->memory->procedures;
	int64_t left;

	switch (retry_step(retry, question->basis, &left)) {
	case RETRY_ANSWERED:
		ret->sight = PLUGIN_SEEN;
		break;
	case RETRY_WAIT:
		ret->sight = PLUGIN_NOT_SEEN;
		if (retry->reason)
			not_answered(ret, retry->reason, retry->message);
		ret->again_ms = left;
		break;
	case RETRY_ASK:
		if (refused(target))
			not_answered(ret, REASON_CREDENTIALS_REFUSED, refused(target));
		else
			ask_server(pass, target, question, ret);
		break;
	}
	ret->failures = retry->failures;
}

// Completes the facts and, where servers run with the claim, looks for the procedures.
static struct looked look_for_procedures(const struct plugin_pass *pass, const struct target *target, struct plugin_facts *facts)
{
	struct looked looked = {.sight = PLUGIN_NOT_ASKED};
	struct memory *memory = pass->memory;
	struct question question;
	const char *with;

	if (!target->gathered.deployment.workload || facts->claim->verdict != CLAIM_ACCEPTED)
		return looked;
	with = sight_basis(pass, target, facts->claim);
	facts->seen_before = basis_is(&memory->seen_with, with);
	if (!make_question(pass, target, facts, with, &question))
		return looked;
	look(pass, target, &question, &looked);
	if (looked.sight == PLUGIN_SEEN)
		basis_set(&memory->seen_with, with);
	else if (looked.sight == PLUGIN_NOT_SEEN)
		memory->seen_with = (struct basis){0};
	facts->sight = looked.sight;
	facts->problem_reason = looked.problem_reason;
	facts->problem = looked.problem;
	facts->failures = looked.failures;
	return looked;
}

static void tell_event(const struct plugin_pass *pass, const struct plugin_verdict *verdict)
{
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

static int publish(const struct plugin_pass *pass, const struct plugin_verdict *verdict, struct err *err)
{
	struct kube_name name = {.namespace = kube_object_namespace(pass->object), .name = kube_object_name(pass->object)};
	struct status_plugin_wanted wanted = {.generation = kube_object_int(pass->object, "/metadata/generation", 0), .verdict = *verdict};
	const char *patch = status_plugin_patch(kube_object_root(pass->object), &wanted, clock_wall_ms(&clock_system), pass->arena);
	int r = !patch ? 0 : kube_patch(pass->context->client, key_resource(KEY_PLUGIN), name, "status", KUBE_PATCH_MERGE, patch, NULL, err);

	if (r == ERR_NOT_FOUND) {
		err_clear(err); // deleted meanwhile
		return 0;
	}
	if (r < 0)
		return err_wrap(err, "cannot write the status");
	if (patch || !pass->memory->told)
		tell_event(pass, verdict);
	pass->memory->told = true;
	return 0;
}

// Only the name of the object is known.
static int refuse(const struct plugin_pass *pass, struct plugin_verdict *ret, struct err *err)
{
	struct plugin_claim claim = {.verdict = CLAIM_REFUSED,
				     .reason = REASON_INVALID_SPEC,
				     .message = gather_too_large(kube_object_cut_bytes(pass->object), pass->arena)};
	struct plugin_facts facts = {.claim = &claim};

	plugin_phase_judge(&facts, pass->arena, ret);
	return publish(pass, ret, err);
}

// The verdict's reason stays REASON_NONE when nothing was judged.
static int run(const struct plugin_pass *pass, struct target *target, struct plugin_verdict *ret, int64_t *ret_again_ms, struct err *err)
{
	const struct plugin_claim *claim;
	struct plugin_facts facts;
	int r;

	if (kube_object_get(pass->object, "/metadata/deletionTimestamp"))
		return 0;
	if (kube_object_cut_bytes(pass->object))
		return refuse(pass, ret, err);
	find_target(pass, target);
	r = read_target(pass, target, err);
	if (r < 0)
		return r;
	claim = judge_claim(pass, target);
	if (!claim)
		return 0;
	facts = facts_of(pass, target, claim);
	*ret_again_ms = look_for_procedures(pass, target, &facts).again_ms;
	plugin_phase_judge(&facts, pass->arena, ret);
	return publish(pass, ret, err);
}

int reconcile_plugin(const struct context *context, const struct key *key, struct memory *memory, struct outcome *ret,
		     struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(kube_object_unrefp) struct kube_object *object = NULL;
	struct secret_cache keyring = {.n = 0};
	struct target target = {.gathered.deployment = {.keyring = &keyring, .login = &memory->login}};
	struct plugin_verdict verdict = {0};
	struct plugin_pass pass = {.context = context, .memory = memory, .arena = arena};
	char text[QUEUE_KEY_SIZE];
	int r;

	object = kube_store_get(context->stores.plugins, (struct kube_name){.namespace = key->namespace, .name = key->name});
	if (!object) {
		key_format(key->kind, key->namespace, key->name, text);
		memory_forget(context->memories, text);
		ret->reason = "gone";
		return 0;
	}
	pass.object = object;
	r = run(&pass, &target, &verdict, &ret->again_after_ms, err);
	if (r == 0 && verdict.reason)
		ret->reason = verdict.phase == PLUGIN_READY ? "done" : "waiting-for-plugin";
	gather_release(&target.gathered);
	kube_object_unref(target.object);
	secret_cache_release(&keyring);
	return r;
}
