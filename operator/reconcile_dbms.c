// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// One pass over a cluster or a standalone: gather, build, apply, roll, judge the phase, see to the registration, write the
// status, tell the events. Each step is a function of what the steps before it found; what cannot go on ends in a status
// with a reason, not in an error.

#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "operator/access.h"
#include "operator/apply.h"
#include "operator/children.h"
#include "operator/cluster.h"
#include "operator/enroll.h"
#include "operator/entry.h"
#include "operator/fleet.h"
#include "operator/gather.h"
#include "operator/publish.h"
#include "operator/reconcile.h"
#include "operator/roll.h"
#include "operator/storage.h"

#define EVICTION_RETRY_MS 5000
#define NAME_RETRY_MS INT64_C(1000)
#define NAME_RETRY_MAX_MS INT64_C(60000)

// What keeps the operator from working with the servers; see struct status_problem.
enum { PROBLEM_CREDENTIALS, PROBLEM_CERTIFICATE, PROBLEM_PLUGINS };

struct pass {
	const struct context *context;
	struct memory *memory;
	struct arena *arena;
	struct inputs inputs;
	struct phase_facts facts;
	struct status_wanted wanted;
	struct scale_decision scale; // of a cluster
	bool created;		    // the StatefulSet was made in this pass
	bool just_registered;
	struct entry entry;
	const char *malformed;	    // why NEO4J_PLUGINS cannot be merged; NULL: it can
	const char *fleet_warning;  // reason of the Warning that the fleet message deserves; NULL: none
	const char *warning_reason; // of a Warning event that the new status deserves; NULL: none
	char registered_at[TIME_TEXT_SIZE];
	int64_t again_ms; // 0: not before something changes
};

static void again(struct pass *pass, int64_t ms)
{
	if (ms > 0 && (pass->again_ms == 0 || ms < pass->again_ms))
		pass->again_ms = ms;
}

static void refuse(struct pass *pass, const char *reason, const char *message)
{
	pass->facts.refused_reason = reason;
	pass->facts.refused = message;
	pass->warning_reason = reason;
}

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

// An object of somebody else is not watched, so its name is looked at again: soon at first, then every minute.
static void wait_for_name(struct pass *pass)
{
	int64_t delay = NAME_RETRY_MS << (pass->memory->name_taken < 6 ? pass->memory->name_taken : 6);

	pass->memory->name_taken++;
	again(pass, delay < NAME_RETRY_MAX_MS ? delay : NAME_RETRY_MAX_MS);
}

// Whether all names are the deployment's: nothing is written beside an object that belongs to somebody else.
static int claim_names(struct pass *pass, struct children *children, bool *ret_free, struct err *err)
{
	*ret_free = false;
	for (size_t i = 0; i < children->n; i++) {
		struct child *child = &children->items[i];
		enum apply_claim claim;
		int r = apply_look(pass->context, child, &claim, err);

		if (r < 0)
			return r;
		if (claim == APPLY_OURS)
			continue;
		wait_for_name(pass);
		if (claim == APPLY_FOREIGN) {
			refuse(pass, "NameTaken",
			       arena_printf(pass->arena,
					    "%s '%s' exists already and belongs to somebody else; delete it, or give this "
					    "deployment another name",
					    child->resource->kind, child->name));
			return 0;
		}
		pass->facts.waiting_reason = "WaitingForDeletion";
		pass->facts.waiting_for = arena_printf(
			pass->arena, "Waiting for %s '%s' of a deleted deployment of this name to go", child->resource->kind, child->name);
		return 0;
	}
	pass->memory->name_taken = 0;
	*ret_free = true;
	return 0;
}

// Before the record says that no entry is ours: else one that others wrote, too, would count as theirs from then on.
static int drop_plugins(struct pass *pass, struct child *child, struct err *err)
{
	struct kube_object *live;
	int r = apply_remove_env(pass->context, child, "NEO4J_PLUGINS", pass->arena, &live, err);

	if (r < 0 || !live)
		return r;
	gather_workload(pass->context, pass->arena, live, &pass->inputs);
	kube_object_unref(child->found);
	child->found = kube_object_ref(live);
	child->live = live;
	return 0;
}

