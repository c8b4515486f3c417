// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bench/exchange.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "neo4j/admin.h"
#include "operator/fleet/registration_exchange.h"

#define TIMEOUT_MS 15000
#define BOLT_PORT 7687

static struct bolt_target target_of(const struct exchange *exchange)
{
	return (struct bolt_target){.host = exchange->address, .port = BOLT_PORT, .user_agent = "bench"};
}

static struct bolt_auth auth_of(const struct exchange *exchange)
{
	return (struct bolt_auth){.user = "neo4j", .password = exchange->password};
}

static int visit(const struct exchange *exchange, bool survey, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	const struct bolt_target target = target_of(exchange);
	const struct bolt_auth auth = auth_of(exchange);
	struct admin admin = {.deadline = deadline_in_ms(TIMEOUT_MS), .arena = arena};
	struct topology_servers servers;
	struct topology_copies copies;
	int r = bolt_link_open(&target, &auth, admin.deadline, &link, err);

	if (r < 0 || !survey)
		return r;
	admin.link = link;
	r = admin_servers(&admin, &servers, err);
	return r < 0 ? r : admin_databases(&admin, &copies, err);
}

static int enroll(const struct exchange *exchange, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct registration_request request = {.target = target_of(exchange),
					       .auth = auth_of(exchange),
					       .server = "server",
					       .admin_secret = "admin",
					       .may_adopt = true,
					       .may_wait = true,
					       .deadline = deadline_in_ms(TIMEOUT_MS)};
	struct registration_result result;
	struct token token;

	if (token_check(exchange->token, strlen(exchange->token), clock_wall_ms(&clock_system), arena, &token) != TOKEN_GOOD)
		return err_set(err, ERR_INVALID, "the token is not good");
	request.token = &token;
	registration_run(&request, arena, &result);
	return result.registered ? 0 : err_set(err, ERR_SERVER, "%s: %s", reason_name(result.reason), result.message);
}

int exchange_perform(const struct exchange *exchange, const char *what, struct err *err)
{
	if (strcmp(what, "register") == 0)
		return enroll(exchange, err);
	return visit(exchange, strcmp(what, "survey") == 0, err);
}
