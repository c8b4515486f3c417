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

// What the functions of this file share.
struct fleet_pass {
	const struct pass *pass;
	const struct fleet_inputs *inputs;
	const struct survey *survey; // the last one of this pass; NULL: none
	struct fleet_told *told;
};

struct query pass_query(const struct pass *pass, const struct deployment *deployment)
{
	return (struct query){
		.context = pass->context, .memory = deployment->login, .servers = access_servers(deployment), .arena = pass->arena};
}

static void again(struct fleet_pass *step, int64_t ms)
{
	step->told->again_ms = pass_sooner(step->told->again_ms, ms);
}

// The server that can write database system.
static int find_leader(struct fleet_pass *step, bool anew, const struct pod **ret, struct err *err)
{
	const struct deployment *deployment = step->inputs->deployment;
	const struct pass *pass = step->pass;
	int r = 0;

	*ret = deployment->n_pods ? &deployment->pods[0] : NULL;
	if (deployment->dbms.kind != DBMS_CLUSTER)
		return 0;
	if (anew)
		r = cluster_survey(pass->context, &pass->memory->cluster, deployment, true, &step->survey, err);
	if (r < 0)
		return r;
	*ret = step->survey ? survey_writer(step->survey, &deployment->names, deployment->pods, deployment->n_pods) : NULL;
	return *ret || anew ? 0 : find_leader(step, true, ret, err);
}

// Whether the status belongs to an earlier resource and came here with a copy.
static bool is_copied(const struct dbms *dbms)
{
	return fleet_is_copied(dbms->metadata.created, dbms->status.last_registration);
}

static struct attempt_inputs attempt_inputs(const struct fleet_pass *step)
{
	const struct deployment *deployment = step->inputs->deployment;

	return (struct attempt_inputs){
		.resource = step->pass->resource,
		.servers = access_servers(deployment),
		.registered_before = deployment->dbms.status.last_registration != NULL && !is_copied(&deployment->dbms),
		.fresh = step->inputs->announced,
		.own_token = deployment->dbms.fleet.provision.credentials != NULL,
	};
}

void pass_check_access(const struct pass *pass, const struct deployment *deployment, bool ready, struct access_told *ret)
{
	const struct access_memory *memory = deployment->login;
	struct access_servers servers = access_servers(deployment);
	struct access_verdict verdict;

	ret->certificate = (struct status_problem){CONDITION_CERTIFICATE_UNUSABLE, deployment->certificate_problem != NULL,
						   deployment->certificate_problem ? REASON_SECRET_UNUSABLE : REASON_USABLE,
						   deployment->certificate_problem};
	if (deployment->admin_problem) {
		ret->credentials = (struct status_problem){CONDITION_CREDENTIALS_REFUSED, 1, REASON_SECRET_UNUSABLE, deployment->admin_problem};
		return;
	}
	access_check(pass->context, deployment->login, &servers, pass->arena, &verdict);
	if (ready && *memory->version)
		ret->version = memory->version;
	ret->topology = verdict.topology;
	ret->again_ms = verdict.again_after_ms;
	ret->credentials = (struct status_problem){CONDITION_CREDENTIALS_REFUSED, verdict.known ? verdict.refusal != NULL : -1,
						   verdict.refusal ? REASON_REFUSED : REASON_ACCEPTED, verdict.refusal};
}

// By the API server's clock the resource may have been made after our now; its registration must not be older than the resource.
static const char *registration_time(const struct fleet_pass *step)
{
	const char *created = step->inputs->deployment->dbms.metadata.created;
	char now[TIME_TEXT_SIZE];

	time_format_rfc3339(clock_wall_ms(&clock_system), now, sizeof(now));
	return fleet_is_copied(created, now) ? created : arena_strdup(step->pass->arena, now);
}

