// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "base/fault.h"
#include "base/steps.h"
#include "operator/cluster/cluster_steps.h"
#include "operator/fleet/gates.h"
#include "operator/fleet/roster.h"
#include "operator/fleet/token_expiry.h"
#include "operator/fleet/twins.h"
#include "operator/object/condition.h"
#include "operator/object/key.h"
#include "operator/object/reason.h"
#include "operator/pass/pass.h"
#include "operator/pass/publish.h"
#include "operator/server/server_login.h"

// The server that can write database system.
static int find_leader(struct pass *pass, bool anew, const struct pod **ret, struct err *err)
{
	const struct inputs *inputs = &pass->inputs;
	const struct survey **survey = &pass->facts.survey;
	int r = 0;

	*ret = inputs->n_pods ? &inputs->pods[0] : NULL;
	if (inputs->dbms.kind != DBMS_CLUSTER)
		return 0;
	if (anew)
		r = cluster_survey(pass->context, &pass->memory->cluster, inputs, true, survey, err);
	if (r < 0)
		return r;
	*ret = *survey ? survey_writer(*survey, &inputs->names, inputs->pods, inputs->n_pods) : NULL;
	return *ret || anew ? 0 : find_leader(pass, true, ret, err);
}

// Whether the status is that of an earlier resource, which came here from a copy.
static bool is_copied(const struct pass *pass)
{
	const struct dbms *dbms = &pass->inputs.dbms;

	return fleet_is_copied(dbms->metadata.created, dbms->status.last_registration);
}

static struct attempt_inputs attempt_inputs(const struct pass *pass)
{
	return (struct attempt_inputs){
		.resource = pass->inputs.resource,
		.servers = access_servers(&pass->inputs),
		.registered_before = pass->inputs.dbms.status.last_registration != NULL && !is_copied(pass),
		.fresh = pass->announced,
	};
}

// Whether the operator gets into the servers; shown in any phase.
void pass_check_access(struct pass *pass)
{
	struct status_problem *credentials = &pass->wanted.problems[PROBLEM_CREDENTIALS];
	struct status_problem *certificate = &pass->wanted.problems[PROBLEM_CERTIFICATE];
	const struct inputs *inputs = &pass->inputs;
	struct access_servers servers = access_servers(&pass->inputs);
	struct access_verdict verdict;

	if (inputs->certificate_turns_ms)
		pass_again(pass, inputs->certificate_turns_ms - clock_wall_ms(&clock_system) + 1);
	if (!inputs->workload || pass->facts.refused)
		return;
	*certificate = (struct status_problem){CONDITION_CERTIFICATE_UNUSABLE, inputs->certificate_problem != NULL,
					       inputs->certificate_problem ? REASON_SECRET_UNUSABLE : REASON_USABLE,
					       inputs->certificate_problem};
	pass->wanted.problems[PROBLEM_PLUGINS] = (struct status_problem){
		CONDITION_PLUGINS_MALFORMED, pass->malformed != NULL, pass->malformed ? REASON_NOT_A_LIST : REASON_MERGED, pass->malformed};
	if (inputs->admin_problem) {
		*credentials = (struct status_problem){CONDITION_CREDENTIALS_REFUSED, 1, REASON_SECRET_UNUSABLE, inputs->admin_problem};
		return;
	}
	access_check(pass->context, &pass->memory->login, &servers, pass->arena, &verdict);
	if (pass->wanted.verdict.phase == PHASE_READY && *pass->memory->login.version)
		pass->wanted.version = pass->memory->login.version;
	pass_again(pass, verdict.again_after_ms);
	*credentials = (struct status_problem){CONDITION_CREDENTIALS_REFUSED, verdict.known ? verdict.refusal != NULL : -1,
					       verdict.refusal ? REASON_REFUSED : REASON_ACCEPTED, verdict.refusal};
}

