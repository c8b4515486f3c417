// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// D7: one process works at a time, and knows how long it surely may. Except where threads are the matter, time is a number that the test sets.

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <yyjson.h>

#include "base/log.h"
#include "lease_world.h"

static void test_acquires_what_nobody_has_and_renews(void **state)
{
	struct world world;
	struct lease *lease;

	(void)state;
	begin(&world);
	lease = make_mine(&world);
	assert_int_equal(lease_left_ms(lease), 0);
	assert_int_equal(lease_step(lease), 5000);
	assert_int_equal(lease_left_ms(lease), 30000);
	assert_string_equal(last_call(&world)->method, "POST");
	assert_string_equal(last_call(&world)->target, "/apis/coordination.k8s.io/v1/namespaces/here/leases");
	assert_body_has(&world, "\"leaseDurationSeconds\":30");
	assert_body_has(&world, "\"acquireTime\":\"2025-12-01T10:00:00.123000Z\"");
	assert_body_has(&world, "\"leaseTransitions\":0");
	world.now_ms += 5000;
	assert_int_equal(lease_left_ms(lease), 25000);
	assert_int_equal(lease_step(lease), 5000);
	assert_int_equal(lease_left_ms(lease), 30000);
	assert_string_equal(last_call(&world)->method, "PATCH");
	assert_string_equal(last_call(&world)->target, "/apis/coordination.k8s.io/v1/namespaces/here/leases/n");
	assert_body_has(&world, "\"resourceVersion\":\"v1\"");
	assert_null(strstr(last_call(&world)->body, "acquireTime"));
	assert_int_equal(actor_calls(world.reach.actor), 3);
	lease_free(lease);
	end(&world);
}

// The lease that the others see begins when they see it; ours must not outlast it.
static void test_counts_from_before_the_write_was_sent(void **state)
{
	struct world world;
	struct lease *lease;

	(void)state;
	begin(&world);
	world.slowness_ms = 700;
	lease = make_mine(&world);
	assert_true(lease_step(lease) > 0);
	assert_int_equal(lease_left_ms(lease), 29300);
	lease_free(lease);
	end(&world);
}

static void test_waits_while_another_renews_and_takes_what_it_leaves(void **state)
{
	struct world world;
	struct lease *lease;

	(void)state;
	begin(&world);
	lease = make_mine(&world);
	for (int i = 0; i < 20; i++) {
		set(&world, NO_FAULT, "rival");
		assert_int_equal(lease_step(lease), 2000);
		world.now_ms += 10000;
		assert_false(lease_is_held(lease));
	}
	// Its last change was seen 10 s ago; it lasts 30 s.
	world.now_ms += 19000;
	assert_int_equal(lease_step(lease), 1000);
	world.now_ms += 999;
	assert_int_equal(lease_step(lease), 1);
	assert_false(lease_is_held(lease));
	world.now_ms += 1;
	assert_int_equal(lease_step(lease), 5000);
	assert_true(lease_is_held(lease));
	assert_body_has(&world, "\"leaseTransitions\":1");
	assert_string_equal(world.holder, "me");
	lease_free(lease);
	end(&world);
}

// A container that is started again in its pod has the pod's identity: it need not wait for its own lease to run out, and for the
// others nobody has changed.
static void test_resumes_its_own(void **state)
{
	struct traffic_count count;
	struct world world;
	struct lease *lease;

	(void)state;
	begin(&world);
	set(&world, NO_FAULT, "me");
	world.transitions = 7;
	lease = make_mine(&world);
	assert_int_equal(lease_step(lease), 5000);
	assert_int_equal(lease_left_ms(lease), 30000);
	assert_string_equal(last_call(&world)->method, "PATCH");
	assert_body_has(&world, "\"resourceVersion\":\"v1\"");
	assert_null(strstr(last_call(&world)->body, "acquireTime"));
	assert_int_equal(world.transitions, 7);
	assert_true(traffic_get(lease_traffic(lease), 1, &count));
	assert_string_equal(count.method, "PATCH");
	lease_free(lease);
	// A rival who is faster has it.
	set(&world, RIVAL_IS_FASTER, "me");
	lease = make_mine(&world);
	(void)lease_step(lease);
	assert_false(lease_is_held(lease));
	assert_false(lease_is_lost(lease));
	lease_free(lease);
	end(&world);
}

static void test_takes_a_released_one_at_once(void **state)
{
	struct world world;
	struct lease *lease;

	(void)state;
	begin(&world);
	set(&world, NO_FAULT, "");
	lease = make_mine(&world);
	assert_int_equal(lease_step(lease), 5000);
	assert_true(lease_is_held(lease));
	lease_free(lease);
	end(&world);
}

