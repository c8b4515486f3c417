// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/server/retry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "operator/object/digest.h"

#define FIRST_MS INT64_C(1000)
#define LAST_MS INT64_C(300000)

int64_t pace_delay(unsigned failures)
{
	int64_t delay = FIRST_MS;

	for (unsigned i = 1; i < failures && delay < LAST_MS; i++)
		delay *= 2;
	if (delay > LAST_MS)
		delay = LAST_MS;
	return delay + random() % (delay / 10 + 1);
}

static void digest(const char *basis, char ret[PACE_BASIS_SIZE])
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)snprintf(ret, PACE_BASIS_SIZE, "%s", digest_of(basis, arena));
}

enum pace_step pace_step(const struct pace *pace, const char *basis, int64_t *ret_left_ms)
{
	char now[PACE_BASIS_SIZE];

	digest(basis, now);
	*ret_left_ms = 0;
	if (strcmp(pace->basis, now) != 0)
		return PACE_ASK;
	if (pace->answered)
		return PACE_ANSWERED;
	*ret_left_ms = deadline_left_ms(pace->next_ms);
	return pace->failures && *ret_left_ms > 0 ? PACE_WAIT : PACE_ASK;
}

void pace_succeed(struct pace *pace, const char *basis)
{
	*pace = (struct pace){.answered = true};
	digest(basis, pace->basis);
}

int64_t pace_fail(struct pace *pace, const char *basis, const char *reason, const char *message, int64_t at_least_ms)
{
	char now[PACE_BASIS_SIZE];
	unsigned failures;
	int64_t delay;

	digest(basis, now);
	failures = strcmp(pace->basis, now) == 0 && !pace->answered ? pace->failures + 1 : 1;
	delay = pace_delay(failures);
	if (delay < at_least_ms)
		delay = at_least_ms;
	*pace = (struct pace){.failures = failures, .next_ms = deadline_in_ms(delay)};
	memcpy(pace->basis, now, sizeof(now));
	(void)snprintf(pace->reason, sizeof(pace->reason), "%s", reason);
	(void)snprintf(pace->message, sizeof(pace->message), "%s", message);
	return delay;
}
