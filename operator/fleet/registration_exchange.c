// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/fleet/registration_exchange.h"

#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "neo4j/admin.h"
#include "operator/fleet/gates.h"
#include "operator/object/reason.h"
#include "operator/server/query.h"
#include "operator/server/server_login.h"

// The order of the steps is the whole point. The exchange first asks what the server has: the Secret's older token must not overwrite one that
// the service rotated, while a newer token was put there to be used. It inspects the token before it stores it, since registerToken stores
// whatever it gets. And only the row and a second look at the stored token count as success.

struct exchange {
	const struct registration_request *request;
	struct admin admin;
	struct registration_result *result;
	struct arena *arena;
	struct scrub scrub;
};

static int end(struct exchange *x, enum reason reason, const char *message)
{
	x->result->reason = reason;
	x->result->message = message;
	return -1;
}

static void succeed(struct exchange *x)
{
	x->result->registered = true;
	x->result->reason = REASON_REGISTERED;
	x->result->message = "Registered with Aura Fleet Management";
}

static int fail_not_leader(struct exchange *x)
{
	x->result->not_leader = true;
	return end(x, REASON_NO_LEADER,
		   arena_printf(x->arena, "Server '%s' no longer leads database system; the server that does is asked next",
				x->request->server));
}

static int fail(struct exchange *x, const struct err *err)
{
	const struct registration_request *request = x->request;
	const char *code = err->code;
	struct access_problem problem;

	if (strcmp(err->code, ADMIN_PROCEDURE_NOT_FOUND) == 0)
		return end(x, REASON_PROCEDURE_MISSING,
			   "The server has no fleetManagement procedures although it is ready; check that its image "
			   "brings the fleet-management plugin, or that your own jar of it is in /plugins");
	if (admin_is_not_leader(err))
		return fail_not_leader(x);
	// After the login it means that the user lacks a right, not that the password is wrong.
	if (err->class == ERR_FORBIDDEN && !x->admin.link) {
		x->result->answered = true;
		x->result->code = arena_strdup(x->arena, code);
		return end(x, access_refusal_reason(code), access_refusal(request->admin_secret, err, x->arena));
	}
	access_failure(request->server, err, x->arena, &problem);
	return end(x, problem.reason, problem.message);
}

static int check_procedures(struct exchange *x)
{
	struct err err = ERR_INIT;
	bool present;

	if (admin_fleet_present(&x->admin, &present, &err) < 0)
		return fail(x, &err);
	if (!present)
		return end(x, REASON_PROCEDURE_MISSING,
			   "Waiting for the fleetManagement procedures: the server has not loaded the plugin; check that "
			   "its image brings it, or that your own jar of it is in /plugins");
	return 0;
}

// Why the server's token is no good one of our token's project; NULL: it is one.
static const char *stored_problem(const struct exchange *x, const struct token_info *stored)
{
	int64_t expires_ms;

	if (!stored->project || strcmp(stored->project, x->request->token->project) != 0)
		return "does not hold a token of the token's project";
	if (stored->error)
		return arena_printf(x->arena, "does not accept the token that it holds (%s)", stored->error);
	if (stored->expires && time_parse_rfc3339(stored->expires, &expires_ms) == 0 &&
	    expires_ms <= clock_wall_ms(&clock_system))
		return "holds a token that has expired";
	return NULL;
}

// Allows for clocks and rounding: a renewed token lives at least days longer.
#define NEWER_MS INT64_C(60000)

// Whether the Secret's token was made after the stored one: then a person has put it there since. A token of another deployment's volume is not
// newer.
static bool is_outlived(const struct exchange *x, const struct token_info *stored)
{
	int64_t expires_ms;

	return stored->expires && time_parse_rfc3339(stored->expires, &expires_ms) == 0 &&
	       x->request->token->expires_ms > expires_ms + NEWER_MS;
}

// 1 when the server is already registered and connected for the token's project, 0 when not.
static int check_adoption(struct exchange *x)
{
	struct err err = ERR_INIT;
	struct fleet_state state;
	struct token_info stored;

	if (!x->request->may_adopt)
		return 0;
	if (admin_fleet_status(&x->admin, &state, &err) < 0)
		return fail(x, &err);
	if (!state.active || !(state.connected || x->request->may_wait))
		return 0;
	if (admin_fleet_inspect(&x->admin, NULL, &stored, &err) < 0)
		return fail(x, &err);
	if (stored_problem(x, &stored) || is_outlived(x, &stored))
		return 0;
	if (!state.connected)
		return end(x, REASON_CONNECTING, "The server holds a token of this project already and is connecting; it is asked again");
	x->result->adopted = true;
	x->result->identity = x->request->identify ? query_identity(&x->admin, &stored) : NULL;
	return 1;
}

static const char *held_text(const struct exchange *x, const struct token_info *stored)
{
	return stored->project && stored->expires ? arena_printf(x->arena, "%s %s", stored->project, stored->expires) : NULL;
}

// The stored token cannot be read: 0 when there is none. A token may also be about to be renewed: meanwhile the server keeps a mark in its
// place.
static int check_unreadable(struct exchange *x)
{
	struct err err = ERR_INIT;
	struct fleet_state state;

	if (admin_fleet_status(&x->admin, &state, &err) < 0)
		return fail(x, &err);
	if (state.active && x->request->may_wait)
		return end(x, REASON_CONNECTING, "The server holds a token that cannot be read at this moment; it is asked again");
	return 0;
}