static void test_believes_no_absurd_duration(void **state)
{
	static const int absurd[] = {0, -5, INT32_MAX};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct world world;
		struct lease *lease;

		begin(&world);
		change(&world, "rival", absurd[i]);
		lease = make_mine(&world);
		assert_int_equal(lease_step(lease), 2000);
		world.now_ms += 600000;
		assert_int_equal(lease_step(lease), 5000);
		assert_true(lease_is_held(lease));
		lease_free(lease);
		end(&world);
	}
}

// The writer whose version is stale does not win, whether it creates or takes over.
static void test_a_faster_rival_wins(void **state)
{
	(void)state;
	for (int exists = 0; exists < 2; exists++) {
		struct world world;
		struct lease *lease;

		begin(&world);
		set(&world, RIVAL_IS_FASTER, exists ? "" : NULL);
		lease = make_mine(&world);
		assert_int_equal(lease_step(lease), 2000);
		assert_false(lease_is_held(lease));
		set(&world, NO_FAULT, NULL);
		assert_int_equal(lease_step(lease), 2000);
		assert_false(lease_is_held(lease));
		assert_false(lease_is_lost(lease));
		assert_string_equal(world.holder, "rival");
		lease_free(lease);
		end(&world);
	}
}

// A write took effect but its answer was lost: the lease is ours, but proven for the old time only.
static void test_survives_a_lost_answer(void **state)
{
	struct world world;
	struct lease *lease;

	(void)state;
	begin(&world);
	lease = make_mine(&world);
	set(&world, LOSE_ANSWER, NULL);
	assert_int_equal(lease_step(lease), 2000);
	assert_false(lease_is_held(lease));
	set(&world, NO_FAULT, NULL);
	assert_int_equal(lease_step(lease), 5000);
	assert_int_equal(lease_left_ms(lease), 30000);
	world.now_ms += 5000;
	set(&world, LOSE_ANSWER, NULL);
	assert_int_equal(lease_step(lease), 2000);
	assert_int_equal(lease_left_ms(lease), 25000);
	set(&world, NO_FAULT, NULL);
	assert_int_equal(lease_step(lease), 5000);
	assert_int_equal(lease_left_ms(lease), 30000);
	lease_free(lease);
	end(&world);
}

static void test_loses_it_to_another(void **state)
{
	struct world world;
	struct lease *lease;

	(void)state;
	begin(&world);
	lease = make_mine(&world);
	assert_int_equal(lease_step(lease), 5000);
	set(&world, NO_FAULT, "rival");
	assert_int_equal(lease_step(lease), -1);
	assert_true(lease_is_lost(lease));
	assert_int_equal(lease_left_ms(lease), 0);
	// A lost lease is not released: it is the rival's.
	lease_stop(lease);
	assert_string_equal(world.holder, "rival");
	lease_free(lease);
	end(&world);
}

// A server that cannot be written to: held while more than a third is left, then given up, before anybody can take it.
static void test_gives_up_before_it_ends(void **state)
{
	static const enum fault faults[] = {ANSWER_500, ANSWER_403};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct world world;
		struct lease *lease;

		begin(&world);
		lease = make_mine(&world);
		assert_int_equal(lease_step(lease), 5000);
		set(&world, faults[i], NULL);
		world.now_ms += 19999;
		assert_int_equal(lease_step(lease), 2000);
		assert_int_equal(lease_left_ms(lease), 10001);
		world.now_ms += 1;
		assert_int_equal(lease_step(lease), -1);
		assert_true(lease_is_lost(lease));
		assert_int_equal(lease_left_ms(lease), 0);
		lease_free(lease);
		end(&world);
	}
}

static void test_keeps_it_when_somebody_deletes_or_writes_it(void **state)
{
	struct world world;
	struct lease *lease;

	(void)state;
	begin(&world);
	lease = make_mine(&world);
	assert_int_equal(lease_step(lease), 5000);
	set(&world, NO_FAULT, "me"); // e.g. a label was added
	world.now_ms += 5000;
	assert_int_equal(lease_step(lease), 5000);
	assert_int_equal(lease_left_ms(lease), 30000);
	actor_lock(world.reach.actor);
	world.exists = false;
	actor_unlock(world.reach.actor);
	world.now_ms += 5000;
	assert_int_equal(lease_step(lease), 5000);
	assert_int_equal(lease_left_ms(lease), 30000);
	assert_true(world.exists);
	lease_free(lease);
	end(&world);
}

