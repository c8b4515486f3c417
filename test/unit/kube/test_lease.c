// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// D7: one process works at a time, and knows how long it surely may. A lease is kept on a scripted API server that checks
// resource versions as a real one does; except where threads are the matter, time is a number that the test sets.

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <yyjson.h>

#include "base/log.h"
#include "kube/lease.h"
#include "reach.h"

static _Atomic int64_t asleep_s;

// The system's call, on a machine that has slept: only the clock that counts sleep has gone on. Found before the C library's.
int clock_gettime(clockid_t id, struct timespec *ret)
{
	int r = (int)syscall(SYS_clock_gettime, id, ret);

	if (r == 0 && id == CLOCK_BOOTTIME)
		ret->tv_sec += atomic_load(&asleep_s);
	return r;
}

enum fault { NO_FAULT, ANSWER_500, ANSWER_403, LOSE_ANSWER, STAY_SILENT, RIVAL_IS_FASTER };

// The lease as the server has it; under actor_lock().
struct world {
	_Atomic int64_t now_ms;
	bool exists;
	int version;
	char holder[LEASE_IDENTITY_SIZE];
	int seconds, transitions;
	enum fault fault;      // of writes; of everything for the 500 and the 403
	int64_t slowness_ms;   // how far the clock moves while the server thinks
	struct reach reach;
	struct clock clock;
};

static int64_t world_now(void *user)
{
	return atomic_load(&((struct world *)user)->now_ms);
}

static int64_t world_wall(void *user)
{
	(void)user;
	return INT64_C(1764583200123);
}

static void change(struct world *world, const char *holder, int seconds)
{
	world->exists = true;
	world->version++;
	world->seconds = seconds;
	(void)snprintf(world->holder, sizeof(world->holder), "%s", holder ? holder : "");
}

static void answer_lease(const struct world *world, struct actor_conn *conn)
{
	char text[1024];

	// What is written about time must not matter.
	(void)snprintf(text, sizeof(text),
		       "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{\"name\":\"n\",\"namespace\":\"here\","
		       "\"resourceVersion\":\"v%d\"},\"spec\":{\"holderIdentity\":\"%s\",\"leaseDurationSeconds\":%d,"
		       "\"renewTime\":\"%d-01-01T00:00:00.000000Z\",\"leaseTransitions\":%d}}",
		       world->version, world->holder, world->seconds, world->version % 2 ? 1999 : 2999, world->transitions);
	actor_answer(conn, 200, NULL, text);
}

static bool matches(const struct world *world, yyjson_val *root)
{
	const char *version = yyjson_get_str(yyjson_ptr_get(root, "/metadata/resourceVersion"));
	char wanted[32];

	(void)snprintf(wanted, sizeof(wanted), "v%d", world->version);
	return version && strcmp(version, wanted) == 0;
}

static void take_write(struct world *world, const struct actor_call *call)
{
	yyjson_doc *doc = yyjson_read(call->body, strlen(call->body), 0);
	yyjson_val *spec = yyjson_ptr_get(yyjson_doc_get_root(doc), "/spec");
	yyjson_val *transitions = yyjson_obj_get(spec, "leaseTransitions");

	change(world, yyjson_get_str(yyjson_obj_get(spec, "holderIdentity")),
	       yyjson_get_int(yyjson_obj_get(spec, "leaseDurationSeconds")));
	if (transitions)
		world->transitions = yyjson_get_int(transitions);
	yyjson_doc_free(doc);
}

// Whether a write may be done: there is none yet for POST, and the version is the present one for PATCH.
static bool may_write(const struct world *world, const struct actor_call *call)
{
	yyjson_doc *doc = yyjson_read(call->body, strlen(call->body), 0);
	bool good = strcmp(call->method, "POST") == 0 ? !world->exists
						      : world->exists && matches(world, yyjson_doc_get_root(doc));

	yyjson_doc_free(doc);
	return good;
}

static void serve_locked(struct world *world, struct actor_conn *conn, const struct actor_call *call)
{
	bool write = strcmp(call->method, "GET") != 0;

	atomic_fetch_add(&world->now_ms, world->slowness_ms);
	if (world->fault == ANSWER_500 || world->fault == ANSWER_403) {
		actor_answer(conn, world->fault == ANSWER_500 ? 500 : 403, NULL, "{\"message\":\"no\"}");
		return;
	}
	if (write && world->fault == RIVAL_IS_FASTER)
		change(world, "rival", 30);
	if (!write && !world->exists) {
		actor_answer(conn, 404, NULL, "{\"message\":\"none\"}");
		return;
	}
	if (write && !may_write(world, call)) {
		actor_answer(conn, strcmp(call->method, "PATCH") == 0 && !world->exists ? 404 : 409, NULL, "{\"message\":\"no\"}");
		return;
	}
	if (write)
		take_write(world, call);
	if (write && world->fault == LOSE_ANSWER)
		actor_break(conn);
	else
		answer_lease(world, conn);
}

