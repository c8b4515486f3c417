// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// D7: a call starts only with more of the lease left than its deadline.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "operator/context.h"
#include "reach.h"

static int64_t now_ms;

static int64_t read_now(void *user)
{
	(void)user;
	return now_ms;
}

static const struct clock test_clock = {.monotonic_ms = read_now, .wall_ms = read_now};

// There is no lease yet, and any write is taken.
static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	(void)actor, (void)number;
	if (strcmp(call->method, "GET") == 0)
		actor_answer(conn, 404, NULL, "{}");
	else
		actor_answer(conn, 200, NULL, "{\"metadata\":{\"resourceVersion\":\"1\"},\"spec\":{\"holderIdentity\":\"me\"}}");
}

static void test_deadlines_fit_into_the_lease(void **state)
{
	struct lease_options options = {.name = {"ns", "n"}, .identity = "me", .clock = &test_clock};
	struct context context = {0};
	struct err err = ERR_INIT;
	struct reach reach;

	(void)state;
	// Without a lease, whoever started us answers for it.
	assert_true(context_has_ms(&context, 3600000));
	now_ms = 1000;
	reach_begin(&reach, play, NULL);
	assert_int_equal(lease_new(reach.config, reach.loop, &options, &context.lease, &err), 0);
	assert_false(context_has_ms(&context, 0));
	assert_int_equal(lease_step(context.lease), 5000);
	assert_true(context_has_ms(&context, 29999));
	assert_false(context_has_ms(&context, 30000));
	now_ms += 15000;
	assert_true(context_has_ms(&context, 14999));
	assert_false(context_has_ms(&context, 15000));
	now_ms += 15000;
	assert_false(context_has_ms(&context, 0));
	lease_free(context.lease);
	reach_end(&reach);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_deadlines_fit_into_the_lease)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