// The exchange, at the server that leads database system at that moment. ERR_CONFLICT: look again.
static int attempt(struct fleet_pass *step, struct attempt_inputs *inputs, struct attempt_result *ret, struct err *err)
{
	const struct pass *pass = step->pass;
	int r = find_leader(step, false, &inputs->server, err);

	if (r < 0)
		return r;
	attempt_register(pass->context, &pass->memory->attempt, inputs, pass->arena, ret);
	if (ret->not_leader) {
		r = find_leader(step, true, &inputs->server, err);
		if (r < 0)
			return r;
		inputs->last_try = true;
		attempt_register(pass->context, &pass->memory->attempt, inputs, pass->arena, ret);
	}
	if (ret->stale)
		return err_set(err, ERR_CONFLICT, "the object has changed since it was read");
	if (ret->lease_short)
		return err_set(err, ERR_CONFLICT, "too little of the lease is left to begin a registration");
	again(step, ret->again_after_ms);
	return 0;
}

static void note_registered(struct fleet_pass *step)
{
	step->told->just_registered = true;
	step->told->status.last_registration = registration_time(step);
}

// Whether the Secret's token is the cause, and not a server or the moment.
static bool blames_secret(enum reason reason)
{
	return reason == REASON_SECRET_NOT_FOUND || reason == REASON_SECRET_UNREADABLE || reason == REASON_SECRET_KEY_NOT_FOUND ||
	       reason == REASON_TOKEN_EMPTY || reason == REASON_TOKEN_MALFORMED || reason == REASON_TOKEN_EXPIRED ||
	       reason == REASON_TOKEN_REFUSED;
}

static int register_fleet(struct fleet_pass *step, struct err *err)
{
	struct status_fleet *fleet = &step->told->status;
	struct attempt_inputs inputs = attempt_inputs(step);
	struct attempt_result result;
	int r = attempt(step, &inputs, &result, err);

	if (r < 0)
		return r;
	fleet->registered = result.registered;
	fleet->reason = result.reason;
	fleet->message = result.message;
	step->told->warning = result.registered || result.waiting ? REASON_NONE : REASON_AURA_FAILED;
	if (result.registered)
		note_registered(step);
	else if (inputs.own_token && blames_secret(result.reason) && result.reason != REASON_SECRET_UNREADABLE)
		provision_note_useless(&step->pass->memory->provision);
	return 0;
}

// Tells a failure that only a person can mend; others pass.
static void tell_unfollowed(struct fleet_pass *step, enum reason reason, const char *why)
{
	struct status_fleet *fleet = &step->told->status;

	if (!blames_secret(reason))
		return;
	fleet->message = arena_printf(step->pass->arena, "%s; the Secret's token is not followed: %s", fleet->message, why);
	step->told->warning = REASON_AURA_FAILED;
}

static int compare_tokens(struct fleet_pass *step, const struct follow_facts *facts, struct err *err)
{
	struct attempt_inputs inputs = attempt_inputs(step);
	struct attempt_result result;
	struct follow_outcome outcome;
	int r;

	inputs.follow = true;
	inputs.holds_token = !facts->gone;
	r = attempt(step, &inputs, &result, err);
	if (r < 0)
		return r;
	outcome = (struct follow_outcome){.called = result.called, .registered = result.registered, .outlived = result.outlived, .held = result.held};
	follow_note_compared(&step->pass->memory->follow, facts, &outcome, clock_monotonic_ms(&clock_system));
	if (result.registered && result.called)
		note_registered(step);
	else if (result.registered && facts->gone)
		again(step, connection_watch_doubt(&step->pass->memory->connection.looks));
	else if (!result.registered && !result.outlived)
		tell_unfollowed(step, result.reason, result.message);
	return 0;
}

