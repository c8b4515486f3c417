// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The page /metrics of a small world, in Prometheus' text form. D8: nothing but names, reasons and numbers.

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "kube/runner.h"
#include "operator/fleet/roster.h"
#include "operator/object/key.h"
#include "operator/pass/metrics.h"
#include "operator/pass/tally.h"
#include "reach.h"

struct world {
	struct reach reach;
	struct context context;
	struct histogram logins;
	struct buf out;
};

static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	(void)actor, (void)call;
	actor_answer(conn, number ? 404 : 200, NULL, "{}");
}

static void change(struct world *world, enum key_kind kind, const char *text, const char *previous)
{
	_cleanup_(kube_object_unrefp) struct kube_object *object = text ? kube_object_parse(text, strlen(text)) : NULL;
	_cleanup_(kube_object_unrefp) struct kube_object *before = previous ? kube_object_parse(previous, strlen(previous)) : NULL;

	assert_true(object || before);
	tally_change(world->context.tally, kind, object, before);
}

static void put(struct world *world, enum key_kind kind, const char *text)
{
	change(world, kind, text, NULL);
}

#define ROOT(name, enabled, phase, registered, reason)                                                                             \
	"{\"metadata\":{\"namespace\":\"ns\",\"name\":\"" name "\",\"resourceVersion\":\"1\"},\"spec\":{\"auraFleetManagement\":{\"enabled\":" enabled \
	"}},\"status\":{\"phase\":\"" phase "\",\"auraFleetManagement\":{\"registered\":" registered                                \
	"},\"conditions\":[{\"type\":\"FleetRegistered\",\"status\":\"False\",\"reason\":\"" reason "\"}]}}"

static void begin(struct world *world)
{
	struct context *context = &world->context;

	memset(world, 0, sizeof(*world));
	reach_begin(&world->reach, play, NULL);
	world->out = BUF_INIT(1024 * 1024);
	context->client = world->reach.client;
	context->queue = queue_new(&(struct queue_options){0});
	context->roster = roster_new();
	context->logins = &world->logins;
	context->tally = tally_new();
}

static void end(struct world *world)
{
	struct context *context = &world->context;

	buf_release(&world->out);
	tally_free(context->tally);
	roster_free(context->roster);
	queue_free(context->queue);
	reach_end(&world->reach);
}

static const char *metrics(struct world *world, const struct runner *runner)
{
	buf_clear(&world->out);
	metrics_write(&world->context, runner, &world->out);
	return buf_str(&world->out);
}

static void assert_says(const char *text, const char *line)
{
	const char *found = strstr(text, line);

	if (!found || (found != text && found[-1] != '\n') || found[strlen(line)] != '\n')
		fail_msg("no line '%s' in:\n%s", line, text);
}

// The name of a sample's family: without labels and without what histograms add.
static void family_of(const char *line, char *ret, size_t size)
{
	static const char *const endings[] = {"_bucket", "_sum", "_count"};
	size_t n = strcspn(line, "{ ");

	for (size_t i = 0; i < 3; i++) {
		size_t k = strlen(endings[i]);

		if (n > k && strncmp(line + n - k, endings[i], k) == 0) {
			n -= k;
			break;
		}
	}
	assert_true(n < size);
	(void)snprintf(ret, size, "%.*s", (int)n, line);
}

// Each sample stands under the TYPE of its family, and no family comes twice.
static void assert_well_formed(const char *text)
{
	char family[128] = "", name[128], begun[64][128];
	size_t n_begun = 0;

	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		assert_non_null(strchr(line, '\n'));
		if (sscanf(line, "# HELP %127s", name) == 1) {
			for (size_t i = 0; i < n_begun; i++)
				assert_string_not_equal(begun[i], name);
			assert_true(n_begun < 64);
			memcpy(begun[n_begun++], name, sizeof(name));
		} else if (sscanf(line, "# TYPE %127s", family) == 1) {
			assert_string_equal(family, begun[n_begun - 1]);
		} else {
			family_of(line, name, sizeof(name));
			assert_string_equal(name, family);
		}
	}
	assert_true(n_begun > 10);
}

