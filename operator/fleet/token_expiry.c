// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/fleet/token_expiry.h"

#include <stdlib.h>

#include "base/clock.h"
#include "operator/fleet/roster.h"
#include "operator/fleet/twins.h"

#define DAY_MS INT64_C(86400000)
#define LONGEST_MS (21 * DAY_MS)
#define RETRY_MS INT64_C(3600000)

// The service renews a token when it is old: the more of its life is left, the later it is looked at again. Deployments that were
// looked at together, when the operator started, part.
static int64_t next_look_ms(int64_t left_ms)
{
	int64_t wait = left_ms / 10;

	if (wait < DAY_MS)
		wait = DAY_MS;
	if (wait > LONGEST_MS)
		wait = LONGEST_MS;
	return wait - random() % (wait / 10);
}

int64_t token_expiry_look(const struct query *query, struct token_expiry_memory *memory, const char *key, const char *registered_at)
{
	const char *basis = registered_at ? registered_at : "";
	const struct pod *pod = ask_whom(&query->servers, NULL);
	struct retry *retry = &memory->asking;
	int64_t *due = &memory->due_ms, left;
	struct query_token token = {0};
	struct access_problem problem;
	enum retry_step step = retry_step(retry, basis, &left);

	if (step == RETRY_WAIT)
		return left;
	left = deadline_left_ms(*due);
	if (step == RETRY_ANSWERED && left > 0)
		return left;
	// A change of the pods brings it here again.
	if (!pod)
		return 0;
	if (!query_token(query, pod, &token, &problem))
		return retry_fail(retry, basis, problem.reason, problem.message, RETRY_MS);
	retry_succeed(retry, basis);
	roster_set_expiry(query->context->roster, key, token.expires_ms);
	twins_note(query->context, key, token.identity, query->arena);
	left = next_look_ms(token.expires_ms - clock_wall_ms(&clock_system));
	*due = deadline_in_ms(left);
	return left;
}
