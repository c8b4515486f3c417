// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// One pass over a cluster or a standalone: gather, build, apply, roll, judge the phase, see to the registration, write the
// status, tell the events. Each step is a function of what the steps before it found; what cannot go on ends in a status
// with a reason, not in an error.

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/steps.h"
#include "operator/cluster/cluster_steps.h"
#include "operator/cluster/roll.h"
#include "operator/cluster/volume_growth.h"
#include "operator/fleet/gates.h"
#include "operator/fleet/roster.h"
#include "operator/fleet/twins.h"
#include "operator/object/condition.h"
#include "operator/object/kept.h"
#include "operator/object/reason.h"
#include "operator/pass/memory.h"
#include "operator/pass/pass.h"
#include "operator/pass/publish.h"
#include "operator/pass/reconcile.h"

#define EVICTION_RETRY_MS 5000
#define MISSING_MS 30000
#define OUTDATED_MS 3000

// What the status says before this process has seen the deployment tells what it was; afterwards memory does.
static void first_observation(struct pass *pass)
{
	const char *phase = pass->inputs.dbms.status.phase;

	if (pass->memory->seen)
		return;
	pass->memory->seen = true;
	if (!phase)
		return;
	pass->memory->rolling = strcmp(phase, phase_name(PHASE_UPDATING)) == 0;
	pass->memory->formed = pass->memory->rolling || strcmp(phase, phase_name(PHASE_READY)) == 0 ||
			       strcmp(phase, phase_name(PHASE_DEGRADED)) == 0;
}

static bool has_ready_pod(const struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->n_pods; i++) {
		if (inputs->pods[i].ready)
			return true;
	}
	return false;
}

static void observe(struct pass *pass)
{
	struct inputs *inputs = &pass->inputs;
	struct phase_facts *facts = &pass->facts;

	facts->servers = inputs->replicas ? inputs->replicas : inputs->dbms.servers;
	facts->cluster = inputs->dbms.kind == DBMS_CLUSTER;
	facts->names = &inputs->names;
	facts->pods = inputs->pods;
	facts->n_pods = inputs->n_pods;
	// Phase Failed does not tell what was before; a server that is ready does.
	if (inputs->dbms.status.phase && strcmp(inputs->dbms.status.phase, phase_name(PHASE_FAILED)) == 0)
		pass->memory->formed = pass->memory->formed || has_ready_pod(inputs);
	facts->formed = pass->memory->formed;
	facts->rolling = pass->memory->rolling;
	facts->workload_exists = inputs->workload != NULL;
	if (!inputs->workload)
		return;
	facts->workload_current = inputs->live.current;
	facts->update_revision = inputs->live.update_revision;
	facts->unready = inputs->live.unready;
}

// What the steps on the servers of a cluster come to, in words.
static void explain_scale(struct pass *pass)
{
	const char *refused = pass->memory->cluster.refused, *message = pass->scale.message;
	struct phase_facts *facts = &pass->facts;

	facts->leftovers = pass->scale.note;
	if (pass->scale.action == SCALE_REFUSED)
		facts->unscalable = message;
	else if (pass->scale.action == SCALE_DRAIN && *refused)
		facts->unscalable = arena_printf(pass->arena, "the servers refuse to be drained: %s", refused);
	if (pass->scale.action == SCALE_STOPPED)
		facts->stuck = REASON_SCALE_IN_STOPPED;
	if (!facts->unscalable && scale_is_removing(&pass->scale))
		facts->removing = *refused ? arena_printf(pass->arena, "%s; refused: %s", message, refused) : message;
}

// Steps on the servers and the claims: enabling, draining and dropping, growing.
static int tend(struct pass *pass, struct err *err)
{
	STEP("tending servers and claims");
	struct volume_growth_result storage;
	int r;

	if (pass->facts.refused || pass->facts.waiting_for)
		return 0;
	r = cluster_act(pass->context, &pass->memory->cluster, &pass->inputs, &pass->scale, err);
	if (r < 0)
		return r;
	explain_scale(pass);
	r = volume_growth_run(pass->context, &pass->memory->growth, &pass->inputs, pass->arena, &storage, err);
	if (r < 0)
		return r;
	pass->facts.note = storage.note;
	pass_again(pass, storage.again_after_ms);
	return 0;
}