// The exchange, at the server that leads database system then. ERR_CONFLICT: look again.
static int attempt(struct pass *pass, struct attempt_inputs *inputs, struct attempt_result *ret, struct err *err)
{
	int r = find_leader(pass, false, &inputs->server, err);

	if (r < 0)
		return r;
	attempt_register(pass->context, &pass->memory->attempt, inputs, pass->arena, ret);
	if (ret->not_leader) {
		r = find_leader(pass, true, &inputs->server, err);
		if (r < 0)
			return r;
		inputs->last_try = true;
		attempt_register(pass->context, &pass->memory->attempt, inputs, pass->arena, ret);
	}
	if (ret->stale)
		return err_set(err, ERR_CONFLICT, "the object has changed since it was read");
	if (ret->lease_short)
		return err_set(err, ERR_CONFLICT, "too little of the lease is left to begin a registration");
	pass_again(pass, ret->again_after_ms);
	return 0;
}

static void note_registered(struct pass *pass)
{
	pass->just_registered = true;
	time_format_rfc3339(clock_wall_ms(&clock_system), pass->registered_at, sizeof(pass->registered_at));
	// By the API server's clock the resource may be younger than now; its registration never is.
	pass->wanted.fleet.last_registration = fleet_is_copied(pass->inputs.dbms.metadata.created, pass->registered_at)
						       ? pass->inputs.dbms.metadata.created
						       : pass->registered_at;
}

static int register_fleet(struct pass *pass, struct err *err)
{
	struct status_fleet *fleet = &pass->wanted.fleet;
	struct attempt_inputs inputs = attempt_inputs(pass);
	struct attempt_result result;
	int r = attempt(pass, &inputs, &result, err);

	if (r < 0)
		return r;
	fleet->registered = result.registered;
	fleet->reason = result.reason;
	fleet->message = result.message;
	pass->fleet_warning = result.registered || result.waiting ? REASON_NONE : REASON_AURA_FAILED;
	if (result.registered)
		note_registered(pass);
	return 0;
}

// Whether it is the Secret's token that is in the way, and not a server or the moment.
static bool blames_secret(enum reason reason)
{
	return reason == REASON_SECRET_NOT_FOUND || reason == REASON_SECRET_UNREADABLE || reason == REASON_SECRET_KEY_NOT_FOUND ||
	       reason == REASON_TOKEN_EMPTY || reason == REASON_TOKEN_MALFORMED || reason == REASON_TOKEN_EXPIRED ||
	       reason == REASON_TOKEN_REFUSED;
}

// What only a person can mend is said; other failures pass.
static void tell_unfollowed(struct pass *pass, enum reason reason, const char *why)
{
	struct status_fleet *fleet = &pass->wanted.fleet;

	if (!blames_secret(reason))
		return;
	fleet->message = arena_printf(pass->arena, "%s; the Secret's token is not followed: %s", fleet->message, why);
	pass->fleet_warning = REASON_AURA_FAILED;
}

static int compare_tokens(struct pass *pass, const struct follow_facts *facts, struct err *err)
{
	struct attempt_inputs inputs = attempt_inputs(pass);
	struct attempt_result result;
	struct follow_outcome outcome;
	int r;

	inputs.follow = true;
	r = attempt(pass, &inputs, &result, err);
	if (r < 0)
		return r;
	outcome = (struct follow_outcome){.called = result.called, .registered = result.registered, .held = result.held};
	follow_note_compared(&pass->memory->follow, facts, &outcome, clock_monotonic_ms(&clock_system));
	if (!result.registered)
		tell_unfollowed(pass, result.reason, result.message);
	else if (result.called)
		note_registered(pass);
	return 0;
}

// Registered, with FollowSecret: a token of the Secret's takes the place of the servers' where it is to. What fails moves nothing.
static int follow_secret(struct pass *pass, struct err *err)
{
	const struct attempt_memory *tried = &pass->memory->attempt;
	const struct follow_facts facts = {
		.source = attempt_token_source(pass->context, &pass->inputs.dbms, pass->arena),
		.runs = pod_runs(pass->inputs.pods, pass->inputs.n_pods, false, pass->arena),
		.gone = attempt_misses_token(&pass->memory->connection),
	};
	int64_t left;
	enum follow_step step = follow_step(&pass->memory->follow, &facts, clock_monotonic_ms(&clock_system), &left);

	pass_again(pass, left);
	if (step == FOLLOW_COMPARE)
		return compare_tokens(pass, &facts, err);
	if (step == FOLLOW_WAIT && tried->failures)
		tell_unfollowed(pass, tried->reason, tried->message);
	return 0;
}

