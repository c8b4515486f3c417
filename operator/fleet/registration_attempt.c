// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/fleet/registration_attempt.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "operator/fleet/connection_watch.h"
#include "operator/fleet/gates.h"
#include "operator/fleet/roster.h"
#include "operator/object/admin_secret.h"
#include "operator/object/basis.h"
#include "operator/object/kept.h"
#include "operator/object/key.h"
#include "operator/object/reason.h"
#include "operator/server/confirmation.h"
#include "operator/server/retry.h"

// Both are well below the 25 s that are left of a lease of 30 s, renewed every 5 s, while all is well.
#define EXCHANGE_TIMEOUT_MS (15 * 1000)
#define LOOK_TIMEOUT_MS (10 * 1000)

// A server tries to connect right after its start, then every 30 s.
#define CONNECTING_MS INT64_C(35000)
#define CONNECTING_RETRY_MS INT64_C(1500)

// The token's Secret as an exchange needs it; wiped afterwards.
struct token_read {
	struct arena *arena;
	struct token token;
};

// Everything that the outcome of an attempt depends on, in one line; any change makes the next attempt due at once.
static const char *attempt_basis(const struct context *context, const struct attempt_inputs *inputs, struct arena *arena)
{
	const struct access_servers *servers = &inputs->servers;
	const struct dbms *dbms = servers->dbms;

	return arena_printf(arena, "%lld %d %s %s %s%s", (long long)dbms->metadata.generation,
			    servers->memory->known && servers->memory->refused,
			    access_secret_version(context, dbms, dbms->admin_secret, arena),
			    access_secret_version(context, dbms, dbms->fleet.token_secret, arena),
			    access_secret_version(context, dbms, dbms->tls_secret, arena),
			    pod_runs(servers->pods, servers->n_pods, true, arena));
}

const char *attempt_token_source(const struct context *context, const struct dbms *dbms, struct arena *arena)
{
	const struct dbms_fleet *fleet = &dbms->fleet;

	return arena_printf(arena, "%s %s %s", fleet->token_secret ? fleet->token_secret : "", fleet->token_key,
			    access_secret_version(context, dbms, fleet->token_secret, arena));
}

static int64_t delay_after(enum reason reason, unsigned failures)
{
	if (reason == REASON_CREDENTIALS_REFUSED)
		return ACCESS_REFUSED_MS; // unless somebody finds out earlier that the server takes the password
	return reason == REASON_CONNECTING ? CONNECTING_RETRY_MS : retry_delay(failures);
}

static bool fail(struct attempt_result *ret, enum reason reason, const char *message)
{
	ret->reason = reason;
	ret->message = message;
	return false;
}

static bool read_token(const struct context *context, const struct attempt_inputs *inputs, struct token_read *read,
		       struct arena *arena, struct attempt_result *ret)
{
	_cleanup_(kube_object_unrefp) struct kube_object *secret = NULL;
	const char *cure = "generate a new one in the Aura console and update the Secret";
	const struct dbms_fleet *fleet = &inputs->servers.dbms->fleet;
	struct access_problem problem;
	char expired[TIME_TEXT_SIZE];
	const char *data;
	size_t len;

	if (!access_fetch(context, &inputs->servers, fleet->token_secret, arena, &secret, &problem))
		return fail(ret, problem.reason, problem.message);
	data = secret_value(kube_object_root(secret), fleet->token_key, read->arena, &len);
	if (!data)
		return fail(ret, REASON_SECRET_KEY_NOT_FOUND,
			    arena_printf(arena, "Key '%s' not found in Secret '%s' (the keys are: %s); add it, or name another "
						"key in tokenSecretRef.key",
					 fleet->token_key, fleet->token_secret, secret_keys(kube_object_root(secret), arena)));
	switch (token_check(data, len, clock_wall_ms(&clock_system), read->arena, &read->token)) {
	case TOKEN_GOOD:
		return true;
	case TOKEN_EMPTY:
		return fail(ret, REASON_TOKEN_EMPTY,
			    arena_printf(arena, "The token in Secret '%s' is empty; put the token that the Aura console shows "
						"under key '%s'",
					 fleet->token_secret, fleet->token_key));
	case TOKEN_MALFORMED:
		return fail(ret, REASON_TOKEN_MALFORMED,
			    arena_printf(arena, "The token in Secret '%s' is malformed: %s; copy it again in full, or %s",
					 fleet->token_secret, read->token.problem, cure));
	case TOKEN_EXPIRED:
		time_format_rfc3339(read->token.expires_ms, expired, sizeof(expired));
		return fail(ret, REASON_TOKEN_EXPIRED,
			    arena_printf(arena, "The token in Secret '%s' expired on %s; %s", fleet->token_secret, expired, cure));
	}
	return false;
}

