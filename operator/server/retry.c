// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/server/retry.h"

#include <stdlib.h>

#include "base/clock.h"
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

enum retry_step retry_step(const struct retry *retry, const char *basis, int64_t *ret_left_ms)
{
	*ret_left_ms = 0;
	if (!basis_is(&retry->basis, basis))
		return RETRY_ASK;
	if (retry->answered)
		return RETRY_ANSWERED;
	*ret_left_ms = deadline_left_ms(retry->next_ms);
	return retry->failures && *ret_left_ms > 0 ? RETRY_WAIT : RETRY_ASK;
}

void retry_succeed(struct retry *retry, const char *basis)
{
	*retry = (struct retry){.answered = true};
	basis_set(&retry->basis, basis);
}

int64_t retry_fail(struct retry *retry, const char *basis, enum reason reason, const char *message, int64_t at_least_ms)
{
	unsigned failures = basis_is(&retry->basis, basis) && !retry->answered ? retry->failures + 1 : 1;
	int64_t delay = retry_delay(failures);

	if (delay < at_least_ms)
		delay = at_least_ms;
	*retry = (struct retry){.failures = failures, .next_ms = deadline_in_ms(delay)};
	basis_set(&retry->basis, basis);
	retry->reason = reason;
	kept_set(retry->message, message);
	return delay;
}