static void format_key(const struct pass *pass, char key[QUEUE_KEY_SIZE])
{
	const struct dbms_metadata *metadata = &pass->inputs.dbms.metadata;

	key_format(key_kind_of(pass->inputs.resource->kind), metadata->namespace, metadata->name, key);
}

// After the first look at the connection, so that nothing waits for it.
static void look_at_token(struct pass *pass)
{
	struct status_problem *twins = &pass->wanted.problems[PROBLEM_TWINS];
	struct query query = {
		.context = pass->context, .memory = &pass->memory->login, .servers = access_servers(&pass->inputs), .arena = pass->arena};
	char key[QUEUE_KEY_SIZE];

	format_key(pass, key);
	pass_again(pass, token_expiry_look(&query, &pass->memory->expiry, key, pass->wanted.fleet.last_registration));
	*twins = (struct status_problem){.type = CONDITION_FLEET_TWINS};
	twins->holds = twins_find(pass->context, key, &pass->inputs.dbms, pass->arena, &twins->message);
	twins->reason = twins->holds > 0 ? REASON_ONE_IN_AURA : REASON_APART;
}

static const char *cure_of_gone(const struct pass *pass)
{
	if (pass->inputs.dbms.fleet.follow_secret && pass->inputs.dbms.fleet.token_secret)
		return "that of the Secret is registered again, unless it is the one that Aura has ended: then put a good one there";
	return arena_printf(pass->arena, "put a good one into the Secret, then %s", fleet_register_command(&pass->inputs.dbms, pass->arena));
}

// The server's own words are kept: they may tell why.
static const char *gone_message(const struct pass *pass, const char *words)
{
	return arena_printf(pass->arena,
			    "The status says registered, and the servers hold no token (%s): the volume is new or restored, or Aura has ended the "
			    "token; %s",
			    words ? words : "", cure_of_gone(pass));
}

// Metrics tell it of those that are registered only.
static void forget_expiry(struct pass *pass)
{
	const struct dbms *dbms = &pass->inputs.dbms;
	char key[QUEUE_KEY_SIZE];

	key_format(key_kind_of(pass->inputs.resource->kind), dbms->metadata.namespace, dbms->metadata.name, key);
	roster_set_expiry(pass->context->roster, key, 0);
}

static void watch_connection(struct pass *pass)
{
	struct status_fleet *fleet = &pass->wanted.fleet;
	struct attempt_inputs inputs = attempt_inputs(pass);
	struct attempt_connection connection;
	yyjson_val *old = kube_object_condition(pass->inputs.object, CONDITION_FLEET_CONNECTED);

	// Switched on again: that it is off is not true any more.
	fleet->publish_connected = reason_of(yyjson_get_str(yyjson_obj_get(old, "reason"))) == REASON_DISABLED;
	fleet->connected = -1;
	fleet->connected_message = "The servers are asked when they are registered";
	if (!fleet->registered || pass->wanted.verdict.phase != PHASE_READY)
		return;
	attempt_watch_connection(pass->context, &pass->memory->connection, &inputs, fleet->last_registration, pass->arena, &connection);
	pass_again(pass, connection.again_after_ms);
	if (!connection.known)
		return;
	fleet->publish_connected = true;
	fleet->connected = connection.connected;
	follow_note_look(&pass->memory->follow, connection.held, connection.connected > 0);
	fleet->connected_message = connection.message;
	if (connection.token_gone) {
		fleet->connected_reason = REASON_TOKEN_GONE;
		fleet->connected_message = gone_message(pass, connection.message);
	}
	look_at_token(pass);
}