// For a registered deployment with FollowSecret: replaces the servers' token by the Secret's where it shall. A failure changes nothing.
static int follow_secret(struct fleet_pass *step, struct err *err)
{
	const struct pass *pass = step->pass;
	const struct deployment *deployment = step->inputs->deployment;
	const struct attempt_memory *tried = &pass->memory->attempt;
	const struct follow_facts facts = {
		.source = attempt_token_source(pass->context, &deployment->dbms, pass->arena),
		.runs = pod_runs(deployment->pods, deployment->n_pods, false, pass->arena),
		.gone = attempt_misses_token(&pass->memory->connection),
	};
	int64_t left;
	enum follow_step next = follow_step(&pass->memory->follow, &facts, clock_monotonic_ms(&clock_system), &left);

	again(step, left);
	if (next == FOLLOW_COMPARE)
		return compare_tokens(step, &facts, err);
	if (next == FOLLOW_WAIT && tried->failures)
		tell_unfollowed(step, tried->reason, tried->message);
	return 0;
}

static void format_key(const struct fleet_pass *step, char key[QUEUE_KEY_SIZE])
{
	const struct dbms_metadata *metadata = &step->inputs->deployment->dbms.metadata;

	key_format(key_kind_of(step->pass->resource->kind), metadata->namespace, metadata->name, key);
}

// An operator that has just started does not know everything yet: for what it lacks, the condition of the operator before it stays.
static void tell_twins(struct fleet_pass *step, const char *key)
{
	const struct pass *pass = step->pass;
	yyjson_val *old = kube_object_condition(step->inputs->object, CONDITION_FLEET_TWINS);
	bool one_token = reason_of(yyjson_get_str(yyjson_obj_get(old, "reason"))) == REASON_ONE_TOKEN;
	struct twins_verdict verdict;

	twins_find(pass->context, key, &step->inputs->deployment->dbms, pass->arena, &verdict);
	if (verdict.holds == 0 && (one_token ? verdict.token_unknown : verdict.identity_unknown))
		verdict.holds = -1;
	step->told->twins = (struct status_problem){CONDITION_FLEET_TWINS, verdict.holds, verdict.reason, verdict.message};
}

// Comes after the first look at the connection, which must not wait for it.
static void look_at_token(struct fleet_pass *step)
{
	const struct pass *pass = step->pass;
	struct query query = pass_query(pass, step->inputs->deployment);
	struct status_problem *expiring = &step->told->expiring;
	char key[QUEUE_KEY_SIZE];

	format_key(step, key);
	again(step, token_expiry_look(&query, &pass->memory->expiry, key, step->told->status.last_registration));
	tell_twins(step, key);
	*expiring = (struct status_problem){.type = CONDITION_FLEET_TOKEN_EXPIRING};
	expiring->holds = token_expiry_is_near(&pass->memory->expiry, &step->inputs->deployment->dbms, pass->arena, &expiring->message);
	expiring->reason = expiring->holds > 0 ? REASON_EXPIRES_SOON : REASON_RENEWED;
	step->told->status.expires = token_expiry_text(&pass->memory->expiry, pass->arena);
	step->told->status.project = token_expiry_project(&pass->memory->expiry);
}

static const char *cure_of_gone(const struct fleet_pass *step)
{
	const struct dbms *dbms = &step->inputs->deployment->dbms;
	struct arena *arena = step->pass->arena;

	if (dbms->fleet.provision.credentials)
		return arena_printf(arena, "to have another one made: %s", fleet_register_command(dbms, arena));
	if (dbms->fleet.follow_secret)
		return "the operator registers the Secret's token again; if Aura has ended that one, put a good one there";
	return arena_printf(arena, "put a good one into the Secret, then %s", fleet_register_command(dbms, arena));
}

// The server's own words stay: they may tell why.
static const char *gone_message(const struct fleet_pass *step, const char *words)
{
	return arena_printf(step->pass->arena,
			    "The status says registered, and the servers hold no token (%s): the volume is new or restored, or Aura has ended the "
			    "token; %s",
			    words ? words : "", cure_of_gone(step));
}

