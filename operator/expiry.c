// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/expiry.h"

#include "base/clock.h"
#include "base/hash.h"

#define DAY_MS INT64_C(86400000)
#define RETRY_MS INT64_C(3600000)

// Deployments are asked at different times of the day.
static int64_t offset_of(const char *key)
{
	return (int64_t)(hash_text(HASH_START, key) % (uint64_t)DAY_MS);
}

int64_t expiry_look(const struct ask *ask, const char *key, const char *registered_at)
{
	int64_t now = clock_monotonic_ms(&clock_system) + offset_of(key), left, expires_ms;
	const char *basis = arena_printf(ask->arena, "%s %lld", registered_at ? registered_at : "", (long long)(now / DAY_MS));
	const struct pod *pod = ask_whom(&ask->servers, NULL);
	struct pace *pace = &ask->memory->expiry;
	struct access_problem problem;

	switch (pace_step(pace, basis, &left)) {
	case PACE_ANSWERED:
		return DAY_MS - now % DAY_MS;
	case PACE_WAIT:
		return left;
	case PACE_ASK:
		break;
	}
	// A change of the pods brings it here again.
	if (!pod)
		return 0;
	if (!ask_token_expiry(ask, pod, &expires_ms, &problem))
		return pace_fail(pace, basis, problem.reason, problem.message, RETRY_MS);
	pace_succeed(pace, basis);
	memory_set_expiry(ask->context->memories, key, expires_ms);
	return DAY_MS - now % DAY_MS;
}