// Whether the API server's object tells of another registration than the pass knows.
static bool tells_otherwise(const struct kube_object *root, const struct attempt_inputs *inputs)
{
	const char *known = inputs->servers.dbms->status.last_registration;
	const char *last = kube_object_str(root, "/status/auraFleetManagement/lastRegistrationTime");
	bool copied = fleet_is_copied(kube_object_str(root, "/metadata/creationTimestamp"), last);
	int64_t wait;
	bool outdated = fleet_is_outdated(inputs->servers.dbms->fleet.registered_since, last, clock_wall_ms(&clock_system), &wait);
	bool registered = !copied && !outdated && yyjson_is_true(kube_object_get(root, "/status/auraFleetManagement/registered"));

	if (inputs->follow)
		return !registered || strcmp(last ? last : "", known ? known : "") != 0;
	return registered || (last && !copied) != inputs->registered_before;
}

// The store may lag behind, and registering twice would drop the server's connection: so it asks the API server before the call.
static bool is_still_wanted(const struct context *context, const struct attempt_inputs *inputs, struct arena *arena,
			    struct attempt_result *ret)
{
	_cleanup_(kube_object_unrefp) struct kube_object *root = NULL;
	const struct dbms_metadata *metadata = &inputs->servers.dbms->metadata;
	struct kube_name name = {.namespace = metadata->namespace, .name = metadata->name};
	struct err err = ERR_INIT;

	if (kube_get(context->client, inputs->resource, name, &root, &err) < 0)
		return fail(ret, REASON_API_UNAVAILABLE,
			    arena_printf(arena, "The Kubernetes API cannot be asked (%s); it is tried again", err.text));
	ret->stale = strcmp(kube_object_uid(root), metadata->uid) != 0 ||
		     kube_object_int(root, "/metadata/generation", 0) != metadata->generation || tells_otherwise(root, inputs);
	return !ret->stale;
}

static struct registration_request request_for(const struct access *access, const struct pod *pod, int timeout_ms)
{
	return (struct registration_request){
		.target = access_target(access, pod),
		.auth = {.user = access->credentials.user, .password = access->credentials.password},
		.server = pod->name,
		.admin_secret = access->servers->dbms->admin_secret,
		.deadline = deadline_in_ms(timeout_ms),
	};
}

// Why the server of a pod must not be asked now; NULL: it may.
static const char *unconfirmed(const struct context *context, const struct confirmation *confirmation, const struct pod *pod, int64_t deadline,
			       struct arena *arena)
{
	struct access_problem problem;
	struct err err = ERR_INIT;

	if (confirmation_check(context, confirmation, pod, deadline, &err) == 0)
		return NULL;
	access_failure(pod->name, &err, arena, &problem);
	return problem.message;
}

static void exchange(const struct context *context, const struct attempt_inputs *inputs, const struct registration_request *request,
		     struct arena *arena, struct registration_result *ret)
{
	const struct confirmation confirmation = {.servers = &inputs->servers};
	const char *why;

	assert(inputs->server && request->token);
	why = unconfirmed(context, &confirmation, inputs->server, request->deadline, arena);
	if (why)
		*ret = (struct registration_result){.reason = REASON_UNREACHABLE, .message = why, .code = ""};
	else
		registration_run(request, arena, ret);
}

// Another deployment's servers hold the same token: it came here with a copy of their volume and is not this deployment's own.
static bool is_of_a_twin(const struct context *context, const struct attempt_inputs *inputs, const struct registration_result *result,
			 struct arena *arena)
{
	const struct dbms_metadata *metadata = &inputs->servers.dbms->metadata;
	const char *twins[ROSTER_TWINS_MAX];
	char key[QUEUE_KEY_SIZE];

	key_format(key_kind_of(inputs->resource->kind), metadata->namespace, metadata->name, key);
	return result->adopted && roster_twins(context->roster, key, (struct roster_sign){ROSTER_IDENTITY, result->identity}, arena, twins) > 0;
}

static void take_result(const struct registration_result *result, struct arena *arena, struct attempt_result *ret)
{
	ret->registered = result->registered;
	ret->called = result->called;
	ret->held = result->held ? arena_strdup(arena, result->held) : NULL;
	ret->not_leader = result->not_leader;
	ret->reason = result->reason;
	ret->message = arena_strdup(arena, result->message);
}