// 1 when the server's token shall stay, 0 when the Secret's shall replace it. Only the stored token counts, not whether the server uses it
// already: a server that has just started does not.
static int check_held(struct exchange *x)
{
	struct err err = ERR_INIT;
	struct token_info stored = {0};

	if (admin_fleet_inspect(&x->admin, NULL, &stored, &err) < 0 && strcmp(err.code, ADMIN_PROCEDURE_FAILED) != 0)
		return fail(x, &err);
	if (err_is_set(&err) || !stored.project)
		return check_unreadable(x);
	if (stored_problem(x, &stored) || is_outlived(x, &stored))
		return 0;
	x->result->adopted = true;
	x->result->held = held_text(x, &stored);
	return 1;
}

static int fail_token(struct exchange *x, const char *words)
{
	return end(x, REASON_TOKEN_REFUSED,
		   arena_printf(x->arena,
				"The server does not accept the token (%s); generate a new one in the Aura console and "
				"update the Secret",
				words));
}

// The server raises an error for a token that it cannot read, for example one with an unknown member.
static int check_token(struct exchange *x)
{
	struct err err = ERR_INIT;
	struct token_info info;

	if (admin_fleet_inspect(&x->admin, x->request->token->text, &info, &err) < 0)
		return strcmp(err.code, ADMIN_PROCEDURE_FAILED) == 0 ? fail_token(x, err.text) : fail(x, &err);
	return info.error ? fail_token(x, info.error) : 0;
}

// The server deletes a token at once that the service does not take (any more), and has still answered success.
static int fail_stored(struct exchange *x, const struct token_info *stored, const char *problem)
{
	struct err err = ERR_INIT;
	struct fleet_state state;

	if (!stored->project && admin_fleet_status(&x->admin, &state, &err) == 0 && !state.active && state.message && *state.message)
		return end(x, REASON_TOKEN_REFUSED,
			   arena_printf(x->arena,
					"The server took the token and has deleted it again: %s; generate a new one in the Aura console "
					"and update the Secret",
					state.message));
	return end(x, REASON_SERVER_ERROR, arena_printf(x->arena, "The server answered success, but %s; it is tried again", problem));
}

static int call_register(struct exchange *x)
{
	struct err err = ERR_INIT;
	struct token_info stored;
	const char *text, *problem;
	bool registered;

	x->result->called = true;
	fault_point("before-register-call");
	if (admin_fleet_register(&x->admin, x->request->token->text, &registered, &text, &err) < 0)
		return fail(x, &err);
	fault_point("after-register-call");
	if (!registered && admin_row_says_not_leader(text))
		return fail_not_leader(x);
	if (!registered)
		return end(x, REASON_TOKEN_REFUSED,
			   arena_printf(x->arena, "The server refused the token: %s", text));
	if (admin_fleet_inspect(&x->admin, NULL, &stored, &err) < 0)
		return fail(x, &err);
	if (x->request->token->expires_ms <= clock_wall_ms(&clock_system))
		return end(x, REASON_TOKEN_EXPIRED,
			   "The token expired while it was registered; generate a new one in the Aura console and update the "
			   "Secret");
	problem = stored_problem(x, &stored);
	if (problem)
		return fail_stored(x, &stored, problem);
	x->result->held = held_text(x, &stored);
	fault_point("after-confirm");
	return 0;
}

static int open_link(struct exchange *x, struct bolt_link **ret)
{
	const struct registration_request *request = x->request;
	struct err err = ERR_INIT;

	scrub_add_password(&x->scrub, request->auth.password);
	if (request->token)
		scrub_add_token(&x->scrub, request->token->text, x->arena);
	if (access_open(&request->target, &request->auth, request->deadline, &x->scrub, ret, &err) < 0)
		return fail(x, &err);
	x->result->answered = true;
	x->admin = (struct admin){.link = *ret, .deadline = request->deadline, .arena = x->arena, .scrub = &x->scrub};
	return 0;
}

void registration_run(const struct registration_request *request, struct arena *arena, struct registration_result *ret)
{
	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	struct exchange x = {.request = request, .result = ret, .arena = arena};
	int adopted;

	arena_wipe_on_free(arena);
	*ret = (struct registration_result){.code = ""};
	fault_point("before-login");
	if (open_link(&x, &link) < 0 || check_procedures(&x) < 0)
		return;
	adopted = request->follow ? check_held(&x) : check_adoption(&x);
	if (adopted < 0)
		return;
	if (!adopted && (check_token(&x) < 0 || call_register(&x) < 0))
		return;
	succeed(&x);
}

static const struct topology *ask_topology(const struct exchange *x)
{
	struct admin admin = x->admin;
	struct topology *topology = arena_new_array(x->request->tell_topology, struct topology, 1);
	struct err err = ERR_INIT;

	admin.arena = x->request->tell_topology;
	return admin_topology(&admin, topology, &err) == 0 ? topology : NULL;
}

void registration_check_connected(const struct registration_request *request, struct arena *arena,
				  struct connection_result *ret)
{
	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	struct registration_result result = {.code = ""};
	struct exchange x = {.request = request, .result = &result, .arena = arena};
	struct fleet_state state;
	struct token_info stored;
	struct err err = ERR_INIT;

	*ret = (struct connection_result){.connected = -1, .code = ""};
	if (open_link(&x, &link) < 0) {
		ret->message = result.message;
		ret->refused = result.answered;
		ret->code = result.code;
		return;
	}
	if (admin_fleet_status(&x.admin, &state, &err) < 0) {
		(void)fail(&x, &err);
		ret->message = result.message;
		return;
	}
	ret->connected = state.active && state.connected;
	ret->token_gone = !state.active;
	ret->message = state.message ? state.message : "";
	if (state.active && request->tell_held && admin_fleet_inspect(&x.admin, NULL, &stored, &err) == 0)
		ret->held = held_text(&x, &stored);
	if (request->tell_topology)
		ret->topology = ask_topology(&x);
}
