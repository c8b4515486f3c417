// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// E4: what a pass takes to gather what it needs, however many plugins a deployment has.

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "operator/pass/gather.h"
#include "test/unit/heap.h"

#define ROOT \
	"{\"apiVersion\":\"neo4j.neo4j.com/v1alpha1\",\"kind\":\"Neo4jEnterpriseStandalone\",\"metadata\":{\"namespace\":\"ns\",\"name\":\"a\"," \
	"\"uid\":\"u\"},\"spec\":{\"image\":{\"repo\":\"neo4j\",\"tag\":\"2025.12.1-enterprise\"},\"storage\":{\"size\":\"1Gi\"}," \
	"\"auth\":{\"adminSecret\":\"s\"}}}"
#define SET \
	"{\"metadata\":{\"namespace\":\"ns\",\"name\":\"a\",\"uid\":\"w\",\"ownerReferences\":[{\"uid\":\"u\",\"kind\":\"Neo4jEnterpriseStandalone\"," \
	"\"name\":\"a\",\"controller\":true}]}}"

struct world {
	struct context context;
	_Atomic uint64_t changed;
	struct arena *arena; // of a pass
	struct gathered gathered;
};

static void by_target(const struct kube_object *plugin, void (*add)(void *user, const char *name), void *user)
{
	add(user, kube_object_str(plugin, "/spec/clusterRef"));
}

static void put(struct kube_store *store, const char *text)
{
	struct kube_object *object = kube_object_parse(text, strlen(text));

	assert_non_null(object);
	kube_object_unref(kube_store_put(store, object));
	kube_object_unref(object);
}

// A plugin with so many settings of a size.
static void put_plugin(struct world *world, int i, const char *name, size_t settings, size_t bytes)
{
	_cleanup_buf_ struct buf text = BUF_INIT((size_t)4 * 1024 * 1024);

	buf_addf(&text,
		 "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"p%d\",\"creationTimestamp\":\"2025-12-01T10:00:%02dZ\"},"
		 "\"spec\":{\"clusterRef\":\"a\",\"name\":\"%s\",\"config\":{",
		 i, i % 60, name);
	for (size_t n = 0; n < settings; n++) {
		buf_addf(&text, "%s\"apoc.n%zu\":\"", n ? "," : "", n);
		for (size_t k = 0; k < bytes; k++)
			buf_addc(&text, 'x');
		buf_addc(&text, '"');
	}
	buf_add(&text, "}}}");
	put(world->context.stores.plugins, buf_str(&text));
	atomic_fetch_add(&world->changed, 1);
}

static void begin(struct world *world)
{
	*world = (struct world){.changed = 0};
	world->context.stores.plugins = kube_store_new(&(struct kube_store_options){.index = by_target});
	world->context.stores.statefulsets = kube_store_new(NULL);
	world->context.stores.pods = kube_store_new(NULL);
	world->context.stores.volumes = kube_store_new(NULL);
	world->context.verdicts = plugin_verdicts_table_new();
	world->context.plugins_changed = &world->changed;
	put(world->context.stores.statefulsets, SET);
}

static void end(struct world *world)
{
	kube_store_free(world->context.stores.plugins);
	kube_store_free(world->context.stores.statefulsets);
	kube_store_free(world->context.stores.pods);
	kube_store_free(world->context.stores.volumes);
	plugin_verdicts_table_free(world->context.verdicts);
}

static void gather_once(struct world *world)
{
	struct err err = ERR_INIT;

	world->arena = arena_new();
	world->gathered = (struct gathered){0};
	assert_int_equal(dbms_decode(json_parse(world->arena, ROOT, strlen(ROOT)), world->arena, &world->gathered.deployment.dbms, &err), 0);
	assert_int_equal(gather_state(&world->context, world->arena, &world->gathered, &err), 0);
}

static void release(struct world *world)
{
	gather_release(&world->gathered);
	arena_free(world->arena);
}

// A thousand passes, one for each plugin.
static double cpu_s(struct world *world)
{
	clock_t began = clock();

	for (int i = 0; i < 1000; i++) {
		char name[16];

		gather_once(world);
		(void)snprintf(name, sizeof(name), "p%d", i % (int)world->gathered.verdicts->claims.n);
		assert_non_null(plugin_claims_find(&world->gathered.verdicts->claims, name));
		release(world);
	}
	return (double)(clock() - began) / CLOCKS_PER_SEC;
}

// A change of a deployment wakes each of its plugins: all passes together cost little more with a thousand of them than with ten.
static void test_a_thousand_plugins_cost_as_much_as_they_are(void **state)
{
	struct world world;
	double few, many;

	(void)state;
	begin(&world);
	for (int i = 0; i < 10; i++)
		put_plugin(&world, i, "apoc", 3, 10);
	few = cpu_s(&world);
	for (int i = 10; i < 1000; i++)
		put_plugin(&world, i, "apoc", 3, 10);
	many = cpu_s(&world);
	print_message("a thousand passes: %.3f s with 10 plugins, %.3f s with 1000\n", few, many);
	assert_true(many < 10 * few + 0.2);
	end(&world);
}

// A plugin that comes, changes or goes is in the next judgement.
static void test_a_change_is_judged(void **state)
{
	struct world world;

	(void)state;
	begin(&world);
	put_plugin(&world, 1, "apoc", 1, 10);
	gather_once(&world);
	assert_int_equal(world.gathered.verdicts->claims.n, 1);
	release(&world);
	put_plugin(&world, 2, "nonsense", 1, 10);
	gather_once(&world);
	assert_int_equal(world.gathered.verdicts->claims.n, 2);
	assert_int_equal(plugin_claims_find(&world.gathered.verdicts->claims, "p2")->verdict, CLAIM_REFUSED);
	release(&world);
	kube_object_unref(kube_store_remove(world.context.stores.plugins, (struct kube_name){"ns", "p1"}));
	atomic_fetch_add(&world.changed, 1);
	gather_once(&world);
	assert_int_equal(world.gathered.verdicts->claims.n, 1);
	release(&world);
	end(&world);
}

// Plugins of a MiB each, which a store keeps in a few KiB: no more than one stands unpacked, and nothing is kept of those that are refused.
static void test_large_plugins_are_read_one_by_one(void **state)
{
	size_t before, after;
	struct world world;

	(void)state;
	begin(&world);
	for (int i = 0; i < 15; i++)
		put_plugin(&world, i, "apoc", 250, 4000);
	(void)malloc_trim(0);
	before = heap_bytes();
	gather_once(&world);
	after = heap_bytes();
	assert_int_equal(world.gathered.verdicts->claims.n, 15);
	for (size_t i = 0; i < 15; i++)
		assert_int_equal(world.gathered.verdicts->claims.items[i].verdict, CLAIM_REFUSED);
	print_message("%zu KiB for 15 plugins of a MiB\n", (after - before) / 1024);
	assert_true(after - before < (size_t)1024 * 1024);
	release(&world);
	end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_thousand_plugins_cost_as_much_as_they_are),
		cmocka_unit_test(test_a_change_is_judged),
		cmocka_unit_test(test_large_plugins_are_read_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