static void test_releases_it(void **state)
{
	struct world world;
	struct lease *lease;

	(void)state;
	begin(&world);
	lease = make_mine(&world);
	assert_int_equal(lease_step(lease), 5000);
	lease_stop(lease);
	assert_false(lease_is_held(lease));
	assert_false(lease_is_lost(lease));
	assert_string_equal(world.holder, "");
	assert_int_equal(world.seconds, 1);
	lease_free(lease);
	// And what is not held is not written.
	set(&world, NO_FAULT, "rival");
	lease = make_mine(&world);
	assert_int_equal(lease_step(lease), 2000);
	lease_stop(lease);
	assert_string_equal(world.holder, "rival");
	lease_free(lease);
	lease_free(NULL);
	lease_stop(NULL);
	end(&world);
}

// The call's own deadline is a sixth of the lease; whoever waited that long does not wait once more.
static void test_a_silent_server_is_asked_again_in_time(void **state)
{
	struct world world;
	struct lease *lease;
	int64_t before;

	(void)state;
	begin(&world);
	lease = make(&world, &(struct lease_options){.identity = "me", .duration_s = 1, .renew_ms = 100, .retry_ms = 50});
	assert_int_equal(lease_step(lease), 100);
	set(&world, STAY_SILENT, NULL);
	before = lease_left_ms(lease);
	assert_int_equal(lease_step(lease), 0);
	assert_true(before - lease_left_ms(lease) >= 160);
	assert_false(lease_is_lost(lease));
	set(&world, NO_FAULT, NULL);
	assert_int_equal(lease_step(lease), 100);
	lease_free(lease);
	end(&world);
}

struct told {
	struct world *world;
	int times;
};

static void on_change(void *user)
{
	struct told *told = user;

	actor_lock(told->world->reach.actor);
	told->times++;
	actor_changed(told->world->reach.actor);
	actor_unlock(told->world->reach.actor);
}

static void wait_told(struct told *told, int times)
{
	bool came = true;

	actor_lock(told->world->reach.actor);
	while (told->times < times && came)
		came = actor_wait(told->world->reach.actor);
	actor_unlock(told->world->reach.actor);
	assert_true(came);
}

// Real threads and a real clock: the lease goes from one to the next when it is released, and is never with two.
static void test_threads_hand_it_over(void **state)
{
	struct world world;
	struct told told[2] = {{&world, 0}, {&world, 0}};
	struct lease *leases[2];
	struct err err = ERR_INIT;

	(void)state;
	begin(&world);
	for (int i = 0; i < 2; i++) {
		leases[i] = make(&world, &(struct lease_options){
						 .renew_ms = 20, .retry_ms = 10, .on_change = on_change, .user = &told[i]});
		assert_int_equal(lease_start(leases[i], &err), 0);
		wait_told(&told[0], 1);
	}
	assert_string_not_equal(lease_identity(leases[0]), lease_identity(leases[1]));
	for (size_t i = 0, calls = actor_calls(world.reach.actor); i < 20; i++) {
		(void)actor_wait_call(world.reach.actor, calls + i);
		assert_true(lease_is_held(leases[0]));
		assert_false(lease_is_held(leases[1]));
	}
	lease_stop(leases[0]);
	assert_false(lease_is_held(leases[0]));
	wait_told(&told[1], 1);
	assert_true(lease_is_held(leases[1]));
	// Taken by force: its thread tells and ends.
	set(&world, NO_FAULT, "rival");
	wait_told(&told[1], 2);
	assert_true(lease_is_lost(leases[1]));
	for (int i = 0; i < 2; i++) {
		lease_stop(leases[i]);
		lease_free(leases[i]);
	}
	assert_string_equal(world.holder, "rival");
	end(&world);
}

static int quiet(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_acquires_what_nobody_has_and_renews),
		cmocka_unit_test(test_counts_from_before_the_write_was_sent),
		cmocka_unit_test(test_waits_while_another_renews_and_takes_what_it_leaves),
		cmocka_unit_test(test_resumes_its_own),
		cmocka_unit_test(test_takes_a_released_one_at_once),
		cmocka_unit_test(test_believes_no_absurd_duration),
		cmocka_unit_test(test_a_faster_rival_wins),
		cmocka_unit_test(test_survives_a_lost_answer),
		cmocka_unit_test(test_loses_it_to_another),
		cmocka_unit_test(test_gives_up_before_it_ends),
		cmocka_unit_test(test_keeps_it_when_somebody_deletes_or_writes_it),
		cmocka_unit_test(test_releases_it),
		cmocka_unit_test(test_a_silent_server_is_asked_again_in_time),
		cmocka_unit_test(test_threads_hand_it_over),
	};

	return cmocka_run_group_tests(tests, quiet, NULL);
}
