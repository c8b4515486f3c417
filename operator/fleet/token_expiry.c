// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/fleet/token_expiry.h"

#include <stdlib.h>

#include "base/clock.h"
#include "operator/fleet/gates.h"
#include "operator/fleet/roster.h"
#include "operator/fleet/twins.h"

#define DAY_MS INT64_C(86400000)
#define LONGEST_MS (21 * DAY_MS)
#define RETRY_MS INT64_C(3600000)

// The service renews a token when it is old: the more of its life is left, the later the next look. The jitter spreads deployments that were
// looked at together when the operator started.
static int64_t next_look_ms(int64_t left_ms, int64_t warning_ms)
{
	int64_t wait = left_ms / 10;

	if (wait < DAY_MS)
		wait = DAY_MS;
	if (wait > LONGEST_MS)
		wait = LONGEST_MS;
	wait -= random() % (wait / 10);
	// One millisecond after the warning begins, since the clocks count milliseconds.
	if (warning_ms && left_ms > warning_ms && left_ms - warning_ms < wait)
		wait = left_ms - warning_ms + 1;
	return wait;
}

int64_t token_expiry_look(const struct query *query, struct token_expiry_memory *memory, const char *key, const char *registered_at)
{
	int64_t warning_ms = query->servers.dbms->fleet.expiry_warning_ms;
	const char *basis = arena_printf(query->arena, "%s %lld", registered_at ? registered_at : "", (long long)warning_ms);
	const struct pod *pod = ask_whom(&query->servers, NULL);
	struct retry *retry = &memory->asking;
	int64_t *due = &memory->due_ms, left;
	struct query_token token = {0};
	struct access_problem problem;
	enum retry_step step = retry_step(retry, basis, &left);

	if (!basis_is(&retry->basis, basis)) {
		memory->expires_ms = 0; // it belonged to another token or another warning
		memory->project[0] = '\0';
	}
	if (step == RETRY_WAIT)
		return left;
	left = deadline_left_ms(*due);
	if (step == RETRY_ANSWERED && left > 0)
		return left;
	// A change of the pods makes the next pass.
	if (!pod)
		return 0;
	if (!query_token(query, pod, &token, &problem))
		return retry_fail(retry, basis, problem.reason, problem.message, RETRY_MS);
	retry_succeed(retry, basis);
	roster_set_expiry(query->context->roster, key, token.expires_ms);
	twins_note(query->context, key, token.identity, twins_read_token(query), query->arena);
	left = token.expires_ms - clock_wall_ms(&clock_system);
	memory->expires_ms = token.expires_ms;
	kept_set(memory->project, token.project);
	memory->soon = left <= warning_ms && warning_ms > 0;
	left = next_look_ms(left, warning_ms);
	*due = deadline_in_ms(left);
	return left;
}

const char *token_expiry_text(const struct token_expiry_memory *memory, struct arena *arena)
{
	char expires[TIME_TEXT_SIZE];

	if (!memory->expires_ms)
		return NULL;
	time_format_rfc3339(memory->expires_ms, expires, sizeof(expires));
	return arena_strdup(arena, expires);
}

const char *token_expiry_project(const struct token_expiry_memory *memory)
{
	return memory->project[0] ? memory->project : NULL;
}

static const char *cure(const struct dbms *dbms, struct arena *arena)
{
	if (dbms->fleet.provision.credentials)
		return arena_printf(arena, "have another one made: %s", fleet_register_command(dbms, arena));
	if (dbms->fleet.follow_secret)
		return "generate a new one in the Aura console and put it into the Secret; it is registered by itself";
	return arena_printf(arena, "generate a new one in the Aura console and put it into the Secret; then: %s", fleet_register_command(dbms, arena));
}

int token_expiry_is_near(const struct token_expiry_memory *memory, const struct dbms *dbms, struct arena *arena, const char **ret_message)
{
	*ret_message = NULL;
	if (!memory->expires_ms)
		return -1;
	if (!memory->soon)
		return 0;
	*ret_message = arena_printf(arena,
				    "The token that the servers hold expires on %s, and nobody has renewed it so far; unless it rotates by itself, %s",
				    token_expiry_text(memory, arena), cure(dbms, arena));
	return 1;
}
