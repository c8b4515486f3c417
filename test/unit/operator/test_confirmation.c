// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// B9 E1: the pods of a cluster without TLS are confirmed by one call before their servers are asked, and each by itself where that does not do.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "operator/server/confirmation.h"
#include "reach.h"

#define POD(name, uid, address) "{\"metadata\":{\"name\":\"" name "\",\"uid\":\"" uid "\"},\"status\":{\"podIP\":\"" address "\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}"

struct world {
	struct reach reach;
	struct context context;
	struct dbms dbms;
	struct names names;
	struct pod pods[4];
	struct access_servers servers;
	struct arena *arena;
	const char *listed; // the API server's list; NULL: it refuses lists
	char target[512];   // of the last call
};

static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	struct world *world = actor_user(actor);

	(void)number;
	(void)snprintf(world->target, sizeof(world->target), "%s", call->target);
	if (strstr(call->target, "/pods/a-0"))
		actor_answer(conn, 200, NULL, POD("a-0", "u0", "10.0.0.1"));
	else if (strstr(call->target, "/pods?") && world->listed)
		actor_answer(conn, 200, NULL, world->listed);
	else
		actor_answer(conn, 403, NULL, "{}");
}

static void begin(struct world *world, size_t pods, const char *listed)
{
	static const char *const names[] = {"a-0", "a-1", "a-2", "a-3"}, *const uids[] = {"u0", "u1", "u2", "u3"};
	static const char *const addresses[] = {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"};

	memset(world, 0, sizeof(*world));
	world->arena = arena_new();
	world->listed = listed;
	reach_begin(&world->reach, play, world);
	world->context.client = world->reach.client;
	world->dbms.metadata = (struct dbms_metadata){.namespace = "ns", .name = "a"};
	world->names.selector = "instance=a";
	for (size_t i = 0; i < pods; i++)
		world->pods[i] = (struct pod){.name = names[i], .uid = uids[i], .address = addresses[i], .ready = true};
	world->servers = (struct access_servers){.dbms = &world->dbms, .names = &world->names, .pods = world->pods, .n_pods = pods};
}

static void end(struct world *world)
{
	arena_free(world->arena);
	reach_end(&world->reach);
}

// What a login to a pod hears; NULL: go ahead.
static const char *check(struct world *world, const struct confirmation *all, size_t pod)
{
	struct err err = ERR_INIT;
	const char *prefix;

	if (confirmation_check(&world->context, all, &world->pods[pod], deadline_in_ms(5000), &err) == 0)
		return NULL;
	assert_int_equal(err.class, ERR_IO);
	assert_string_equal(err.code, CONFIRMATION_FAILED);
	prefix = arena_printf(world->arena, "the password is not sent to the address that pod '%s' had: ", world->pods[pod].name);
	assert_memory_equal(err.text, prefix, strlen(prefix));
	return arena_strdup(world->arena, err.text + strlen(prefix));
}

static void test_by_one_call(void **state)
{
	struct confirmation all;
	struct world world;

	(void)state;
	begin(&world, 4, "{\"items\":[" POD("a-2", "another", "10.0.0.3") "," POD("a-0", "u0", "10.0.0.1") "," POD("a-1", "u1", "10.9.9.9") "," POD("stray", "s", "10.0.0.4") "]}");
	confirmation_ask(&world.context, &world.servers, deadline_in_ms(5000), world.arena, &all);
	assert_non_null(strstr(world.target, "/api/v1/namespaces/ns/pods?"));
	assert_non_null(strstr(world.target, "labelSelector=instance%3Da"));
	// The state of this moment, not of a cache's.
	assert_null(strstr(world.target, "resourceVersion"));
	assert_null(check(&world, &all, 0));
	assert_string_equal(check(&world, &all, 1), "the pod has changed, it has another address");
	assert_string_equal(check(&world, &all, 2), "the pod has changed, another pod has its name");
	assert_string_equal(check(&world, &all, 3), "the pod has changed, it is gone");
	assert_int_equal(actor_calls(world.reach.actor), 1);
	end(&world);
}

// A slow server must not make the next one's confirmation an old one.
static void test_it_grows_old(void **state)
{
	struct confirmation all;
	struct world world;

	(void)state;
	begin(&world, 2, "{\"items\":[]}");
	confirmation_ask(&world.context, &world.servers, deadline_in_ms(5000), world.arena, &all);
	assert_string_equal(check(&world, &all, 0), "the pod has changed, it is gone");
	all.asked_ms -= 2000;
	assert_null(check(&world, &all, 0));
	assert_int_equal(actor_calls(world.reach.actor), 2);
	end(&world);
}

static void test_lists_are_refused(void **state)
{
	struct confirmation all;
	struct world world;

	(void)state;
	begin(&world, 2, NULL);
	confirmation_ask(&world.context, &world.servers, deadline_in_ms(5000), world.arena, &all);
	assert_null(check(&world, &all, 0));
	assert_string_equal(check(&world, &all, 1), "the API server cannot be asked for the pod (no reason was given)");
	assert_int_equal(actor_calls(world.reach.actor), 3);
	end(&world);
}

// Nobody is asked for what needs no proof, nor twice for one pod.
static void test_nothing_to_share(void **state)
{
	struct confirmation all;
	struct world world;

	(void)state;
	begin(&world, 2, "{\"items\":[]}");
	world.pods[1].tls_secret = "tls";
	confirmation_ask(&world.context, &world.servers, deadline_in_ms(5000), world.arena, &all);
	assert_int_equal(actor_calls(world.reach.actor), 0);
	assert_null(check(&world, &all, 1));
	assert_null(check(&world, &all, 0));
	assert_int_equal(actor_calls(world.reach.actor), 1);
	// No time is left.
	world.pods[1].tls_secret = NULL;
	confirmation_ask(&world.context, &world.servers, deadline_in_ms(0), world.arena, &all);
	assert_int_equal(actor_calls(world.reach.actor), 1);
	end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_one_call),
		cmocka_unit_test(test_it_grows_old),
		cmocka_unit_test(test_lists_are_refused),
		cmocka_unit_test(test_nothing_to_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
