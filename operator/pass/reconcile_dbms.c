// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// One pass over a cluster or a standalone: gather, build, apply, roll, judge the phase, see to the registration, write the status, tell the
// events. Each step reads the const results of the steps before it and fills one of its own. A pass that cannot go on ends in a status with a
// reason, not in an error.

#include <string.h>

#include "base/fault.h"

#include <assert.h>
#include "base/steps.h"
#include "operator/cluster/cluster_steps.h"
#include "operator/fleet/roster.h"
#include "operator/fleet/twins.h"
#include "operator/object/condition.h"
#include "operator/object/own_domain.h"
#include "operator/object/reason.h"
#include "operator/pass/judgement.h"
#include "operator/pass/memory.h"
#include "operator/pass/pass.h"
#include "operator/pass/reconcile.h"
#include "operator/server/login_bars.h"
#include "operator/server/secret_cache.h"

static void found_release(struct found *found)
{
	gather_release(&found->after);
	kube_object_unref(found->shape.written);
	plugin_verdicts_unref(found->verdicts);
	gather_release(&found->gathered);
}

// Until this process has seen the deployment, its status tells what it was; afterwards memory does.
static void first_observation(struct memory *memory, const struct dbms *dbms)
{
	const char *phase = dbms->status.phase;

	if (memory->seen)
		return;
	memory->seen = true;
	if (!phase)
		return;
	memory->rolling = strcmp(phase, phase_name(PHASE_UPDATING)) == 0;
	memory->formed = memory->rolling || strcmp(phase, phase_name(PHASE_READY)) == 0 || strcmp(phase, phase_name(PHASE_DEGRADED)) == 0;
}

static bool has_ready_pod(const struct deployment *deployment)
{
	for (size_t i = 0; i < deployment->n_pods; i++) {
		if (deployment->pods[i].ready)
			return true;
	}
	return false;
}

// Phase Failed does not tell whether the deployment was formed; a ready server does.
static void observe(struct memory *memory, const struct deployment *deployment)
{
	const char *phase = deployment->dbms.status.phase;

	if (phase && strcmp(phase, phase_name(PHASE_FAILED)) == 0)
		memory->formed = memory->formed || has_ready_pod(deployment);
}

// Whether no status says that the present spec was carried out. What was refused has been seen, but not carried out.
static bool is_behind(const struct dbms *dbms)
{
	const char *phase = dbms->status.phase;

	return dbms->status.observed_generation != dbms->metadata.generation || !phase || strcmp(phase, phase_name(PHASE_FAILED)) == 0 ||
	       strcmp(phase, phase_name(PHASE_PENDING)) == 0;
}

static struct phase_facts facts_of(const struct memory *memory, const struct found *found)
{
	const struct deployment *deployment = found->deployment;
	const struct tended *tended = &found->tended;
	const struct rolled *rolled = &found->rolled;

	return (struct phase_facts){
		.refused = found->refusal.message,
		.refused_reason = found->refusal.reason,
		.waiting_for = found->shape.waiting_for,
		.waiting_reason = found->shape.waiting_reason,
		.behind = found->shape.waiting_for && deployment->workload && is_behind(&deployment->dbms),
		.workload_exists = deployment->workload != NULL,
		.workload_current = deployment->live.current,
		.update_revision = deployment->live.update_revision,
		.unready = deployment->live.unready,
		.pods = deployment->pods,
		.n_pods = deployment->n_pods,
		.volumes = deployment->volumes,
		.n_volumes = deployment->n_volumes,
		.servers = found->measure.replicas ? found->measure.replicas : deployment->dbms.servers,
		.formed = memory->formed,
		.rolling = memory->rolling,
		.cluster = deployment->dbms.kind == DBMS_CLUSTER,
		.survey = rolled->survey,
		.names = &deployment->names,
		.removing = tended->removing,
		.offline = deployment->dbms.metadata.offline,
		.roll_waiting = rolled->waiting,
		.unscalable = tended->unscalable,
		.uncreated = found->creation.message,
		.stuck = rolled->stuck ? rolled->stuck : tended->stuck,
		.leftovers = tended->leftovers,
		.lost = tended->lost,
		.hint = found->hint,
		.loss = found->loss,
		.mending = tended->mending,
		.growth_refused = tended->growth.note,
		.growth_asked = tended->growth.asked,
	};
}