// Metrics and the condition tell the expiry of registered deployments only.
static void forget_expiry(const struct fleet_pass *step)
{
	char key[QUEUE_KEY_SIZE];

	format_key(step, key);
	roster_set_expiry(step->pass->context->roster, key, 0);
	step->told->status.expires = step->told->status.project = "";
	step->told->expiring = (struct status_problem){.type = CONDITION_FLEET_TOKEN_EXPIRING, .reason = REASON_RENEWED};
}

static void note_topology(struct fleet_pass *step, const struct topology *topology)
{
	struct access_memory *login = step->inputs->deployment->login;

	access_note_topology(login, topology);
	if (login->moving)
		again(step, deadline_left_ms(login->topology_ms) + 1);
}

static void watch_connection(struct fleet_pass *step)
{
	const struct pass *pass = step->pass;
	struct status_fleet *fleet = &step->told->status;
	struct attempt_inputs inputs = attempt_inputs(step);
	struct attempt_connection connection;
	yyjson_val *old = kube_object_condition(step->inputs->object, CONDITION_FLEET_CONNECTED);

	// It is switched on again, so the condition must not say off any longer.
	fleet->publish_connected = reason_of(yyjson_get_str(yyjson_obj_get(old, "reason"))) == REASON_DISABLED;
	fleet->connected = -1;
	fleet->connected_message = "The servers are asked when they are registered";
	if (!fleet->registered || !step->inputs->verdict->serving)
		return;
	attempt_watch_connection(pass->context, &pass->memory->connection, &inputs, fleet->last_registration, pass->arena, &connection);
	again(step, connection.again_after_ms);
	step->told->topology = connection.topology;
	if (connection.topology)
		note_topology(step, connection.topology);
	if (!connection.known)
		return;
	fleet->publish_connected = true;
	fleet->connected = connection.connected;
	follow_note_look(&pass->memory->follow, connection.held, connection.connected > 0);
	fleet->connected_message = connection.message;
	if (connection.token_gone) {
		fleet->connected_reason = REASON_TOKEN_GONE;
		fleet->connected_message = gone_message(step, connection.message);
	}
	look_at_token(step);
}

// Nobody asks any more, so the last finding must not stay for good.
static void end_connection(struct fleet_pass *step)
{
	struct status_fleet *fleet = &step->told->status;
	char key[QUEUE_KEY_SIZE];

	format_key(step, key);
	twins_forget(step->pass->context, key, step->pass->arena);
	step->told->twins = (struct status_problem){.type = CONDITION_FLEET_TWINS, .reason = REASON_APART};
	fleet->publish_connected = kube_object_condition(step->inputs->object, CONDITION_FLEET_CONNECTED) != NULL;
	fleet->connected = 0;
	fleet->connected_reason = REASON_DISABLED;
	fleet->connected_message = fleet->message;
}

static const char *unknown_version(const struct fleet_pass *step)
{
	const struct plugin_entry *entry = step->inputs->entry;

	if (entry->version.fleet_form != FLEET_FORM_UNDECIDABLE)
		return NULL;
	return arena_printf(step->pass->arena,
			    "The tag '%s' does not tell which Neo4j it is, and not every version has the plugin; the server is asked when "
			    "it is ready (%s)",
			    step->inputs->deployment->dbms.image.tag,
			    entry->not_asked ? entry->not_asked : "its answer names no version that is known here");
}

// The reason of the event for an obstacle. An obstacle with a condition of its own has the event of that condition.
static enum reason warning_of(enum reason obstacle_reason)
{
	if (obstacle_reason == REASON_PLUGINS_MALFORMED)
		return REASON_NONE;
	return obstacle_reason == REASON_FLEET_PLUGIN_WITHDRAWN ? REASON_FLEET_PLUGIN_WITHDRAWN : REASON_AURA_FAILED;
}

// A slow server can hold up the exchange, so the Ready status is written first. A server that has just taken the password is fast, and one
// status tells all.
static bool is_to_be_announced(const struct fleet_pass *step)
{
	const struct access_memory *login = step->inputs->deployment->login;

	return login->taken_ms < step->pass->started_ms && !publish_says(step->inputs->object, "/status/phase", phase_name(PHASE_READY));
}