// Takes an outdated pod away, so that the StatefulSet controller makes it anew (updateStrategy OnDelete). That this is not
// allowed at the moment (a budget, of ours or of others) is an outcome.
static int evict(struct pass *pass, const struct pod *pod, struct err *err)
{
	struct kube_name name = {.namespace = pass->inputs.dbms.metadata.namespace, .name = pod->name};
	int r = kube_evict(pass->context->client, name, pod->uid, err);

	if (r == 0)
		pass->memory->rolling = pass->facts.rolling = true;
	if (r == ERR_TOO_MANY || r == ERR_SERVER || r == ERR_FORBIDDEN) {
		pass->facts.roll_waiting = arena_printf(pass->arena, "%s cannot be evicted: %s", pod->name, err->text);
		pass->facts.stuck = REASON_EVICTION_REFUSED;
		pass_again(pass, EVICTION_RETRY_MS);
	} else if (r < 0 && r != ERR_NOT_FOUND && r != ERR_CONFLICT) {
		return err_wrap(err, "cannot evict pod '%s'", pod->name);
	}
	err_clear(err);
	return 0;
}

static int roll(struct pass *pass, struct err *err)
{
	STEP("rolling the pods");
	struct roll_decision decision;
	int r;

	if (pass->facts.refused)
		return 0;
	// What is taken away must be able to come back.
	if (pass->facts.waiting_for) {
		pass->facts.roll_waiting = pass->facts.waiting_for;
		return 0;
	}
	roll_decide(&pass->facts, pass->arena, &decision);
	if (decision.surveyed && !cluster_is_recent(&pass->memory->cluster, pass->started_ms)) {
		r = cluster_survey(pass->context, &pass->memory->cluster, &pass->inputs, true, &pass->facts.survey, err);
		if (r < 0)
			return r;
		roll_decide(&pass->facts, pass->arena, &decision);
	}
	pass->facts.roll_waiting = decision.waiting;
	if (decision.stopped && !pass->facts.stuck)
		pass->facts.stuck = REASON_ROLL_STOPPED;
	return decision.evict ? evict(pass, decision.evict, err) : 0;
}

// What only a person can end may still pass by itself at first.
static void look_for_stall(struct pass *pass)
{
	struct phase_facts *facts = &pass->facts;
	int64_t left;

	facts->stuck = phase_stuck(facts);
	facts->stalled = stall_lasts(&pass->memory->stall, facts->stuck, publish_says_stalled(pass->inputs.object, facts->stuck),
				     clock_monotonic_ms(&clock_system), &left);
	pass_again(pass, left);
}

static void judge(struct pass *pass)
{
	look_for_stall(pass);
	phase_judge(&pass->facts, pass->arena, &pass->wanted.verdict);
	// Without the Secrets nothing was built: what runs is of the spec that was carried out last.
	pass->wanted.generation = pass->facts.waiting_for && pass->inputs.workload ? pass->inputs.dbms.status.observed_generation
										: pass->inputs.dbms.metadata.generation;
	// While nothing can be done with an answer, no time is set for another: what changes that wakes the key.
	if (pass->facts.survey && !pass->facts.refused && !pass->facts.waiting_for)
		pass_again(pass, cluster_pace(&pass->memory->cluster, pass->wanted.verdict.phase == PHASE_READY));
	if (pass->wanted.verdict.reason == REASON_SCALE_IN_REFUSED)
		pass->warning_reason = REASON_SCALE_IN_REFUSED;
	if (pass->wanted.verdict.phase != PHASE_READY)
		return;
	if (pass->facts.note)
		pass->warning_reason = REASON_STORAGE_GROWTH_REFUSED;
	pass->memory->formed = true;
	pass->memory->rolling = false;
}

// What the status says of a registration was another resource's, and is not believed.
static void tell_of_copy(const struct pass *pass, const struct publisher *publisher, const struct kube_object *before)
{
	const char *last = kube_object_str(before, "/status/auraFleetManagement/lastRegistrationTime");
	const char *created = pass->inputs.dbms.metadata.created;
	struct event_text copied = {EVENT_NORMAL, reason_name(REASON_FLEET_STATUS_RESTORED), NULL};

	if (!yyjson_is_true(kube_object_get(before, "/status/auraFleetManagement/registered")) || !fleet_is_copied(created, last))
		return;
	copied.message = arena_printf(pass->arena,
				      "The status said registered since %.32s, and this resource was made at %s: that status came from a copy. "
				      "The server is asked; unless it holds a good token, that of the Secret is registered",
				      last, created);
	publish_event(publisher, before, &copied);
}