// Even a wait that only a person can end may pass by itself at first.
static void look_for_stall(const struct pass *pass, struct phase_facts *facts, struct judged *ret)
{
	facts->stuck = phase_stuck(facts);
	facts->stalled = stall_lasts(&pass->memory->stall, facts->stuck, publish_says_stalled(pass->object, facts->stuck),
				     clock_monotonic_ms(&clock_system), &ret->again_ms);
}

static void judge(const struct pass *pass, struct phase_facts facts, struct judged *ret)
{
	struct memory *memory = pass->memory;

	look_for_stall(pass, &facts, ret);
	phase_judge(&facts, pass->arena, &ret->verdict);
	ret->behind = facts.behind;
	// No time is set for another survey while an answer would be of no use: a change of that wakes the key.
	if (facts.survey && !facts.refused && !facts.waiting_for)
		ret->again_ms = pass_sooner(ret->again_ms, cluster_pace(&memory->cluster, ret->verdict.serving));
	if (ret->verdict.reason == REASON_SCALE_IN_REFUSED)
		ret->warning = REASON_SCALE_IN_REFUSED;
	if (!ret->verdict.serving)
		return;
	if (facts.growth_refused)
		ret->warning = REASON_STORAGE_GROWTH_REFUSED;
	memory->formed = true;
	memory->rolling = false;
}

// A server that is away in a roll still has to be replaced.
static void count_servers(const struct pass *pass, const struct found *found, struct status_wanted *wanted)
{
	const struct phase_facts facts = facts_of(pass->memory, found);
	int ready = 0, outdated = 0, updated;

	for (size_t i = 0; i < facts.n_pods; i++) {
		ready += pod_is_steady(&facts.pods[i]) && !facts.pods[i].terminating;
		outdated += pod_is_outdated(&facts, &facts.pods[i]);
	}
	updated = (int)facts.n_pods - outdated;
	wanted->ready_servers = arena_printf(pass->arena, "%d/%d", ready, found->deployment->dbms.servers);
	wanted->updated_servers = "";
	if (!facts.offline && updated < facts.servers && (outdated > 0 || pass->memory->roll_begun))
		wanted->updated_servers = arena_printf(pass->arena, "%d/%d", updated, facts.servers);
}

static struct status_wanted wanted_of(const struct pass *pass, const struct found *found)
{
	const char *malformed = found->shape.malformed;
	struct status_wanted wanted = {
		.generation = found->deployment->dbms.metadata.generation,
		.behind = found->judged.behind,
		.verdict = found->judged.verdict,
		.version = found->access.version,
		.inventory = found->inventory,
		.fleet = found->fleet.status,
	};

	wanted.problems[PROBLEM_CREDENTIALS] = found->access.credentials;
	wanted.problems[PROBLEM_CERTIFICATE] = found->access.certificate;
	if (found_is_built(found))
		wanted.problems[PROBLEM_PLUGINS] = (struct status_problem){
			CONDITION_PLUGINS_MALFORMED, malformed != NULL, malformed ? REASON_NOT_A_LIST : REASON_MERGED, malformed};
	wanted.problems[PROBLEM_TWINS] = found->fleet.twins;
	wanted.problems[PROBLEM_EXPIRING] = found->fleet.expiring;
	if (found_is_built(found) && found->deployment->dbms.kind == DBMS_CLUSTER) {
		wanted.replicas = (int)found->deployment->n_pods;
		wanted.selector = found->deployment->names.selector;
	}
	if (found->measure.replicas > 0)
		count_servers(pass, found, &wanted);
	return wanted;
}