// Applies the children in their order.
static int apply_children(struct pass *pass, struct children *children, struct err *err)
{
	for (size_t i = 0; i < children->n; i++) {
		struct child *child = &children->items[i];
		struct kube_object *live = NULL;
		enum apply_result result;
		int r;

		if (child->slot == CHILD_WORKLOAD && children->drop_plugins && (r = drop_plugins(pass, child, err)) < 0)
			return r;
		r = apply_child(pass->context, pass->memory, child, pass->arena, &result, &live, err);
		if (r < 0)
			return r;
		fault_point("between-children");
		if (child->slot != CHILD_WORKLOAD) {
			kube_object_unref(live);
			continue;
		}
		pass->created = !pass->inputs.workload && result == APPLY_WRITTEN;
		pass->memory->rolling = pass->memory->rolling || (pass->memory->formed && result == APPLY_WRITTEN);
		gather_workload(pass->context, pass->arena, live, &pass->inputs);
	}
	return 0;
}

static int claim_and_apply(struct pass *pass, struct children *children, struct err *err)
{
	bool is_free;
	int r = claim_names(pass, children, &is_free, err);

	if (r == 0 && is_free)
		r = apply_children(pass, children, err);
	children_release(children);
	return r;
}

// Without usable Secrets nothing can start, and the form of what runs already is not known.
static bool lacks_secrets(struct pass *pass)
{
	const struct inputs *inputs = &pass->inputs;
	const char *problem = inputs->admin_problem ? inputs->admin_problem : inputs->certificate_problem;

	if (!problem)
		return false;
	pass->facts.waiting_for = problem;
	pass->facts.waiting_reason = "WaitingForSecret";
	if (!inputs->workload)
		pass->warning_reason = inputs->admin_problem ? "AdminSecretUnusable" : "CertificateUnusable";
	return true;
}

// How many servers there are to be now, in the light of what a cluster says of itself.
static void measure(struct pass *pass)
{
	struct inputs *inputs = &pass->inputs;

	if (inputs->dbms.kind != DBMS_CLUSTER)
		return;
	pass->facts.survey = cluster_survey(pass->context, pass->memory, inputs, false);
	cluster_scale(inputs, pass->facts.survey, pass->arena, &pass->scale);
	inputs->replicas = pass->scale.replicas;
}

// Builds and applies, unless something forbids it.
static int shape(struct pass *pass, struct err *err)
{
	struct inputs *inputs = &pass->inputs;
	struct children children;
	struct err problem = ERR_INIT;

	if (inputs->fleet_form == FLEET_FORM_REFUSED) {
		refuse(pass, "VersionUnsupported",
		       arena_printf(pass->arena, "spec.image.tag: '%s' is older than 5.26, the oldest supported version; choose a "
						 "newer tag",
				    inputs->dbms.image.tag));
		return 0;
	}
	if (lacks_secrets(pass))
		return 0;
	if (children_build(pass->context, inputs, pass->arena, &children, &problem) < 0) {
		refuse(pass, "InvalidSpec", arena_strdup(pass->arena, problem.text));
		return 0;
	}
	if (children.plugins_malformed)
		pass->malformed = arena_printf(
			pass->arena,
			"NEO4J_PLUGINS of StatefulSet '%s' cannot be merged and is kept as it is (%s): nothing can be added to it or taken "
			"out; make it a JSON list such as [\"apoc\"], or remove it",
			inputs->names.workload, children.plugins_malformed);
	return claim_and_apply(pass, &children, err);
}

