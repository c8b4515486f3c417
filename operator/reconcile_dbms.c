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
#include "operator/enroll.h"
#include "operator/fleet.h"
#include "operator/gather.h"
#include "operator/reconcile.h"
#include "operator/status.h"

#define STATUS_TRIES 5
#define EVICTION_RETRY_MS 5000
#define NAME_RETRY_MS INT64_C(1000)
#define NAME_RETRY_MAX_MS INT64_C(60000)

// What keeps the operator from working with the servers; see struct status_problem.
enum { PROBLEM_CREDENTIALS, PROBLEM_CERTIFICATE };

struct pass {
	const struct context *context;
	struct memory *memory;
	struct arena *arena;
	struct inputs inputs;
	struct phase_facts facts;
	struct status_wanted wanted;
	bool created;		    // the StatefulSet was made in this pass
	bool just_registered;
	bool fleet_failed;
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
	return claim_and_apply(pass, &children, err);
}

static void observe(struct pass *pass)
{
	struct inputs *inputs = &pass->inputs;
	struct phase_facts *facts = &pass->facts;
	const struct kube_object *set = inputs->workload;

	facts->servers = inputs->dbms.servers;
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

// The pod to be replaced next: one that is not ready first, a ready one only when all others are. NULL for none.
static const struct pod *next_outdated(const struct phase_facts *facts)
{
	const struct pod *chosen = NULL;
	size_t down = 0;

	for (size_t i = 0; i < facts->n_pods; i++) {
		const struct pod *pod = &facts->pods[i];

		down += pod->terminating || !pod->ready;
		if (!pod->terminating && pod_is_outdated(facts, pod) && (!chosen || !pod->ready))
			chosen = pod;
	}
	return chosen && (!chosen->ready || down == 0) ? chosen : NULL;
}

// Takes an outdated pod away, so that the StatefulSet controller makes it anew (updateStrategy OnDelete).
static int roll(struct pass *pass, struct err *err)
{
	const struct pod *pod = pass->facts.refused ? NULL : next_outdated(&pass->facts);
	struct kube_name name = {.namespace = pass->inputs.dbms.metadata.namespace};
	int r;

	if (!pod)
		return 0;
	name.name = pod->name;
	r = kube_evict(pass->context->client, name, pod->uid, err);
	if (r == 0) {
		pass->memory->rolling = pass->facts.rolling = true;
		return 0;
	}
	if (r == ERR_TOO_MANY)
		again(pass, EVICTION_RETRY_MS);
	if (r == ERR_TOO_MANY || r == ERR_NOT_FOUND || r == ERR_CONFLICT) {
		err_clear(err);
		return 0;
	}
	return err_wrap(err, "cannot evict pod '%s'", pod->name);
}

static void judge(struct pass *pass)
{
	phase_judge(&pass->facts, pass->arena, &pass->wanted.verdict);
	pass->wanted.generation = pass->inputs.dbms.metadata.generation;
	if (pass->wanted.verdict.phase != PHASE_READY)
		return;
	pass->memory->formed = true;
	pass->memory->rolling = false;
}

static bool says(const struct kube_object *object, const char *pointer, const char *text)
{
	const char *old = kube_object_str(object, pointer);

	return old && strcmp(old, text) == 0;
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
	if (inputs->admin_problem) {
		*credentials = (struct status_problem){"CredentialsRefused", 1, "SecretUnusable", inputs->admin_problem};
		return;
	}
	access_check(pass->context, pass->memory, &servers, pass->arena, &verdict);
	again(pass, verdict.again_after_ms);
	*credentials = (struct status_problem){"CredentialsRefused", verdict.known ? verdict.refusal != NULL : -1,
					       verdict.refusal ? "Refused" : "Accepted", verdict.refusal};
}

// Why the image cannot bring Fleet Manager; NULL when it can, or when only the server can tell.
static const char *unsupported(const struct pass *pass)
{
	if (pass->inputs.fleet_form != FLEET_FORM_NONE)
		return NULL;
	return arena_printf(pass->arena,
			    "Neo4j %s brings no fleet-management plugin; use 5.26.12 or newer, or 2025.08 or newer",
			    version_text(&pass->inputs.version, pass->arena));
}

static int register_fleet(struct pass *pass, struct err *err)
{
	struct status_fleet *fleet = &pass->wanted.fleet;
	struct enroll_inputs inputs = enroll_inputs(pass);
	struct enroll_result result;

	enroll_register(pass->context, pass->memory, &inputs, pass->arena, &result);
	if (result.stale)
		return err_set(err, ERR_CONFLICT, "the object has changed since it was read");
	if (result.lease_short)
		return err_set(err, ERR_CONFLICT, "too little of the lease is left to begin a registration");
	fleet->registered = result.registered;
	fleet->reason = result.reason;
	fleet->message = result.message;
	pass->just_registered = result.registered;
	pass->fleet_failed = !result.registered && !result.waiting;
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

static int see_to_fleet(struct pass *pass, struct err *err)
{
	const struct dbms *dbms = &pass->inputs.dbms;
	struct status_fleet *fleet = &pass->wanted.fleet;
	struct fleet_facts facts = {
		.enabled = dbms->fleet.enabled,
		.seen = dbms->status.registered != DBMS_REGISTERED_ABSENT,
		.registered = dbms->status.registered == DBMS_REGISTERED_TRUE,
		.has_token_source = dbms->fleet.token_secret != NULL,
		.unsupported = unsupported(pass),
		.ready = pass->wanted.verdict.phase == PHASE_READY,
		.phase_message = pass->wanted.verdict.message,
	};
	struct fleet_decision decision;
	int r = 0;

	if (pass->facts.refused)
		return 0;
	fleet_decide(&facts, pass->arena, &decision);
	fleet->publish = decision.step != FLEET_REST;
	fleet->registered = decision.step == FLEET_LATCHED;
	fleet->reason = decision.reason;
	fleet->message = decision.message;
	fleet->last_registration = dbms->status.last_registration;
	pass->fleet_failed = facts.unsupported && decision.step == FLEET_WAIT;
	// The exchange may take seconds: what is known already is told before it.
	if (decision.step == FLEET_REGISTER && !says(pass->inputs.object, "/status/phase", phase_name(PHASE_READY))) {
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

// Writes the status where it differs. What has just been registered must not be forgotten over a conflict: the next pass would
// register again, so the patch is made anew from the object as it is now.
static int publish(struct pass *pass, bool *ret_written, struct err *err)
{
	struct kube_name name = {.namespace = pass->inputs.dbms.metadata.namespace, .name = pass->inputs.dbms.metadata.name};
	struct kube_object **object = &pass->inputs.object;

	*ret_written = false;
	for (int i = 0;; i++) {
		const char *patch = status_patch(kube_object_root(*object), &pass->wanted, clock_wall_ms(&clock_system), pass->arena);
		struct kube_object *fresh = NULL;
		int r;

		if (!patch)
			return 0;
		r = kube_patch(pass->context->client, pass->inputs.resource, name, "status", KUBE_PATCH_MERGE, patch, NULL, err);
		*ret_written = r == 0;
		if (r != ERR_CONFLICT || !pass->just_registered || i == STATUS_TRIES)
			return r < 0 ? err_wrap(err, "cannot write the status") : 0;
		err_clear(err);
		r = kube_get(pass->context->client, pass->inputs.resource, name, &fresh, err);
		if (r < 0)
			return err_wrap(err, "cannot read the object again to write its status");
		kube_object_unref(*object);
		*object = fresh;
	}
}

// The condition as the object has it; NULL when it is not there.
static yyjson_val *condition_of(const struct kube_object *object, const char *type)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(kube_object_get(object, "/status/conditions"));
	yyjson_val *item;

	while ((item = yyjson_arr_iter_next(&iter))) {
		if (yyjson_equals_str(yyjson_obj_get(item, "type"), type))
			return item;
	}
	return NULL;
}

static void tell(const struct pass *pass, enum event_type type, const char *reason, const char *message)
{
	const struct dbms_metadata *metadata = &pass->inputs.dbms.metadata;
	struct event_about about = {
		.api_version = API_GROUP "/" API_VERSION,
		.kind = pass->inputs.resource->kind,
		.namespace = metadata->namespace,
		.name = metadata->name,
		.uid = metadata->uid,
		.resource_version = metadata->resource_version,
	};

	event_record(pass->context->events, &about, type, reason, message);
}

// before is the object as it was when the pass began: what it says already was told already.
static void tell_events(const struct pass *pass, const struct kube_object *before)
{
	const struct status_wanted *wanted = &pass->wanted;

	if (pass->warning_reason && !says(before, "/status/message", wanted->verdict.message))
		tell(pass, EVENT_WARNING, pass->warning_reason, wanted->verdict.message);
	for (size_t i = 0; i < STATUS_PROBLEMS; i++) {
		const struct status_problem *problem = &wanted->problems[i];

		if (problem->type && problem->holds > 0 &&
		    !yyjson_equals_str(yyjson_obj_get(condition_of(before, problem->type), "message"), problem->message))
			tell(pass, EVENT_WARNING, problem->type, problem->message);
	}
	if (pass->just_registered) {
		fault_point("before-event");
		tell(pass, EVENT_NORMAL, "AuraFleetManagementRegistered", wanted->fleet.message);
		fault_point("after-event");
	}
	if (pass->fleet_failed && !says(before, "/status/auraFleetManagement/message", wanted->fleet.message))
		tell(pass, EVENT_WARNING, "AuraFleetManagementFailed", wanted->fleet.message);
	if (pass->created)
		tell(pass, EVENT_NORMAL, "LicenseAgreement",
		     arena_printf(pass->arena, "Neo4j is started with acceptLicenseAgreement '%s'", pass->inputs.dbms.license));
}

static int run(struct pass *pass, struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *before = kube_object_ref(pass->inputs.object);
	struct err problem = ERR_INIT;
	bool written;
	int r = 0;

	if (dbms_decode(kube_object_root(before), pass->arena, &pass->inputs.dbms, &problem) < 0)
		refuse(pass, "InvalidSpec", arena_strdup(pass->arena, problem.text));
	if (pass->inputs.dbms.metadata.deleting)
		return 0;
	first_observation(pass);
	if (!pass->facts.refused) {
		r = gather(pass->context, pass->memory, pass->arena, &pass->inputs, err);
		if (r < 0 || (r = shape(pass, err)) < 0)
			return r;
	}
	observe(pass);
	r = roll(pass, err);
	if (r < 0)
		return r;
	judge(pass);
	check_access(pass);
	r = see_to_fleet(pass, err);
	if (r < 0)
		return r;
	if (pass->just_registered)
		fault_point("before-status-write");
	r = publish(pass, &written, err);
	if (pass->just_registered)
		fault_point("after-status-write");
	if (r == 0 && written)
		tell_events(pass, before);
	return r;
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
