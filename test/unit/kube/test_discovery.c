// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Which APIs a scripted API server has.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kube/discovery.h"
#include "reach.h"

struct world {
	struct reach reach;
	struct discovery *discovery;
	struct clock clock;
	int64_t now_ms;
	// Under the actor's lock:
	int status;
	const char *body;
};

static int64_t now(void *user)
{
	return ((struct world *)user)->now_ms;
}

static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	const struct world *world = actor_user(actor);
	const char *body;
	int status;

	(void)call, (void)number;
	actor_lock(actor);
	status = world->status;
	body = world->body;
	actor_unlock(actor);
	actor_answer(conn, status, NULL, body);
}

static void answers(struct world *world, int status, const char *body)
{
	actor_lock(world->reach.actor);
	world->status = status;
	world->body = body;
	actor_unlock(world->reach.actor);
}

static void begin(struct world *world)
{
	*world = (struct world){.now_ms = 1};
	world->clock = (struct clock){.monotonic_ms = now, .wall_ms = now, .user = world};
	reach_begin(&world->reach, play, world);
	world->discovery = discovery_new(world->reach.client, &world->clock);
}

static void end(struct world *world)
{
	discovery_free(world->discovery);
	reach_end(&world->reach);
}

static bool has(struct world *world, const struct kube_resource *resource)
{
	struct err err = ERR_INIT;
	bool there = false;

	assert_int_equal(discovery_has(world->discovery, resource, &there, &err), 0);
	assert_false(err_is_set(&err));
	return there;
}

static const struct kube_resource monitors = {
	.group = "monitoring.coreos.com", .version = "v1", .plural = "servicemonitors", .kind = "ServiceMonitor", .namespaced = true};
static const struct kube_resource rules = {
	.group = "monitoring.coreos.com", .version = "v1", .plural = "prometheusrules", .kind = "PrometheusRule", .namespaced = true};

static const char some[] = "{\"kind\":\"APIResourceList\",\"groupVersion\":\"monitoring.coreos.com/v1\",\"resources\":["
			   "{\"name\":\"servicemonitors\"},{\"name\":\"servicemonitors/status\"},{\"nothing\":1},7]}";

// A group is asked for once; what was there stays.
static void test_asked_once(void **state)
{
	struct world world;

	(void)state;
	begin(&world);
	answers(&world, 200, some);
	assert_true(has(&world, &monitors));
	assert_false(has(&world, &rules));
	assert_true(has(&world, &monitors));
	world.now_ms += 1000000;
	assert_true(has(&world, &monitors));
	assert_int_equal(actor_calls(world.reach.actor), 1);
	assert_string_equal(actor_wait_call(world.reach.actor, 0)->target, "/apis/monitoring.coreos.com/v1");
	answers(&world, 200, "{\"resources\":[{\"name\":\"pods\"}]}");
	assert_true(has(&world, &kube_pods));
	assert_string_equal(actor_wait_call(world.reach.actor, 1)->target, "/api/v1");
	end(&world);
}

// A missing API may be installed later: a "no" is believed for ten seconds.
static void test_installed_later(void **state)
{
	struct world world;

	(void)state;
	begin(&world);
	answers(&world, 404, "404 page not found\n");
	assert_false(has(&world, &monitors));
	answers(&world, 200, some);
	world.now_ms += 9999;
	assert_false(has(&world, &monitors));
	assert_int_equal(actor_calls(world.reach.actor), 1);
	world.now_ms += 1;
	assert_true(has(&world, &monitors));
	assert_false(has(&world, &rules));
	// And taken away again, which is seen when something else is looked for.
	answers(&world, 404, "");
	world.now_ms += 10000;
	assert_false(has(&world, &rules));
	assert_false(has(&world, &monitors));
	end(&world);
}

// A server that does not answer has not said "no": nothing is kept.
static void test_no_answer(void **state)
{
	struct err err = ERR_INIT;
	struct world world;
	bool there = true;

	(void)state;
	begin(&world);
	answers(&world, 503, "{\"message\":\"starting\"}");
	assert_int_equal(discovery_has(world.discovery, &monitors, &there, &err), ERR_SERVER);
	assert_false(there);
	assert_string_equal(err.text, "starting");
	answers(&world, 200, "{}");
	assert_false(has(&world, &monitors));
	assert_int_equal(actor_calls(world.reach.actor), 2);
	discovery_free(NULL);
	end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked_once),
		cmocka_unit_test(test_installed_later),
		cmocka_unit_test(test_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