static void observe(struct pass *pass)
{
	struct inputs *inputs = &pass->inputs;
	struct phase_facts *facts = &pass->facts;
	const struct kube_object *set = inputs->workload;

	facts->servers = inputs->replicas ? inputs->replicas : inputs->dbms.servers;
	facts->cluster = inputs->dbms.kind == DBMS_CLUSTER;
	facts->names = &inputs->names;
	facts->pods = inputs->pods;
	facts->n_pods = inputs->n_pods;
	facts->formed = pass->memory->formed;
	facts->rolling = pass->memory->rolling;
	facts->workload_exists = set != NULL;
	if (!set)
		return;
	facts->workload_current =
		kube_object_int(set, "/status/observedGeneration", -1) == kube_object_int(set, "/metadata/generation", 0);
	facts->update_revision = kube_object_str(set, "/status/updateRevision");
}

// What the steps on the servers of a cluster come to, in words.
static void explain_scale(struct pass *pass)
{
	const char *refused = pass->memory->survey.refused, *message = pass->scale.message;
	struct phase_facts *facts = &pass->facts;

	if (pass->scale.action == SCALE_REFUSED)
		facts->unscalable = message;
	else if (pass->scale.action == SCALE_DRAIN && *refused)
		facts->unscalable = arena_printf(pass->arena, "the servers refuse to be drained: %s", refused);
	else if (scale_is_removing(&pass->scale))
		facts->removing = *refused ? arena_printf(pass->arena, "%s; refused: %s", message, refused) : message;
}

// Steps on the servers and the claims: enabling, draining and dropping, growing.
static int tend(struct pass *pass, struct err *err)
{
	struct storage_result storage;
	int r;

	if (pass->facts.refused || pass->facts.waiting_for)
		return 0;
	r = cluster_act(pass->context, pass->memory, &pass->inputs, &pass->scale, err);
	if (r < 0)
		return r;
	explain_scale(pass);
	r = storage_grow(pass->context, pass->memory, &pass->inputs, pass->arena, &storage, err);
	if (r < 0)
		return r;
	pass->facts.note = storage.note;
	again(pass, storage.again_after_ms);
	return 0;
}

// Takes an outdated pod away, so that the StatefulSet controller makes it anew (updateStrategy OnDelete).
static int roll(struct pass *pass, struct err *err)
{
	struct kube_name name = {.namespace = pass->inputs.dbms.metadata.namespace};
	struct roll_decision decision = {0};
	int r;

	if (!pass->facts.refused)
		roll_decide(&pass->facts, pass->arena, &decision);
	if (decision.evict && decision.evict->ready && pass->facts.cluster && !cluster_is_recent(pass->memory)) {
		pass->facts.survey = cluster_survey(pass->context, pass->memory, &pass->inputs, true);
		roll_decide(&pass->facts, pass->arena, &decision);
	}
	pass->facts.roll_waiting = decision.waiting;
	if (!decision.evict)
		return 0;
	name.name = decision.evict->name;
	r = kube_evict(pass->context->client, name, decision.evict->uid, err);
	if (r == 0) {
		pass->memory->rolling = pass->facts.rolling = true;
		return 0;
	}
	if (r == ERR_TOO_MANY) {
		pass->facts.roll_waiting = arena_printf(pass->arena, "the disruption budget protects %s at this moment", name.name);
		again(pass, EVICTION_RETRY_MS);
	}
	if (r == ERR_TOO_MANY || r == ERR_NOT_FOUND || r == ERR_CONFLICT) {
		err_clear(err);
		return 0;
	}
	return err_wrap(err, "cannot evict pod '%s'", name.name);
}

static void judge(struct pass *pass)
{
	phase_judge(&pass->facts, pass->arena, &pass->wanted.verdict);
	pass->wanted.generation = pass->inputs.dbms.metadata.generation;
	if (pass->facts.survey)
		again(pass, cluster_pace(pass->memory, pass->wanted.verdict.phase == PHASE_READY));
	if (strcmp(pass->wanted.verdict.reason, SCALE_IN_REFUSED) == 0)
		pass->warning_reason = SCALE_IN_REFUSED;
	if (pass->wanted.verdict.phase != PHASE_READY)
		return;
	if (pass->facts.note)
		pass->warning_reason = "StorageGrowthRefused";
	pass->memory->formed = true;
	pass->memory->rolling = false;
}