static bool is_outdated(const struct dbms *dbms, int64_t *ret_wait_ms)
{
	return fleet_is_outdated(dbms->fleet.registered_since, dbms->status.last_registration, clock_wall_ms(&clock_system), ret_wait_ms);
}

static struct fleet_facts facts_of(const struct fleet_pass *step, int64_t *ret_wait_ms)
{
	const struct dbms *dbms = &step->inputs->deployment->dbms;
	bool outdated = is_outdated(dbms, ret_wait_ms);
	const struct plugin_entry *entry = step->inputs->entry;
	struct fleet_facts facts = {
		.enabled = dbms->fleet.enabled,
		.seen = dbms->status.registered != DBMS_REGISTERED_ABSENT,
		.registered = dbms->status.registered == DBMS_REGISTERED_TRUE && !is_copied(dbms) && !outdated,
		.has_token_source = dbms->fleet.token_secret != NULL,
		.follow_secret = dbms->fleet.follow_secret,
		.unknown_version = unknown_version(step),
		.ready = step->inputs->verdict->serving,
		.phase_message = step->inputs->verdict->message,
		.untold = entry->untold,
		.off_message = entry->was_off ? dbms->status.fleet_message : NULL,
	};

	facts.obstacle = plugin_entry_obstacle(entry, step->inputs->malformed, step->pass->arena, &facts.obstacle_reason);
	return facts;
}

static int register_or_announce(struct fleet_pass *step, struct err *err)
{
	bool ready = true;
	int r = 0;

	// At most once, whatever others do to the status meanwhile.
	if (step->inputs->announced || !is_to_be_announced(step)) {
		if (step->inputs->deployment->dbms.fleet.provision.credentials)
			r = pass_provision(step->pass, step->inputs, step->told, &ready, err);
		return r < 0 || !ready ? r : register_fleet(step, err);
	}
	step->told->status.reason = REASON_WAITING_FOR_READY;
	step->told->status.message = "The deployment is Ready; registering with Aura Fleet Management";
	step->told->announce = true;
	return 0;
}

// Carries out the decision. FollowSecret comes after a look, which may have found that the token is gone.
static int carry_out(struct fleet_pass *step, enum fleet_step decided, struct err *err)
{
	int r = 0;

	if (decided == FLEET_OFF) {
		end_connection(step);
		return 0;
	}
	if (decided == FLEET_REGISTER)
		r = register_or_announce(step, err);
	if (r == 0)
		watch_connection(step);
	return r == 0 && decided == FLEET_FOLLOW ? follow_secret(step, err) : r;
}

int pass_see_to_fleet(const struct pass *pass, const struct fleet_inputs *inputs, struct fleet_told *ret, struct err *err)
{
	STEP("seeing to the registration");
	struct fleet_pass step = {.pass = pass, .inputs = inputs, .survey = inputs->survey, .told = ret};
	int64_t wait;
	struct fleet_facts facts = facts_of(&step, &wait);
	struct fleet_decision decision;

	*ret = (struct fleet_told){0};
	fleet_decide(&facts, pass->arena, &decision);
	if (decision.step == FLEET_OFF && !inputs->entry->was_off)
		fault_point("before-off-write");
	ret->status = (struct status_fleet){
		.publish = decision.step != FLEET_REST,
		.registered = decision.step == FLEET_LATCHED || decision.step == FLEET_FOLLOW,
		.reason = decision.reason,
		.message = decision.message,
		.last_registration = inputs->deployment->dbms.status.last_registration,
	};
	again(&step, wait);
	if (!ret->status.registered)
		forget_expiry(&step);
	if (facts.obstacle && decision.step == FLEET_WAIT)
		ret->warning = warning_of(facts.obstacle_reason);
	return carry_out(&step, decision.step, err);
}