// A conflict must not lose a registration that was just made: the next pass would register again. Replaces object by the present one.
static int publish(const struct pass *pass, const struct found *found, struct kube_object **object, struct err *err)
{
	STEP("writing the status");
	_cleanup_(kube_object_unrefp) struct kube_object *before = kube_object_ref(*object);
	struct publisher publisher = {pass->context, pass->resource, pass->arena, !pass->memory->told};
	const char *version = arena_strdup(pass->arena, kube_object_resource_version(before));
	struct status_wanted wanted = wanted_of(pass, found);
	bool written, registered = found->fleet.just_registered;
	int r;

	if (registered)
		fault_point("before-status-write");
	r = publish_status(&publisher, object, &wanted, registered, &written, err);
	if (registered)
		fault_point("after-status-write");
	if (r == ERR_NOT_FOUND || (r == 0 && strcmp(version, kube_object_resource_version(*object)) != 0))
		outdated_note(&pass->memory->outdated, version, r == ERR_NOT_FOUND);
	if (r < 0)
		return r;
	if (written || publisher.unsure)
		pass_tell_events(&publisher, found, &wanted, before);
	pass->memory->told = true;
	return 0;
}

static int see_to_fleet(const struct pass *pass, const struct kube_object *object, bool announced, struct found *found, struct err *err)
{
	struct fleet_inputs inputs = {
		.deployment = found->deployment,
		.object = object,
		.entry = &found->entry,
		.malformed = found->shape.malformed,
		.verdict = &found->judged.verdict,
		.survey = found->rolled.survey,
		.announced = announced,
	};

	if (found->refusal.message || found->entry.disabling || found->deployment->dbms.metadata.offline)
		return 0;
	return pass_see_to_fleet(pass, &inputs, &found->fleet, err);
}

static struct inventory_sight sight_of(const struct deployment *deployment)
{
	return (struct inventory_sight){.names = &deployment->names,
					.pods = deployment->pods,
					.n_pods = deployment->n_pods,
					.volumes = deployment->volumes,
					.n_volumes = deployment->n_volumes};
}

// A standalone's server was asked on the way, by a look at the connection or at the first login. What it said is kept until a status has it.
static void take_topology(const struct pass *pass, struct found *found)
{
	const struct topology *topology = found->fleet.topology ? found->fleet.topology : found->access.topology;
	struct cluster_memory *memory = &pass->memory->cluster;
	struct inventory_sight sight = sight_of(found->deployment);

	if (found->deployment->dbms.kind == DBMS_CLUSTER)
		return;
	if (topology)
		cluster_keep_told(memory, topology);
	found->access.topology = NULL;
	sight.alone = true;
	found->inventory = inventory_of(memory->last, &sight, pass->arena);
}

static void note_published(const struct pass *pass, const struct found *found)
{
	if (found->deployment->dbms.kind != DBMS_CLUSTER)
		cluster_drop_told(&pass->memory->cluster);
}

static void take_written(const struct pass *pass, struct kube_object **object, struct kube_object **written)
{
	if (!*written)
		return;
	outdated_note(&pass->memory->outdated, kube_object_resource_version(*object), false);
	kube_object_unref(*object);
	*object = steal_ptr(*written);
}

// Runs twice where Ready is told before the exchange.
static int conclude(const struct pass *pass, struct found *found, struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *object = kube_object_ref(pass->object);
	struct kube_object *finalized = NULL;
	bool announced = false;
	int r = 0;

	if (!found->refusal.message)
		r = pass_keep_finalizer(pass, found->deployment, &finalized, err);
	take_written(pass, &object, &finalized);
	while (r == 0) {
		r = see_to_fleet(pass, object, announced, found, err);
		take_written(pass, &object, &found->fleet.written);
		take_topology(pass, found);
		if (r == 0)
			r = publish(pass, found, &object, err);
		if (r == 0)
			note_published(pass, found);
		announced = found->fleet.announce;
		if (!announced)
			break;
	}
	return r;
}