static void test_deployments(void **state)
{
	const char *text;
	struct world world;

	(void)state;
	begin(&world);
	put(&world, KEY_STANDALONE, ROOT("a", "true", "Ready", "true", "x"));
	put(&world, KEY_STANDALONE, ROOT("b", "true", "Pending", "false", "TokenExpired"));
	put(&world, KEY_CLUSTER, ROOT("a", "true", "Ready", "true", "x"));
	put(&world, KEY_CLUSTER, ROOT("c", "false", "Failed", "false", "TokenExpired"));
	put(&world, KEY_CLUSTER, ROOT("d", "true", "Ready", "false", "TokenExpired"));
	put(&world, KEY_PLUGIN, "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"p\",\"resourceVersion\":\"1\"},\"status\":{\"phase\":\"Ready\"}}");
	text = metrics(&world, NULL);
	assert_well_formed(text);
	assert_says(text, "neofleet_deployments{kind=\"Neo4jEnterpriseStandalone\",phase=\"Ready\"} 1");
	assert_says(text, "neofleet_deployments{kind=\"Neo4jEnterpriseStandalone\",phase=\"Pending\"} 1");
	assert_says(text, "neofleet_deployments{kind=\"Neo4jEnterpriseCluster\",phase=\"Ready\"} 2");
	assert_says(text, "neofleet_deployments{kind=\"Neo4jEnterpriseCluster\",phase=\"Failed\"} 1");
	assert_says(text, "neofleet_plugins{phase=\"Ready\"} 1");
	assert_says(text, "neofleet_fleet_enabled 4");
	assert_says(text, "neofleet_fleet_registered 2");
	assert_says(text, "neofleet_fleet_unregistered{reason=\"TokenExpired\"} 2");
	assert_says(text, "neofleet_deployment_trouble{kind=\"Neo4jEnterpriseCluster\",namespace=\"ns\",name=\"d\",condition=\"FleetRegistered\","
			  "reason=\"TokenExpired\"} 1");
	// A change takes the former state off; what has gone counts no more.
	change(&world, KEY_CLUSTER, ROOT("d", "true", "Degraded", "true", "x"), ROOT("d", "true", "Ready", "false", "TokenExpired"));
	change(&world, KEY_STANDALONE, NULL, ROOT("a", "true", "Ready", "true", "x"));
	text = metrics(&world, NULL);
	assert_says(text, "neofleet_deployments{kind=\"Neo4jEnterpriseStandalone\",phase=\"Ready\"} 0");
	assert_says(text, "neofleet_deployments{kind=\"Neo4jEnterpriseCluster\",phase=\"Ready\"} 1");
	assert_says(text, "neofleet_deployments{kind=\"Neo4jEnterpriseCluster\",phase=\"Degraded\"} 1");
	assert_says(text, "neofleet_fleet_registered 2");
	assert_says(text, "neofleet_fleet_unregistered{reason=\"TokenExpired\"} 1");
	change(&world, KEY_STANDALONE, NULL, ROOT("b", "true", "Pending", "false", "TokenExpired"));
	assert_null(strstr(metrics(&world, NULL), "name=\"b\""));
	end(&world);
}

// E4: a status that somebody has written by hand makes no lines of its own, and no labels.
static void test_a_reason_by_hand(void **state)
{
	struct world world;
	const char *text;

	(void)state;
	begin(&world);
	put(&world, KEY_STANDALONE, ROOT("a", "true", "Ready", "false", "x\\\"} 1\\nneofleet_fleet_registered 99\\n# "));
	put(&world, KEY_STANDALONE, ROOT("b", "true", "Ready", "false", "MadeUp"));
	put(&world, KEY_STANDALONE, ROOT("c", "true", "Ready", "false", "Unreachable"));
	text = metrics(&world, NULL);
	assert_well_formed(text);
	assert_null(strstr(text, "neofleet_fleet_registered 99"));
	assert_null(strstr(text, "MadeUp"));
	assert_says(text, "neofleet_fleet_registered 0");
	assert_says(text, "neofleet_fleet_unregistered{reason=\"Other\"} 2");
	assert_says(text, "neofleet_fleet_unregistered{reason=\"Unreachable\"} 1");
	end(&world);
}