static struct access_servers servers_of(const struct pass *pass)
{
	return (struct access_servers){
		.dbms = &pass->inputs.dbms,
		.names = &pass->inputs.names,
		.pods = pass->inputs.pods,
		.n_pods = pass->inputs.n_pods,
	};
}

// The server that can write database system.
static const struct pod *find_leader(struct pass *pass, bool anew)
{
	const struct inputs *inputs = &pass->inputs;
	const struct pod *leader;

	if (inputs->dbms.kind != DBMS_CLUSTER)
		return inputs->n_pods ? &inputs->pods[0] : NULL;
	if (anew)
		pass->facts.survey = cluster_survey(pass->context, pass->memory, inputs, true);
	leader = pass->facts.survey ? survey_writer(pass->facts.survey, &inputs->names, inputs->pods, inputs->n_pods) : NULL;
	return leader || anew ? leader : find_leader(pass, true);
}

static struct enroll_inputs enroll_inputs(const struct pass *pass)
{
	return (struct enroll_inputs){
		.resource = pass->inputs.resource,
		.servers = servers_of(pass),
		.registered_before = pass->inputs.dbms.status.last_registration != NULL,
	};
}

// Whether the operator gets into the servers; shown in any phase.
static void check_access(struct pass *pass)
{
	struct status_problem *credentials = &pass->wanted.problems[PROBLEM_CREDENTIALS];
	struct status_problem *certificate = &pass->wanted.problems[PROBLEM_CERTIFICATE];
	const struct inputs *inputs = &pass->inputs;
	struct access_servers servers = servers_of(pass);
	struct access_verdict verdict;

	if (inputs->certificate_turns_ms)
		again(pass, inputs->certificate_turns_ms - clock_wall_ms(&clock_system) + 1);
	if (!inputs->workload || pass->facts.refused)
		return;
	*certificate = (struct status_problem){"CertificateUnusable", inputs->certificate_problem != NULL,
					       inputs->certificate_problem ? "SecretUnusable" : "Usable",
					       inputs->certificate_problem};
	pass->wanted.problems[PROBLEM_PLUGINS] = (struct status_problem){
		FLEET_PLUGINS_MALFORMED, pass->malformed != NULL, pass->malformed ? "NotAList" : "Merged", pass->malformed};
	if (inputs->admin_problem) {
		*credentials = (struct status_problem){"CredentialsRefused", 1, "SecretUnusable", inputs->admin_problem};
		return;
	}
	access_check(pass->context, pass->memory, &servers, pass->arena, &verdict);
	again(pass, verdict.again_after_ms);
	*credentials = (struct status_problem){"CredentialsRefused", verdict.known ? verdict.refusal != NULL : -1,
					       verdict.refusal ? "Refused" : "Accepted", verdict.refusal};
}

static int register_fleet(struct pass *pass, struct err *err)
{
	struct status_fleet *fleet = &pass->wanted.fleet;
	struct enroll_inputs inputs = enroll_inputs(pass);
	struct enroll_result result;

	inputs.server = find_leader(pass, false);
	enroll_register(pass->context, pass->memory, &inputs, pass->arena, &result);
	if (result.not_leader) {
		inputs.server = find_leader(pass, true);
		inputs.last_try = true;
		enroll_register(pass->context, pass->memory, &inputs, pass->arena, &result);
	}
	if (result.stale)
		return err_set(err, ERR_CONFLICT, "the object has changed since it was read");
	if (result.lease_short)
		return err_set(err, ERR_CONFLICT, "too little of the lease is left to begin a registration");
	fleet->registered = result.registered;
	fleet->reason = result.reason;
	fleet->message = result.message;
	pass->just_registered = result.registered;
	pass->fleet_warning = result.registered || result.waiting ? NULL : "AuraFleetManagementFailed";
	if (result.registered) {
		time_format_rfc3339(clock_wall_ms(&clock_system), pass->registered_at, sizeof(pass->registered_at));
		fleet->last_registration = pass->registered_at;
	}
	again(pass, result.again_after_ms);
	return 0;
}

