// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Both twins report it, since only a person knows which of them is the copy. The second one to tell its identity wakes the other. A twin that
// gets a token of its own, is switched off or goes away wakes the other once more.

#include "operator/fleet/twins.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "neo4j/token.h"
#include "operator/fleet/gates.h"
#include "operator/fleet/roster.h"
#include "operator/object/admin_secret.h"
#include "operator/object/digest.h"
#include "operator/object/key.h"
#include "operator/server/server_login.h"

static void wake(const struct context *context, const char *key, struct roster_sign sign, struct arena *arena)
{
	const char *twins[ROSTER_TWINS_MAX];
	size_t n = roster_twins(context->roster, key, sign, arena, twins);

	for (size_t i = 0; i < n; i++)
		queue_add(context->queue, twins[i]);
}

// Sets all signs before it wakes anybody: the woken pass must not see one half.
static void note(const struct context *context, const char *key, const struct roster_sign *signs, size_t n, struct arena *arena)
{
	const char *former[ROSTER_MARKS];

	assert(n <= ROSTER_MARKS);
	for (size_t i = 0; i < n; i++) {
		former[i] = roster_digest(context->roster, key, signs[i].mark, arena);
		if (strcmp(former[i], signs[i].digest) != 0)
			roster_set(context->roster, key, signs[i]);
	}
	for (size_t i = 0; i < n; i++) {
		if (strcmp(former[i], signs[i].digest) == 0)
			continue;
		wake(context, key, (struct roster_sign){signs[i].mark, former[i]}, arena);
		wake(context, key, signs[i], arena);
	}
}

void twins_note(const struct context *context, const char *key, const char *identity, const char *token, struct arena *arena)
{
	const struct roster_sign signs[] = {{ROSTER_IDENTITY, identity ? identity : ""}, {ROSTER_TOKEN, token}};

	note(context, key, signs, token ? 2 : 1, arena);
}

void twins_forget(const struct context *context, const char *key, struct arena *arena)
{
	twins_note(context, key, NULL, "", arena);
}

const char *twins_read_token(const struct query *query)
{
	_cleanup_(arena_freep) struct arena *secret_arena = arena_new();
	_cleanup_(kube_object_unrefp) struct kube_object *secret = NULL;
	const struct dbms_fleet *fleet = &query->servers.dbms->fleet;
	struct access_problem problem;
	struct token token = {0};
	const char *data;
	size_t len;

	if (!fleet->token_secret)
		return ROSTER_NO_TOKEN;
	if (!access_fetch(query->context, &query->servers, fleet->token_secret, query->arena, &secret, &problem))
		return problem.reason == REASON_SECRET_NOT_FOUND ? ROSTER_NO_TOKEN : NULL;
	data = secret_value(kube_object_root(secret), fleet->token_key, secret_arena, &len);
	if (!data || token_check(data, len, clock_wall_ms(&clock_system), secret_arena, &token) != TOKEN_GOOD)
		return ROSTER_NO_TOKEN;
	return arena_strdup(query->arena, digest_of(token.text, secret_arena));
}

// The twins by name; NULL: none.
static const char *list_twins(const struct context *context, const char *key, struct roster_sign sign, struct arena *arena)
{
	const char *twins[ROSTER_TWINS_MAX], *list = NULL;
	size_t n = roster_twins(context->roster, key, sign, arena, twins);

	for (size_t i = 0; i < n; i++) {
		struct key twin;

		if (key_parse(twins[i], &twin))
			list = arena_printf(arena, "%s%s%s '%s' in namespace '%s'", list ? list : "", list ? ", " : "",
					    key_resource(twin.kind)->kind, twin.name, twin.namespace);
	}
	return list;
}

static const char *identity_message(const char *list, const struct dbms *dbms, struct arena *arena)
{
	return arena_printf(arena,
			    "In Aura it is one with %s: both have the same DBMS id and the same token, so one runs on a copy of the other's "
			    "volume; put a token of its own into the copy's Secret and register it; if this is the copy: %s",
			    list, fleet_register_command(dbms, arena));
}

static const char *token_message(const char *list, const struct dbms *dbms, struct arena *arena)
{
	const struct dbms_fleet *fleet = &dbms->fleet;
	bool follows = fleet->follow_secret;

	return arena_printf(arena,
			    "The token in Secret '%s' is also that of %s: a token is for one deployment, and when it is renewed for one, the other's "
			    "ends; generate one more in the Aura console and put it into a Secret of its own for one of them%s%s",
			    fleet->token_secret ? fleet->token_secret : "", list, follows ? "; it is registered by itself" : "; if this one gets it, run: ",
			    follows ? "" : fleet_register_command(dbms, arena));
}

void twins_find(const struct context *context, const char *key, const struct dbms *dbms, struct arena *arena, struct twins_verdict *ret)
{
	const struct roster_sign identity = {ROSTER_IDENTITY, roster_digest(context->roster, key, ROSTER_IDENTITY, arena)};
	const struct roster_sign token = {ROSTER_TOKEN, roster_digest(context->roster, key, ROSTER_TOKEN, arena)};
	const char *list = list_twins(context, key, identity, arena);

	*ret = (struct twins_verdict){.reason = REASON_APART, .identity_unknown = !*identity.digest, .token_unknown = !*token.digest};
	if (list) {
		ret->reason = REASON_ONE_IN_AURA;
		ret->message = identity_message(list, dbms, arena);
	} else if ((list = list_twins(context, key, token, arena))) {
		ret->reason = REASON_ONE_TOKEN;
		ret->message = token_message(list, dbms, arena);
	}
	ret->holds = list != NULL;
	if (ret->identity_unknown && ret->token_unknown)
		ret->holds = -1;
}