// D6, F2: those that are registered and do not talk to Aura, and those of them that hold no token.
static void test_disconnected(void **state)
{
	static const char *const connected[] = {"True", "False", "False", "Unknown"}, *const registered[] = {"true", "true", "false", "true"};
	static const char *const reasons[] = {"Connected", "NotConnected", "TokenGone", "NotAsked"};
	struct world world;
	const char *text;

	(void)state;
	begin(&world);
	for (size_t i = 0; i < sizeof(connected) / sizeof(connected[0]); i++) {
		char root[512];

		(void)snprintf(root, sizeof(root),
			       "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"d%zu\",\"resourceVersion\":\"1\"},\"status\":{\"conditions\":[{\"type\":"
			       "\"FleetConnected\",\"status\":\"%s\",\"reason\":\"%s\"}],\"auraFleetManagement\":{\"registered\":%s}}}",
			       i, connected[i], reasons[i], registered[i]);
		put(&world, KEY_STANDALONE, root);
	}
	text = metrics(&world, NULL);
	assert_well_formed(text);
	assert_says(text, "neofleet_fleet_registered 3");
	assert_says(text, "neofleet_fleet_disconnected 1");
	assert_says(text, "neofleet_fleet_token_gone 0");
	put(&world, KEY_STANDALONE,
	    "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"lost\",\"resourceVersion\":\"1\"},\"status\":{\"conditions\":[{\"type\":\"FleetConnected\","
	    "\"status\":\"False\",\"reason\":\"TokenGone\"}],\"auraFleetManagement\":{\"registered\":true}}}");
	text = metrics(&world, NULL);
	assert_says(text, "neofleet_fleet_disconnected 2");
	assert_says(text, "neofleet_fleet_token_gone 1");
	end(&world);
}

// Expiries are there for registered deployments, as the servers told them, until the deployment is forgotten.
static void test_token_expiry(void **state)
{
	char key[QUEUE_KEY_SIZE];
	const char *text;
	struct world world;

	(void)state;
	begin(&world);
	assert_null(strstr(metrics(&world, NULL), "neofleet_fleet_token_expiry_timestamp_seconds{"));
	key_format(KEY_CLUSTER, "ns", "a", key);
	roster_set_expiry(world.context.roster, key, INT64_C(1893456000999));
	key_format(KEY_STANDALONE, "ns", "b", key);
	roster_set_expiry(world.context.roster, key, INT64_C(1893456000999));
	roster_set_expiry(world.context.roster, key, 0); // it is registered no more
	text = metrics(&world, NULL);
	assert_well_formed(text);
	assert_says(text, "neofleet_fleet_token_expiry_timestamp_seconds{kind=\"Neo4jEnterpriseCluster\",namespace=\"ns\",name=\"a\"} 1893456000");
	assert_null(strstr(text, "name=\"b\""));
	key_format(KEY_CLUSTER, "ns", "a", key);
	roster_forget(world.context.roster, key);
	assert_int_equal(roster_expiry(world.context.roster, key), 0);
	assert_null(strstr(metrics(&world, NULL), "neofleet_fleet_token_expiry_timestamp_seconds{"));
	end(&world);
}

// Prometheus' names where the meaning is that of others' metrics.
static void test_requests(void **state)
{
	const struct kube_name pod = {"ns", "p"};
	struct err err = ERR_INIT;
	char line[128];
	const char *text;
	struct world world;

	(void)state;
	begin(&world);
	assert_int_equal(kube_get(world.reach.client, &kube_pods, pod, NULL, &err), 0);
	assert_int_equal(kube_get(world.reach.client, &kube_pods, pod, NULL, &err), ERR_NOT_FOUND);
	err_clear(&err);
	assert_int_equal(kube_get(world.reach.client, &kube_pods, pod, NULL, &err), ERR_NOT_FOUND);
	loop_stop(world.reach.loop);
	err_clear(&err);
	assert_int_equal(kube_get(world.reach.client, &kube_pods, pod, NULL, &err), ERR_CANCELLED);
	text = metrics(&world, NULL);
	(void)snprintf(line, sizeof(line), "rest_client_requests_total{code=\"404\",method=\"GET\",host=\"127.0.0.1:%u\"} 2",
		       actor_port(world.reach.actor));
	assert_says(text, line);
	(void)snprintf(line, sizeof(line), "rest_client_requests_total{code=\"<error>\",method=\"GET\",host=\"127.0.0.1:%u\"} 1",
		       actor_port(world.reach.actor));
	assert_says(text, line);
	assert_says(text, "neofleet_api_calls_total{method=\"GET\"} 4");
	end(&world);
}