static void serve(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	struct world *world = actor_user(actor);
	bool silent;

	(void)number;
	actor_lock(actor);
	silent = world->fault == STAY_SILENT;
	if (!silent)
		serve_locked(world, conn, call);
	actor_changed(actor);
	actor_unlock(actor);
	if (silent)
		actor_silence(actor);
}

static void begin(struct world *world)
{
	*world = (struct world){.now_ms = 1000000};
	world->clock = (struct clock){.monotonic_ms = world_now, .wall_ms = world_wall, .user = world};
	reach_begin(&world->reach, serve, world);
}

static void end(struct world *world)
{
	reach_end(&world->reach);
}

static struct lease *make(struct world *world, const struct lease_options *options)
{
	struct lease_options all = *options;
	struct lease *lease = NULL;
	struct err err = ERR_INIT;

	all.name = (struct kube_name){.namespace = "here", .name = "n"};
	assert_int_equal(lease_new(world->reach.config, world->reach.loop, &all, &lease, &err), 0);
	return lease;
}

static struct lease *make_mine(struct world *world)
{
	return make(world, &(struct lease_options){.identity = "me", .clock = &world->clock});
}

static void set(struct world *world, enum fault fault, const char *holder)
{
	actor_lock(world->reach.actor);
	world->fault = fault;
	if (holder)
		change(world, holder, 30);
	actor_unlock(world->reach.actor);
}

static const struct actor_call *last_call(struct world *world)
{
	return actor_wait_call(world->reach.actor, actor_calls(world->reach.actor) - 1);
}

static void assert_body_has(struct world *world, const char *text)
{
	assert_non_null(strstr(last_call(world)->body, text));
}

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

// Of two that write, the one whose version is stale does not win, whether it creates or takes over.
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
	// What is lost is not released: it is the rival's.
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

// A laptop is closed, or a virtual machine is stopped: another has taken the lease meanwhile, and nothing may go on that trusts in it.
static void test_runs_out_while_the_machine_sleeps(void **state)
{
	struct world world;
	struct lease *lease;

	(void)state;
	begin(&world);
	lease = make(&world, &(struct lease_options){.identity = "me"});
	assert_int_equal(lease_step(lease), 5000);
	assert_in_range(lease_left_ms(lease), 20000, 30000);
	assert_false(lease_is_lost(lease));
	atomic_store(&asleep_s, 31);
	assert_int_equal(lease_left_ms(lease), 0);
	assert_false(lease_is_held(lease));
	assert_true(lease_is_lost(lease));
	set(&world, NO_FAULT, "rival");
	assert_int_equal(lease_step(lease), -1);
	atomic_store(&asleep_s, 0);
	lease_free(lease);
	end(&world);
}

// What the log says while fn runs; at most so much.
static void read_log(FILE *log, char *text, size_t size)
{
	(void)fflush(stderr);
	rewind(log);
	text[fread(text, 1, size - 1, log)] = '\0';
}

// An idle process says for whom it waits: once, again when that is another, and now and then.
static void test_tells_for_whom_it_waits(void **state)
{
	FILE *log = tmpfile();
	int saved = dup(STDERR_FILENO);
	struct world world;
	struct lease *lease;
	char text[8192];

	(void)state;
	assert_non_null(log);
	begin(&world);
	set(&world, NO_FAULT, "the first");
	lease = make_mine(&world);
	log_set_level(LOG_INFO);
	assert_int_equal(dup2(fileno(log), STDERR_FILENO), STDERR_FILENO);
	for (int i = 0; i < 3; i++)
		assert_int_equal(lease_step(lease), 2000);
	set(&world, NO_FAULT, "the second");
	for (int i = 0; i < 3; i++) {
		world.now_ms += 2000;
		assert_int_equal(lease_step(lease), 2000);
	}
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	(void)close(saved);
	log_set_level(LOG_ERROR + 1);
	read_log(log, text, sizeof(text));
	(void)fclose(log);
	assert_non_null(strstr(text, "waiting for the lease, which another process holds"));
	assert_non_null(strstr(text, "lease=n namespace=here holder=\"the first\""));
	assert_non_null(strstr(text, "holder=\"the second\""));
	assert_null(strstr(strstr(text, "the second") + 1, "the second"));
	assert_int_equal(lease_waits_ms(lease), 6000);
	assert_string_equal(lease_name(lease), "n");
	set(&world, NO_FAULT, "");
	assert_int_equal(lease_step(lease), 5000);
	assert_int_equal(lease_waits_ms(lease), 0);
	lease_free(lease);
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
		cmocka_unit_test(test_runs_out_while_the_machine_sleeps),
		cmocka_unit_test(test_tells_for_whom_it_waits),
	};

	return cmocka_run_group_tests(tests, quiet, NULL);
}