static void watch_connection(struct pass *pass)
{
	struct status_fleet *fleet = &pass->wanted.fleet;
	struct enroll_inputs inputs = enroll_inputs(pass);
	struct enroll_connection connection;

	if (!fleet->registered || pass->wanted.verdict.phase != PHASE_READY)
		return;
	enroll_watch_connection(pass->context, pass->memory, &inputs, fleet->last_registration, pass->arena, &connection);
	again(pass, connection.again_after_ms);
	fleet->publish_connected = connection.known;
	fleet->connected = connection.connected;
	fleet->connected_message = connection.message;
}

static const char *unknown_version(const struct pass *pass)
{
	if (pass->inputs.fleet_form != FLEET_FORM_UNDECIDABLE)
		return NULL;
	return arena_printf(pass->arena,
			    "The tag '%s' does not tell which Neo4j it is, and not every version has the plugin; the server is asked when "
			    "it is ready (%s)",
			    pass->inputs.dbms.image.tag,
			    pass->entry.not_asked ? pass->entry.not_asked : "its answer names no version that is known here");
}

// The reason of the event for an obstacle; one that has a condition of its own is told with that.
static const char *warning_of(const char *obstacle_reason)
{
	if (strcmp(obstacle_reason, FLEET_PLUGINS_MALFORMED) == 0)
		return NULL;
	return strcmp(obstacle_reason, FLEET_WITHDRAWN) == 0 ? FLEET_WITHDRAWN : "AuraFleetManagementFailed";
}

static int see_to_fleet(struct pass *pass, struct err *err)
{
	const struct dbms *dbms = &pass->inputs.dbms;
	struct status_fleet *fleet = &pass->wanted.fleet;
	struct fleet_facts facts = {
		.enabled = dbms->fleet.enabled,
		.seen = dbms->status.registered != DBMS_REGISTERED_ABSENT,
		.registered = dbms->status.registered == DBMS_REGISTERED_TRUE,
		.has_token_source = dbms->fleet.token_secret != NULL,
		.unknown_version = unknown_version(pass),
		.ready = pass->wanted.verdict.phase == PHASE_READY,
		.phase_message = pass->wanted.verdict.message,
		.untold = pass->entry.untold,
		.off_message = pass->entry.was_off ? dbms->status.fleet_message : NULL,
	};
	struct fleet_decision decision;
	int r = 0;

	if (pass->facts.refused || pass->entry.disabling)
		return 0;
	facts.obstacle = entry_obstacle(&pass->inputs, pass->malformed, pass->arena, &facts.obstacle_reason);
	fleet_decide(&facts, pass->arena, &decision);
	fleet->publish = decision.step != FLEET_REST;
	fleet->registered = decision.step == FLEET_LATCHED;
	fleet->reason = decision.reason;
	fleet->message = decision.message;
	fleet->last_registration = dbms->status.last_registration;
	if (facts.obstacle && decision.step == FLEET_WAIT)
		pass->fleet_warning = warning_of(facts.obstacle_reason);
	// The exchange may take seconds: what is known already is told before it.
	if (decision.step == FLEET_REGISTER && !publish_says(pass->inputs.object, "/status/phase", phase_name(PHASE_READY))) {
		fleet->reason = FLEET_WAITING_FOR_READY;
		fleet->message = "The deployment is Ready; registering with Aura Fleet Management";
		again(pass, 1);
	} else if (decision.step == FLEET_REGISTER) {
		r = register_fleet(pass, err);
	}
	if (r == 0)
		watch_connection(pass);
	return r;
}