// Once for each time that the token has gone.
static void tell_of_connection(const struct pass *pass, const struct publisher *publisher, const struct kube_object *before)
{
	const struct status_fleet *fleet = &pass->wanted.fleet;
	yyjson_val *old = kube_object_condition(before, CONDITION_FLEET_CONNECTED);
	struct event_text gone = {EVENT_WARNING, reason_name(REASON_AURA_DISCONNECTED), fleet->connected_message};

	if (fleet->publish_connected && fleet->connected_reason == REASON_TOKEN_GONE &&
	    reason_of(yyjson_get_str(yyjson_obj_get(old, "reason"))) != REASON_TOKEN_GONE)
		publish_event(publisher, before, &gone);
}

static void tell_of_fleet(const struct pass *pass, const struct publisher *publisher, const struct kube_object *before)
{
	const struct status_fleet *fleet = &pass->wanted.fleet;
	struct event_text registered = {EVENT_NORMAL, reason_name(REASON_AURA_REGISTERED), fleet->message};
	struct event_text warning = {EVENT_WARNING, reason_name(pass->fleet_warning), fleet->message};

	tell_of_copy(pass, publisher, before);
	tell_of_connection(pass, publisher, before);
	if (pass->just_registered) {
		fault_point("before-event");
		publish_event(publisher, before, &registered);
		fault_point("after-event");
	} else if (fleet->publish && fleet->registered && !pass->fleet_warning) {
		publish_past(publisher, before, &registered, fleet->last_registration);
	}
	if (pass->fleet_warning) {
		fault_point("before-warning");
		publish_warning(publisher, before, "/status/auraFleetManagement/message", &warning);
	}
}

// before is the object as it was when the pass began: what it says already was told already, by this process at least.
static void tell_events(const struct pass *pass, const struct publisher *publisher, const struct kube_object *before)
{
	const struct dbms *dbms = &pass->inputs.dbms;
	const char *agreement =
		arena_printf(pass->arena, "Neo4j is started with acceptLicenseAgreement '%s'", dbms->license ? dbms->license : "");
	struct event_text license = {EVENT_NORMAL, reason_name(REASON_LICENSE_AGREEMENT), agreement};
	struct event_text warning = {EVENT_WARNING, reason_name(pass->warning_reason), pass->wanted.verdict.message};

	if (pass->wanted.verdict.stalled)
		publish_stall(publisher, before, pass->wanted.verdict.reason, pass->wanted.verdict.message);
	if (pass->warning_reason)
		publish_warning(publisher, before, "/status/message", &warning);
	publish_problems(publisher, before, &pass->wanted);
	tell_of_fleet(pass, publisher, before);
	if (pass->created)
		publish_event(publisher, before, &license);
	else if (pass->inputs.workload && !pass->facts.refused)
		publish_past(publisher, before, &license, dbms->metadata.created);
}

// A watch may lag behind by minutes. Children made meanwhile for what is gone would be collected and made again, over and over.
static void note_outdated(struct memory *memory, const char *version, bool gone)
{
	memcpy(memory->outdated.versions[1], memory->outdated.versions[0], KEPT_VERSION_SIZE);
	kept_set(memory->outdated.versions[0], version);
	memory->outdated.until_ms = deadline_in_ms(gone ? MISSING_MS : OUTDATED_MS);
	memory->outdated.gone = gone;
}

static bool is_outdated(const struct memory *memory, const struct kube_object *object)
{
	const char *version = kube_object_resource_version(object);

	return deadline_left_ms(memory->outdated.until_ms) > 0 &&
	       (strcmp(memory->outdated.versions[0], version) == 0 || strcmp(memory->outdated.versions[1], version) == 0);
}