static struct refusal decode(const struct pass *pass, struct dbms *ret)
{
	struct err problem = ERR_INIT;
	int r = dbms_decode(kube_object_root(pass->object), pass->arena, ret, &problem);
	size_t bytes = kube_object_cut_bytes(pass->object);

	if (bytes)
		return (struct refusal){REASON_INVALID_SPEC, gather_too_large(bytes, pass->arena)};
	if (r < 0)
		return (struct refusal){REASON_INVALID_SPEC, arena_strdup(pass->arena, problem.text)};
	return (struct refusal){0};
}

// Whether Fleet Manager shall be in the template, and the verdicts on the plugins for the version that is then known.
static void decide_entry(const struct pass *pass, struct found *found)
{
	const struct deployment *deployment = found->deployment;
	struct query query = pass_query(pass, deployment);

	assert(found->gathered.verdicts);
	plugin_entry_decide(&query, &pass->memory->entry, deployment, found->gathered.verdicts->claims.n > 0, &found->entry);
	if (found->entry.version.told != deployment->version.told)
		found->verdicts = judgement_of(pass->context, &deployment->dbms, &found->entry.version.version, pass->arena);
}

static int build(const struct pass *pass, struct found *found, struct err *err)
{
	struct children_inputs inputs = {.deployment = found->deployment, .entry = &found->entry};
	int r = gather(pass->context, &pass->memory->gather, pass->arena, &found->gathered, err);

	if (r < 0 || (r = pass_measure(pass, found->deployment, &found->measure, err)) < 0)
		return r;
	decide_entry(pass, found);
	inputs.claims = found->verdicts ? &found->verdicts->claims : &found->gathered.verdicts->claims;
	inputs.replicas = found->measure.replicas;
	r = pass_shape(pass, &inputs, &found->shape, err);
	if (r < 0)
		return r;
	found->refusal = found->shape.refusal;
	if (found->shape.written) {
		found->after = (struct gathered){.deployment = *found->deployment};
		gather_again(pass->context, &pass->memory->gather, pass->arena, steal_ptr(found->shape.written), &found->after);
		found->deployment = &found->after.deployment;
	}
	return 0;
}

// The operator does nothing to the servers of a refused deployment.
static int act(const struct pass *pass, struct found *found, struct err *err)
{
	int r = 0;

	found->rolled.survey = found->measure.survey;
	if (found->refusal.message)
		return 0;
	// A server that is offline cannot say which databases it has.
	if (!found->shape.waiting_for && !found->deployment->dbms.metadata.offline)
		r = pass_tend(pass, found->deployment, &found->measure, &found->tended, err);
	return r < 0 ? r : pass_roll(pass, found->deployment, facts_of(pass->memory, found), &found->rolled, err);
}

// A deployment that is being deleted: our own finalizer goes first.
static int end_or_wait(const struct pass *pass, struct found *found, struct err *err)
{
	if (provision_has_finalizer(kube_object_root(pass->object)))
		return pass_end(pass, found->gathered.deployment.keyring, &found->end_again_ms, err);
	return pass_delete(pass, &found->gathered.deployment.dbms, found->refusal.message != NULL, &found->judged, err);
}

static int run(const struct pass *pass, struct found *found, struct err *err)
{
	struct publisher publisher = {pass->context, pass->resource, pass->arena, false};
	struct dbms *dbms = &found->gathered.deployment.dbms;
	const struct deployment *deployment;
	struct inventory_sight sight;
	int r = 0;

	found->deployment = &found->gathered.deployment;
	found->refusal = decode(pass, dbms);
	if (dbms->metadata.deleting)
		return end_or_wait(pass, found, err);
	first_observation(pass->memory, dbms);
	if (dbms->metadata.paused)
		return publish_paused(&publisher, pass->object, err);
	if (!found->refusal.message)
		r = build(pass, found, err);
	if (r < 0)
		return r;
	observe(pass->memory, found->deployment);
	found->hint = own_domain_hint(pass->context->own_domain, found->deployment->dbms.cluster_domain, pass->arena);
	// A refused spec has neither names nor volumes.
	if (found_is_built(found))
		volume_loss_judge(yyjson_ptr_get(kube_object_root(pass->object), "/status/servers"), found->deployment, pass->arena, &found->loss);
	r = act(pass, found, err);
	if (r < 0)
		return r;
	deployment = found->deployment;
	if (found_is_built(found))
		creation_look(pass->context, &pass->memory->creation, deployment, found->measure.replicas, &found->creation);
	sight = sight_of(deployment);
	found->inventory = inventory_of(found->rolled.survey, &sight, pass->arena);
	judge(pass, facts_of(pass->memory, found), &found->judged);
	pass_notice_roll(pass, found);
	if (found_is_built(found))
		pass_check_access(pass, found->deployment, found->judged.verdict.serving, &found->access);
	return conclude(pass, found, err);
}