// Nobody asks any more, so what was found last is not to be shown for good.
static void end_connection(struct pass *pass)
{
	struct status_fleet *fleet = &pass->wanted.fleet;
	char key[QUEUE_KEY_SIZE];

	format_key(pass, key);
	twins_note(pass->context, key, NULL, pass->arena);
	pass->wanted.problems[PROBLEM_TWINS] = (struct status_problem){.type = CONDITION_FLEET_TWINS, .reason = REASON_APART};
	fleet->publish_connected = kube_object_condition(pass->inputs.object, CONDITION_FLEET_CONNECTED) != NULL;
	fleet->connected = 0;
	fleet->connected_reason = REASON_DISABLED;
	fleet->connected_message = fleet->message;
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
static enum reason warning_of(enum reason obstacle_reason)
{
	if (obstacle_reason == REASON_PLUGINS_MALFORMED)
		return REASON_NONE;
	return obstacle_reason == REASON_FLEET_PLUGIN_WITHDRAWN ? REASON_FLEET_PLUGIN_WITHDRAWN : REASON_AURA_FAILED;
}

// An exchange may take seconds where a server is slow: then what is known already is told before it. One that has just taken the
// password is not, and one status tells all.
static bool is_to_be_announced(const struct pass *pass)
{
	return pass->memory->login.taken_ms < pass->started_ms &&
	       !publish_says(pass->inputs.object, "/status/phase", phase_name(PHASE_READY));
}

// Carries out what was decided. FollowSecret comes after a look, which may have found that the token is gone.
static int carry_out(struct pass *pass, enum fleet_step step, struct err *err)
{
	struct status_fleet *fleet = &pass->wanted.fleet;
	int r = 0;

	if (step == FLEET_OFF) {
		end_connection(pass);
		return 0;
	}
	if (step == FLEET_REGISTER && is_to_be_announced(pass)) {
		fleet->reason = REASON_WAITING_FOR_READY;
		fleet->message = "The deployment is Ready; registering with Aura Fleet Management";
		pass->announce = pass->announced = true;
	} else if (step == FLEET_REGISTER) {
		r = register_fleet(pass, err);
	}
	if (r == 0)
		watch_connection(pass);
	return r == 0 && step == FLEET_FOLLOW ? follow_secret(pass, err) : r;
}

int pass_see_to_fleet(struct pass *pass, struct err *err)
{
	STEP("seeing to the registration");
	const struct dbms *dbms = &pass->inputs.dbms;
	struct status_fleet *fleet = &pass->wanted.fleet;
	struct fleet_facts facts = {
		.enabled = dbms->fleet.enabled,
		.seen = dbms->status.registered != DBMS_REGISTERED_ABSENT,
		.registered = dbms->status.registered == DBMS_REGISTERED_TRUE && !is_copied(pass),
		.has_token_source = dbms->fleet.token_secret != NULL,
		.follow_secret = dbms->fleet.follow_secret,
		.unknown_version = unknown_version(pass),
		.ready = pass->wanted.verdict.phase == PHASE_READY,
		.phase_message = pass->wanted.verdict.message,
		.untold = pass->entry.untold,
		.off_message = pass->entry.was_off ? dbms->status.fleet_message : NULL,
	};
	struct fleet_decision decision;

	pass->announce = false;
	if (pass->facts.refused || pass->entry.disabling)
		return 0;
	facts.obstacle = plugin_entry_obstacle(&pass->inputs, pass->malformed, pass->arena, &facts.obstacle_reason);
	fleet_decide(&facts, pass->arena, &decision);
	if (decision.step == FLEET_OFF && !pass->entry.was_off)
		fault_point("before-off-write");
	fleet->publish = decision.step != FLEET_REST;
	fleet->registered = decision.step == FLEET_LATCHED || decision.step == FLEET_FOLLOW;
	fleet->reason = decision.reason;
	fleet->message = decision.message;
	fleet->last_registration = dbms->status.last_registration;
	if (!fleet->registered)
		forget_expiry(pass);
	if (facts.obstacle && decision.step == FLEET_WAIT)
		pass->fleet_warning = warning_of(facts.obstacle_reason);
	return carry_out(pass, decision.step, err);
}