// before is the object as it was when the pass began: what it says already was told already.
static void tell_events(const struct pass *pass, const struct publisher *publisher, const struct kube_object *before)
{
	const struct status_wanted *wanted = &pass->wanted;

	if (pass->warning_reason && !publish_says(before, "/status/message", wanted->verdict.message))
		publish_event(publisher, before, EVENT_WARNING, pass->warning_reason, wanted->verdict.message);
	publish_problems(publisher, before, wanted);
	if (pass->just_registered) {
		fault_point("before-event");
		publish_event(publisher, before, EVENT_NORMAL, "AuraFleetManagementRegistered", wanted->fleet.message);
		fault_point("after-event");
	}
	if (pass->fleet_warning && !publish_says(before, "/status/auraFleetManagement/message", wanted->fleet.message))
		publish_event(publisher, before, EVENT_WARNING, pass->fleet_warning, wanted->fleet.message);
	if (pass->created)
		publish_event(publisher, before, EVENT_NORMAL, "LicenseAgreement",
			      arena_printf(pass->arena, "Neo4j is started with acceptLicenseAgreement '%s'",
					   pass->inputs.dbms.license));
}

// What has just been registered must not be forgotten over a conflict: the next pass would register again.
static int publish(struct pass *pass, const struct kube_object *before, struct err *err)
{
	struct publisher publisher = {pass->context, pass->inputs.resource, pass->arena};
	bool written;
	int r;

	if (pass->just_registered)
		fault_point("before-status-write");
	r = publish_status(&publisher, &pass->inputs.object, &pass->wanted, pass->just_registered, &written, err);
	if (pass->just_registered)
		fault_point("after-status-write");
	if (r == 0 && written)
		tell_events(pass, &publisher, before);
	return r;
}

static int run(struct pass *pass, struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *before = kube_object_ref(pass->inputs.object);
	struct err problem = ERR_INIT;
	int r = 0;

	if (dbms_decode(kube_object_root(before), pass->arena, &pass->inputs.dbms, &problem) < 0)
		refuse(pass, "InvalidSpec", arena_strdup(pass->arena, problem.text));
	if (pass->inputs.dbms.metadata.deleting)
		return 0;
	first_observation(pass);
	if (!pass->facts.refused) {
		r = gather(pass->context, pass->memory, pass->arena, &pass->inputs, err);
		if (r < 0)
			return r;
		measure(pass);
		entry_decide(pass->context, pass->memory, &pass->inputs, pass->arena, &pass->entry);
		again(pass, pass->entry.again_after_ms);
		r = shape(pass, err);
		if (r < 0)
			return r;
	}
	observe(pass);
	r = tend(pass, err);
	if (r < 0 || (r = roll(pass, err)) < 0)
		return r;
	judge(pass);
	check_access(pass);
	r = see_to_fleet(pass, err);
	return r < 0 ? r : publish(pass, before, err);
}

static struct kube_store *store_of(const struct context *context, enum key_kind kind)
{
	return kind == KEY_CLUSTER ? context->stores.clusters : context->stores.standalones;
}

int reconcile_dbms(const struct context *context, const struct key *key, struct memory *memory, struct outcome *ret,
		   struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pass pass = {.context = context, .memory = memory, .arena = arena};
	struct kube_name name = {.namespace = key->namespace, .name = key->name};
	char text[QUEUE_KEY_SIZE];
	int r;

	pass.inputs.resource = key_resource(key->kind);
	pass.inputs.object = kube_store_get(store_of(context, key->kind), name);
	if (!pass.inputs.object) {
		key_format(key->kind, key->namespace, key->name, text);
		memory_forget(context->memories, text);
		ret->reason = "gone";
		return 0;
	}
	r = run(&pass, err);
	ret->again_after_ms = pass.again_ms;
	if (r == 0 && pass.wanted.fleet.reason && !pass.wanted.fleet.registered)
		ret->reason = pass.wanted.fleet.reason;
	gather_release(&pass.inputs);
	return r;
}
