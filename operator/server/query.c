// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/server/query.h"

#include <string.h>

#include "base/clock.h"
#include "neo4j/admin.h"
#include "operator/object/digest.h"
#include "operator/object/reason.h"

#define TIMEOUT_MS 8000
#define ID_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
#define VERSION_MAX_BYTES 64
#define PROJECT_MAX_BYTES 64
// No server is asked after that.
#define DISABLE_TIMEOUT_MS 12000

struct exchange {
	const struct query *query;
	const struct pod *pod;
	struct arena *arena; // of the secrets and the answers; wiped
	struct access access;
	struct bolt_link *link;
	struct admin admin;
};

static bool fail(struct access_problem *ret, enum reason reason, const char *message)
{
	*ret = (struct access_problem){.reason = reason, .message = message};
	return false;
}

static bool fail_with(const struct exchange *x, const struct err *err, struct access_problem *ret)
{
	access_failure(x->pod->name, err, x->query->arena, ret);
	return false;
}

static bool log_in(struct exchange *x, struct access_problem *ret_problem)
{
	const struct query *query = x->query;
	struct access_login login = {
		.context = query->context, .memory = query->memory, .access = &x->access, .pod = x->pod, .deadline = x->admin.deadline};
	struct err err = ERR_INIT;
	int r;

	x->access = (struct access){.servers = &query->servers, .arena = x->arena};
	if (!access_read(query->context, &x->access, query->arena, ret_problem))
		return false;
	r = access_log_in(&login, &x->link, &err);
	x->admin.link = x->link;
	if (r == ERR_FORBIDDEN)
		return fail(ret_problem, access_barred_reason(query->memory), arena_strdup(query->arena, query->memory->message));
	return r == 0 || fail_with(x, &err, ret_problem);
}

static bool begin(const struct query *query, const struct pod *pod, struct exchange *x, struct access_problem *ret_problem)
{
	const char *barred;
	int64_t left;

	*x = (struct exchange){.query = query, .pod = pod, .arena = arena_new()};
	x->admin = (struct admin){.deadline = deadline_in_ms(TIMEOUT_MS), .arena = x->arena, .scrub = &x->access.scrub};
	arena_wipe_on_free(x->arena);
	barred = access_barred(query->context, query->memory, &query->servers, query->arena, &left);
	if (barred)
		return fail(ret_problem, access_barred_reason(query->memory), arena_strdup(query->arena, barred));
	// Checked after the deadline was set, so the lease outlasts the deadline.
	if (!context_has_ms(query->context, TIMEOUT_MS))
		return fail(ret_problem, REASON_UNREACHABLE, "Too little of the lease is left to ask a server; it is tried again");
	return log_in(x, ret_problem);
}

static void end(struct exchange *x)
{
	bolt_link_close(x->link);
	arena_free(x->arena);
}

// Cut and cleaned, since it is kept.
static const char *version_in(const struct exchange *x)
{
	char *version = arena_printf(x->query->arena, "%.*s", VERSION_MAX_BYTES, access_version(&x->access, x->link));

	for (char *c = version; *c; c++)
		if (*c <= ' ' || *c > '~')
			*c = '?';
	return version;
}

// D8: the status shows it, so it must look like an id, and neither be a token, which is longer, nor hold the password.
static const char *project_in(const struct exchange *x, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len == 0 || len > PROJECT_MAX_BYTES || strspn(text, ID_CHARACTERS) != len ||
	    strcmp(scrub_text(&x->access.scrub, text, x->arena), text) != 0)
		return NULL;
	return arena_strdup(x->query->arena, text);
}

bool query_version(const struct query *query, const struct pod *pod, const char **ret_version, struct access_problem *ret_problem)
{
	struct exchange x;
	bool done = begin(query, pod, &x, ret_problem);

	if (done)
		*ret_version = version_in(&x);
	end(&x);
	return done;
}

bool query_procedures(const struct query *query, const struct pod *pod, const char *patterns, bool *ret_present,
		      struct access_problem *ret_problem)
{
	struct err err = ERR_INIT;
	struct exchange x;
	bool done = begin(query, pod, &x, ret_problem);

	if (done && admin_names_present(&x.admin, patterns, ret_present, &err) < 0)
		done = fail_with(&x, &err, ret_problem);
	end(&x);
	return done;
}

// The link may be of no use afterwards.
const char *query_identity(const struct admin *admin, const struct token_info *stored)
{
	struct err err = ERR_INIT;
	const char *id;

	if (!stored->project || !stored->expires || admin_dbms_id(admin, &id, &err) < 0)
		return NULL;
	return digest_of(arena_printf(admin->arena, "%s %s %s", id, stored->project, stored->expires), admin->arena);
}

static bool read_token(const struct exchange *x, struct query_token *ret, struct access_problem *ret_problem)
{
	struct err err = ERR_INIT;
	struct token_info stored = {0};
	const char *identity;

	if (admin_fleet_inspect(&x->admin, NULL, &stored, &err) < 0)
		return fail_with(x, &err, ret_problem);
	if (!stored.expires || time_parse_rfc3339(stored.expires, &ret->expires_ms) < 0)
		return fail(ret_problem, REASON_SERVER_ERROR,
			    arena_printf(x->query->arena, "Server '%s' does not tell when its token expires", x->pod->name));
	ret->project = project_in(x, stored.project);
	identity = query_identity(&x->admin, &stored);
	ret->identity = identity ? arena_strdup(x->query->arena, identity) : NULL;
	return true;
}

bool query_token(const struct query *query, const struct pod *pod, struct query_token *ret, struct access_problem *ret_problem)
{
	struct exchange x;
	bool done = begin(query, pod, &x, ret_problem) && read_token(&x, ret, ret_problem);

	end(&x);
	return done;
}

// A failure may come as an ordinary row, so only the server's own status afterwards counts.
static bool forget_token(const struct exchange *x, struct access_problem *ret_problem)
{
	struct err err = ERR_INIT;
	struct fleet_state state = {0};

	if (admin_fleet_disable(&x->admin, &err) < 0 || admin_fleet_status(&x->admin, &state, &err) < 0)
		return strcmp(err.code, ADMIN_PROCEDURE_NOT_FOUND) == 0 || fail_with(x, &err, ret_problem);
	return !state.active ||
	       fail(ret_problem, REASON_SERVER_ERROR,
		    arena_printf(x->query->arena, "Server '%s' still holds a token after disable(); it is tried again", x->pod->name));
}

static bool disable_at(const struct query *query, const struct pod *pod, struct access_problem *ret_problem)
{
	struct exchange x;
	bool done = begin(query, pod, &x, ret_problem);

	if (done)
		done = forget_token(&x, ret_problem);
	end(&x);
	return done;
}

bool query_disable(const struct query *query, struct access_problem *ret_problem)
{
	const struct access_servers *servers = &query->servers;

	int64_t deadline = deadline_in_ms(DISABLE_TIMEOUT_MS);

	(void)fail(ret_problem, REASON_UNREACHABLE, "No server is ready");
	for (size_t i = 0; i < servers->n_pods && deadline_left_ms(deadline) > 0; i++) {
		if (pod_can_be_asked(&servers->pods[i]) && disable_at(query, &servers->pods[i], ret_problem))
			return true;
	}
	return false;
}

const struct pod *ask_whom(const struct access_servers *servers, const char *revision)
{
	for (size_t i = 0; i < servers->n_pods; i++) {
		const struct pod *pod = &servers->pods[i];

		if (pod_can_be_asked(pod) && (!revision || (pod->revision && strcmp(pod->revision, revision) == 0)))
			return pod;
	}
	return NULL;
}