static int reconcile(void *user, const char *key, struct outcome *ret, struct err *err)
{
	(void)user, (void)ret;
	return strcmp(key, "bad") == 0 ? err_set(err, ERR_IO, "broken") : 0;
}

static void wait_for_runs(struct runner *runner, uint64_t n)
{
	struct runner_stats stats = {0};
	int64_t deadline = deadline_in_ms(20000);

	while (stats.succeeded + stats.failed < n || stats.active > 0) {
		assert_true(deadline_left_ms(deadline) > 0);
		runner_stats(runner, &stats);
	}
}

static void test_reconciles(void **state)
{
	struct runner_options options = {.workers = 2, .reconcile = reconcile, .name = "deployment"};
	struct err err = ERR_INIT;
	struct runner *runner;
	struct world world;
	const char *text;

	(void)state;
	log_set_level(LOG_ERROR);
	begin(&world);
	options.queue = world.context.queue;
	assert_int_equal(runner_start(&options, &runner, &err), 0);
	queue_add(world.context.queue, "good");
	queue_add(world.context.queue, "bad");
	wait_for_runs(runner, 2);
	histogram_add(&world.logins, 30);
	text = metrics(&world, runner);
	assert_well_formed(text);
	assert_says(text, "controller_runtime_reconcile_total{controller=\"deployment\",result=\"success\"} 1");
	assert_says(text, "controller_runtime_reconcile_total{controller=\"deployment\",result=\"error\"} 1");
	assert_says(text, "controller_runtime_reconcile_errors_total{controller=\"deployment\"} 1");
	assert_says(text, "controller_runtime_max_concurrent_reconciles{controller=\"deployment\"} 2");
	assert_says(text, "controller_runtime_reconcile_time_seconds_count{controller=\"deployment\"} 2");
	assert_says(text, "workqueue_work_duration_seconds_count{name=\"deployment\"} 2");
	assert_says(text, "workqueue_depth{name=\"deployment\"} 0");
	assert_says(text, "workqueue_adds_total{name=\"deployment\"} 2");
	assert_says(text, "workqueue_retries_total{name=\"deployment\"} 1");
	assert_says(text, "neofleet_bolt_login_seconds_count{} 1");
	assert_says(text, "neofleet_bolt_query_seconds_count{} 0");
	runner_stop(runner);
	end(&world);
}

static unsigned long long heap_in_use(struct world *world)
{
	static const char name[] = "\nneofleet_heap_in_use_bytes ";
	const char *found = strstr(metrics(world, NULL), name);

	assert_non_null(found);
	return strtoull(found + strlen(name), NULL, 10);
}

// Allocated memory counts, large or small. Freed memory does not, though the C library keeps it.
static void test_heap(void **state)
{
	static const size_t size = (size_t)1024 * 1024, small = 4000;
	unsigned long long before, held, after;
	void *large, *many[256];
	struct world world;

	(void)state;
	if (mallinfo2().uordblks == 0)
		skip(); // a sanitizer's heap, which does not say
	begin(&world);
	before = heap_in_use(&world);
	large = malloc(size);
	assert_non_null(large);
	for (size_t i = 0; i < 256; i++)
		assert_non_null(many[i] = malloc(small));
	held = heap_in_use(&world);
	free(large);
	for (size_t i = 0; i < 256; i++)
		free(many[i]);
	after = heap_in_use(&world);
	assert_in_range(held - before, size + 256 * small, size + 256 * small + 64 * 1024);
	assert_in_range(after, before > 64 * 1024 ? before - 64 * 1024 : 0, before + 64 * 1024);
	end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deployments),
		cmocka_unit_test(test_a_reason_by_hand),
		cmocka_unit_test(test_disconnected),
		cmocka_unit_test(test_token_expiry),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_reconciles),
		cmocka_unit_test(test_heap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