// When the first pod that is unsteady now is steady, if nothing changes; 0: there is none.
static int64_t steady_after(const struct deployment *deployment)
{
	int64_t soonest = 0;

	for (size_t i = 0; i < deployment->n_pods; i++) {
		int64_t at_ms = deployment->pods[i].steady_ms;

		soonest = pass_sooner(soonest, at_ms ? at_ms - clock_wall_ms(&clock_system) + 1 : 0);
	}
	return soonest;
}

// When to run again if nothing changes; 0: never.
static int64_t again_after(const struct found *found)
{
	int64_t turns_ms = found->gathered.deployment.certificate_turns_ms;
	int64_t waits[] = {
		turns_ms ? turns_ms - clock_wall_ms(&clock_system) + 1 : 0,
		steady_after(found->deployment),
		found->entry.again_after_ms,
		found->shape.again_ms,
		found->tended.growth.again_after_ms,
		found->rolled.again_ms,
		found->creation.again_after_ms,
		found->judged.again_ms,
		found->access.again_ms,
		found->fleet.again_ms,
		found->end_again_ms,
	};
	int64_t soonest = 0;

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
		soonest = pass_sooner(soonest, waits[i]);
	return soonest;
}

static struct kube_store *store_of(const struct context *context, enum key_kind kind)
{
	return kind == KEY_CLUSTER ? context->stores.clusters : context->stores.standalones;
}

static void forget(const struct context *context, const struct key *key, struct arena *arena)
{
	char text[QUEUE_KEY_SIZE];

	key_format(key->kind, key->namespace, key->name, text);
	twins_forget(context, text, arena);
	memory_forget(context->memories, text);
	roster_forget(context->roster, text);
	login_bars_lift(context->bars, text);
}

int reconcile_dbms(const struct context *context, const struct key *key, struct memory *memory, struct outcome *ret,
		   struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(kube_object_unrefp) struct kube_object *object = NULL;
	struct secret_cache keyring = {.n = 0};
	struct kube_name name = {.namespace = key->namespace, .name = key->name};
	struct found found = {.gathered.deployment = {.keyring = &keyring, .login = &memory->login}};
	struct pass pass = {.context = context, .memory = memory, .arena = arena, .started_ms = clock_monotonic_ms(&clock_system)};
	const struct status_fleet *fleet = &found.fleet.status;
	int r;

	object = kube_store_get(store_of(context, key->kind), name);
	if (!object) {
		forget(context, key, arena);
		*ret = (struct outcome){.reason = "gone", .again_after_ms = pass_look_after(context, key, arena)};
		return 0;
	}
	if (outdated_is(&memory->outdated, object)) {
		*ret = (struct outcome){.reason = memory->outdated.gone ? "missing" : "outdated",
					.again_after_ms = deadline_left_ms(memory->outdated.until_ms)};
		return 0;
	}
	pass.resource = key_resource(key->kind);
	pass.object = object;
	r = run(&pass, &found, err);
	ret->again_after_ms = again_after(&found);
	if (r == 0 && fleet->reason && (!fleet->registered || found.fleet.just_registered))
		ret->reason = reason_name(fleet->reason);
	found_release(&found);
	secret_cache_release(&keyring);
	return r;
}
