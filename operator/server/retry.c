// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/server/retry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "operator/object/digest.h"
#include "operator/object/reason.h"

#define FIRST_MS INT64_C(1000)
#define LAST_MS INT64_C(300000)

int64_t retry_delay(unsigned failures)
{
	int64_t delay = FIRST_MS;

	for (unsigned i = 1; i < failures && delay < LAST_MS; i++)
		delay *= 2;
	if (delay > LAST_MS)
		delay = LAST_MS;
	return delay + random() % (delay / 10 + 1);
}

static void digest(const char *basis, char ret[RETRY_BASIS_SIZE])
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)snprintf(ret, RETRY_BASIS_SIZE, "%s", digest_of(basis, arena));
}

enum retry_step retry_step(const struct retry *retry, const char *basis, int64_t *ret_left_ms)
{
	char now[RETRY_BASIS_SIZE];

	digest(basis, now);
	*ret_left_ms = 0;
	if (strcmp(retry->basis, now) != 0)
		return RETRY_ASK;
	if (retry->answered)
		return RETRY_ANSWERED;
	*ret_left_ms = deadline_left_ms(retry->next_ms);
	return retry->failures && *ret_left_ms > 0 ? RETRY_WAIT : RETRY_ASK;
}

void retry_succeed(struct retry *retry, const char *basis)
{
	*retry = (struct retry){.answered = true};
	digest(basis, retry->basis);
}

int64_t retry_fail(struct retry *retry, const char *basis, enum reason reason, const char *message, int64_t at_least_ms)
{
	char now[RETRY_BASIS_SIZE];
	unsigned failures;
	int64_t delay;

	digest(basis, now);
	failures = strcmp(retry->basis, now) == 0 && !retry->answered ? retry->failures + 1 : 1;
	delay = retry_delay(failures);
	if (delay < at_least_ms)
		delay = at_least_ms;
	*retry = (struct retry){.failures = failures, .next_ms = deadline_in_ms(delay)};
	memcpy(retry->basis, now, sizeof(now));
	retry->reason = reason;
	(void)snprintf(retry->message, sizeof(retry->message), "%s", message);
	return delay;
}