static void attempt(const struct context *context, struct attempt_memory *memory, const struct attempt_inputs *inputs,
		    struct arena *arena, struct attempt_result *ret)
{
	_cleanup_(arena_freep) struct arena *secret_arena = arena_new();
	struct token_read read = {.arena = secret_arena};
	struct access access = {.servers = &inputs->servers, .arena = secret_arena};
	struct registration_request request;
	struct registration_result result;
	struct access_problem problem;
	const char *refusal;
	int64_t left;

	fault_point("before-token-read");
	if (!read_token(context, inputs, &read, arena, ret))
		return;
	refusal = access_barred(context, inputs->servers.memory, &inputs->servers, arena, &left);
	if (refusal) {
		(void)fail(ret, access_barred_reason(inputs->servers.memory), arena_strdup(arena, refusal));
		return;
	}
	if (!access_read(context, &access, arena, &problem)) {
		(void)fail(ret, problem.reason, problem.message);
		return;
	}
	if (!inputs->server) {
		(void)fail(ret, REASON_NO_LEADER, "No server leads database system at this moment; it is tried again");
		return;
	}
	if (!inputs->fresh && !is_still_wanted(context, inputs, arena, ret))
		return;
	request = request_for(&access, inputs->server, EXCHANGE_TIMEOUT_MS);
	request.token = &read.token;
	request.follow = inputs->follow;
	request.may_adopt = request.identify = !inputs->registered_before && !inputs->own_token;
	request.may_wait = !memory->connecting_ms || deadline_left_ms(memory->connecting_ms) > 0;
	// Checked after the deadline was set, so the lease outlasts the deadline.
	ret->lease_short = !context_has_ms(context, EXCHANGE_TIMEOUT_MS);
	if (ret->lease_short)
		return;
	exchange(context, inputs, &request, secret_arena, &result);
	if (is_of_a_twin(context, inputs, &result, arena)) {
		request.may_adopt = false;
		request.deadline = deadline_in_ms(EXCHANGE_TIMEOUT_MS);
		ret->lease_short = !context_has_ms(context, EXCHANGE_TIMEOUT_MS);
		if (ret->lease_short)
			return;
		exchange(context, inputs, &request, secret_arena, &result);
	}
	if (result.answered)
		access_note(context, inputs->servers.memory, &inputs->servers,
			    result.reason == REASON_CREDENTIALS_REFUSED || result.reason == REASON_LOGINS_LIMITED ? result.message : NULL,
			    result.code);
	take_result(&result, arena, ret);
}

// Whether an attempt failed after the wait for a connecting server: the next attempt must not wait again, or its status would change to and fro.
static bool came_after_the_wait(const struct attempt_result *result)
{
	return result->called || result->reason == REASON_TOKEN_REFUSED;
}

static void keep_failure(struct attempt_memory *memory, const char *basis, struct attempt_result *ret)
{
	unsigned failures = basis_is(&memory->basis, basis) ? memory->failures : 0;
	int64_t delay = delay_after(ret->reason, failures + 1);

	ret->waiting = ret->reason == REASON_CONNECTING;
	if (ret->waiting && !memory->connecting_ms)
		memory->connecting_ms = deadline_in_ms(CONNECTING_MS);
	if (!ret->waiting && !came_after_the_wait(ret))
		memory->connecting_ms = 0;
	basis_set(&memory->basis, basis);
	memory->failures = failures + 1;
	memory->next_ms = deadline_in_ms(delay);
	memory->reason = ret->reason;
	kept_set(memory->message, ret->message);
	ret->again_after_ms = delay;
}

// An expired token is simply older than the one that the servers hold.
static void drop_outlived(struct attempt_memory *memory, const struct attempt_inputs *inputs, struct attempt_result *ret)
{
	ret->outlived = inputs->follow && inputs->holds_token && ret->reason == REASON_TOKEN_EXPIRED;
	if (!ret->outlived)
		return;
	memset(memory, 0, sizeof(*memory));
	ret->message = "";
	ret->again_after_ms = 0;
}

void attempt_register(const struct context *context, struct attempt_memory *memory, const struct attempt_inputs *inputs,
		      struct arena *arena, struct attempt_result *ret)
{
	const char *basis = attempt_basis(context, inputs, arena);
	int64_t left;

	*ret = (struct attempt_result){0};
	left = memory->failures ? deadline_left_ms(memory->next_ms) : 0;
	if (left > 0 && basis_is(&memory->basis, basis)) {
		ret->reason = memory->reason;
		ret->message = memory->message;
		ret->waiting = ret->reason == REASON_CONNECTING;
		ret->again_after_ms = left;
		drop_outlived(memory, inputs, ret);
		return;
	}
	ret->attempted = true;
	attempt(context, memory, inputs, arena, ret);
	if (ret->stale || ret->lease_short || (ret->not_leader && !inputs->last_try))
		return;
	if (ret->registered)
		memset(memory, 0, sizeof(*memory));
	else
		keep_failure(memory, basis, ret);
	drop_outlived(memory, inputs, ret);
}