// What has just been registered must not be forgotten over a conflict: the next pass would register again.
static int publish(struct pass *pass, const struct kube_object *before, struct err *err)
{
	STEP("writing the status");
	struct publisher publisher = {pass->context, pass->inputs.resource, pass->arena, !pass->memory->told};
	const char *version = arena_strdup(pass->arena, kube_object_resource_version(pass->inputs.object));
	bool written;
	int r;

	if (pass->just_registered)
		fault_point("before-status-write");
	r = publish_status(&publisher, &pass->inputs.object, &pass->wanted, pass->just_registered, &written, err);
	if (pass->just_registered)
		fault_point("after-status-write");
	if (r == ERR_NOT_FOUND || (r == 0 && strcmp(version, kube_object_resource_version(pass->inputs.object)) != 0))
		note_outdated(pass->memory, version, r == ERR_NOT_FOUND);
	if (r < 0)
		return r;
	if (written || publisher.unsure)
		tell_events(pass, &publisher, before);
	pass->memory->told = true;
	return 0;
}

// Twice where a Ready is told before the exchange.
static int conclude(struct pass *pass, struct err *err)
{
	int r;

	do {
		_cleanup_(kube_object_unrefp) struct kube_object *before = kube_object_ref(pass->inputs.object);

		r = pass_see_to_fleet(pass, err);
		if (r == 0)
			r = publish(pass, before, err);
	} while (r == 0 && pass->announce);
	return r;
}

static void decode(struct pass *pass, const struct kube_object *object)
{
	struct err problem = ERR_INIT;
	int r = dbms_decode(kube_object_root(object), pass->arena, &pass->inputs.dbms, &problem);
	size_t bytes = kube_object_cut_bytes(object);

	if (bytes)
		pass_refuse(pass, REASON_INVALID_SPEC, gather_too_large(bytes, pass->arena));
	else if (r < 0)
		pass_refuse(pass, REASON_INVALID_SPEC, arena_strdup(pass->arena, problem.text));
}

static int run(struct pass *pass, struct err *err)
{
	// What was decoded borrows from the object that the pass began with.
	_cleanup_(kube_object_unrefp) struct kube_object *first = kube_object_ref(pass->inputs.object);
	int r = 0;

	decode(pass, first);
	if (pass->inputs.dbms.metadata.deleting)
		return 0;
	first_observation(pass);
	if (!pass->facts.refused) {
		r = gather(pass->context, &pass->memory->gather, pass->arena, &pass->inputs, err);
		if (r < 0)
			return r;
		r = pass_measure(pass, err);
		if (r < 0)
			return r;
		plugin_entry_decide(pass->context, &pass->memory->entry, &pass->inputs, pass->arena, &pass->entry);
		pass_again(pass, pass->entry.again_after_ms);
		r = pass_shape(pass, err);
		if (r < 0)
			return r;
	}
	observe(pass);
	r = tend(pass, err);
	if (r < 0 || (r = roll(pass, err)) < 0)
		return r;
	judge(pass);
	pass_check_access(pass);
	return conclude(pass, err);
}

static struct kube_store *store_of(const struct context *context, enum key_kind kind)
{
	return kind == KEY_CLUSTER ? context->stores.clusters : context->stores.standalones;
}

int reconcile_dbms(const struct context *context, const struct key *key, struct memory *memory, struct outcome *ret,
		   struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct secret_cache keyring = {.n = 0};
	struct pass pass = {.context = context,
			    .memory = memory,
			    .arena = arena,
			    .inputs = {.keyring = &keyring, .login = &memory->login},
			    .started_ms = clock_monotonic_ms(&clock_system)};
	struct kube_name name = {.namespace = key->namespace, .name = key->name};
	char text[QUEUE_KEY_SIZE];
	int r;

	pass.inputs.resource = key_resource(key->kind);
	pass.inputs.object = kube_store_get(store_of(context, key->kind), name);
	if (!pass.inputs.object) {
		key_format(key->kind, key->namespace, key->name, text);
		twins_note(context, text, NULL, arena);
		memory_forget(context->memories, text);
		roster_forget(context->roster, text);
		ret->reason = "gone";
		return 0;
	}
	if (is_outdated(memory, pass.inputs.object)) {
		kube_object_unref(pass.inputs.object);
		*ret = (struct outcome){.reason = memory->outdated.gone ? "missing" : "outdated",
					.again_after_ms = deadline_left_ms(memory->outdated.until_ms)};
		return 0;
	}
	r = run(&pass, err);
	ret->again_after_ms = pass.again_ms;
	if (r == 0 && pass.wanted.fleet.reason && (!pass.wanted.fleet.registered || pass.just_registered))
		ret->reason = reason_name(pass.wanted.fleet.reason);
	gather_release(&pass.inputs);
	secret_cache_release(&keyring);
	return r;
}