// The words live in the arena of access, which is wiped.
static void ask(const struct context *context, const struct confirmation *confirmation, const struct access *access,
		const struct registration_request *request, struct connection_result *ret)
{
	const struct access_servers *servers = access->servers;
	const struct pod *pod = pod_named(servers->pods, servers->n_pods, request->server);
	const char *why = unconfirmed(context, confirmation, pod, request->deadline, access->arena);

	if (why)
		*ret = (struct connection_result){.connected = -1, .message = why, .code = ""};
	else
		registration_check_connected(request, access->arena, ret);
	if (ret->refused)
		access_note(context, servers->memory, servers, ret->message, ret->code);
}

// Asks every server. The first that is not connected decides, else the first that could not be asked. False when the lease is too short.
static bool look(const struct context *context, struct connection_memory *memory, const struct attempt_inputs *inputs, struct arena *arena,
		 struct attempt_connection *ret)
{
	_cleanup_(arena_freep) struct arena *secret_arena = arena_new();
	const struct access_servers *servers = &inputs->servers;
	struct access access = {.servers = servers, .arena = secret_arena};
	struct connection_result decisive = {.connected = -1, .message = "no server runs"};
	struct access_problem problem;
	struct confirmation confirmation;
	int64_t left;
	const char *refusal = access_barred(context, servers->memory, servers, arena, &left);

	if (refusal || !access_read(context, &access, arena, &problem)) {
		memory->connected = -1;
		memory->token_gone = false;
		kept_set(memory->message, refusal ? refusal : problem.message);
		return true;
	}
	if (!context_has_ms(context, LOOK_TIMEOUT_MS))
		return false;
	confirmation_ask(context, servers, deadline_in_ms(LOOK_TIMEOUT_MS), arena, &confirmation);
	for (size_t i = 0; i < servers->n_pods && (i == 0 || decisive.connected > 0); i++) {
		struct registration_request request = request_for(&access, &servers->pods[i], LOOK_TIMEOUT_MS);
		struct connection_result result;

		if (!context_has_ms(context, LOOK_TIMEOUT_MS))
			return false;
		request.tell_held = servers->dbms->fleet.follow_secret && !ret->held;
		request.tell_topology = servers->dbms->kind == DBMS_STANDALONE ? arena : NULL;
		ask(context, &confirmation, &access, &request, &result);
		if (result.held)
			ret->held = arena_strdup(arena, result.held);
		if (result.topology)
			ret->topology = result.topology;
		if (result.connected <= 0 || i == 0)
			decisive = result;
	}
	memory->connected = decisive.connected;
	memory->token_gone = decisive.token_gone;
	kept_set(memory->message, decisive.message);
	return true;
}

// Not before the second look, since the server may be starting.
bool attempt_misses_token(const struct connection_memory *memory)
{
	return memory->token_gone && memory->looks.taken > 1;
}

void attempt_watch_connection(const struct context *context, struct connection_memory *memory, const struct attempt_inputs *inputs,
			      const char *registered_at, struct arena *arena, struct attempt_connection *ret)
{
	const struct access_servers *servers = &inputs->servers;
	const char *basis = arena_printf(arena, "%s%s", registered_at ? registered_at : "", pod_runs(servers->pods, servers->n_pods, false, arena));
	struct connection_watch *looks = &memory->looks;
	struct connection_pace pace = connection_watch_pace(servers->dbms->fleet.check_interval_ms, servers->dbms->metadata.uid);
	int64_t now = clock_monotonic_ms(&clock_system);
	unsigned taken;

	*ret = (struct attempt_connection){0};
	if (!basis_is(&memory->basis, basis)) {
		bool first = !*memory->basis.digest;

		basis_set(&memory->basis, basis);
		connection_watch_begin(looks, now, first ? connection_watch_age(registered_at, servers->pods, servers->n_pods, clock_wall_ms(&clock_system)) : 0);
	}
	if (connection_watch_due(looks, &pace, now, &taken) && look(context, memory, inputs, arena, ret))
		connection_watch_take(looks, taken, now);
	ret->known = looks->taken > 0;
	ret->connected = memory->connected;
	ret->token_gone = attempt_misses_token(memory);
	ret->message = memory->message;
	ret->again_after_ms = connection_watch_left_ms(looks, &pace, clock_monotonic_ms(&clock_system));
}
