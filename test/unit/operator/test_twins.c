// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "operator/fleet/roster.h"
#include "operator/fleet/twins.h"

#define ORIGINAL "standalone/x/original"
#define COPY "cluster/y/copy"

struct world {
	struct context context;
	struct arena *arena;
};

static void begin(struct world *world)
{
	*world = (struct world){.arena = arena_new()};
	world->context.roster = roster_new();
	world->context.queue = queue_new(&(struct queue_options){0});
}

static void end(struct world *world)
{
	queue_free(world->context.queue);
	roster_free(world->context.roster);
	arena_free(world->arena);
}

static int find(struct world *world, const char *key, const char **ret_message)
{
	static const struct dbms dbms = {.kind = DBMS_CLUSTER, .metadata = {.namespace = "y", .name = "copy"}};

	struct twins_verdict verdict;

	twins_find(&world->context, key, &dbms, world->arena, &verdict);
	*ret_message = verdict.message;
	return verdict.holds;
}

static void assert_woken(struct world *world, const char *key)
{
	char found[QUEUE_KEY_SIZE];

	assert_int_equal(queue_depth(world->context.queue), 1);
	assert_true(queue_get(world->context.queue, found, sizeof(found)));
	assert_string_equal(found, key);
	queue_done(world->context.queue, found);
}

// D6: two that hold one token of one DBMS say so, both, with the cure.
static void test_both_say_it(void **state)
{
	struct world world;
	const char *message;

	(void)state;
	begin(&world);
	assert_int_equal(find(&world, COPY, &message), -1);
	twins_note(&world.context, ORIGINAL, "one", NULL, world.arena);
	assert_int_equal(find(&world, ORIGINAL, &message), 0);
	assert_int_equal(queue_depth(world.context.queue), 0);
	twins_note(&world.context, COPY, "one", NULL, world.arena);
	assert_woken(&world, ORIGINAL);
	assert_int_equal(find(&world, ORIGINAL, &message), 1);
	assert_non_null(strstr(message, "one with Neo4jEnterpriseCluster 'copy' in namespace 'y'"));
	assert_int_equal(find(&world, COPY, &message), 1);
	assert_non_null(strstr(message, "one with Neo4jEnterpriseStandalone 'original' in namespace 'x'"));
	assert_non_null(strstr(message, "kubectl patch neo4jenterprisecluster copy --namespace y --type=merge --subresource=status -p "
					"'{\"status\":{\"auraFleetManagement\":{\"registered\":false}}}'"));
	end(&world);
}

// It ends when one gets a token of its own, is switched off, or goes; the other is told.
static void test_apart(void **state)
{
	static const char *const after[] = {"another", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
		struct world world;
		const char *message;

		begin(&world);
		twins_note(&world.context, ORIGINAL, "one", NULL, world.arena);
		twins_note(&world.context, COPY, "one", NULL, world.arena);
		assert_woken(&world, ORIGINAL);
		// The same once more is no news.
		twins_note(&world.context, COPY, "one", NULL, world.arena);
		assert_int_equal(queue_depth(world.context.queue), 0);
		twins_note(&world.context, COPY, after[i], NULL, world.arena);
		assert_woken(&world, ORIGINAL);
		assert_int_equal(find(&world, ORIGINAL, &message), 0);
		assert_null(message);
		end(&world);
	}
}

// F1: two whose Secrets hold one token, though their servers are not one; twins in Aura are told first, since that cure mends both.
static void test_one_token(void **state)
{
	struct world world;
	const char *message;

	(void)state;
	begin(&world);
	twins_note(&world.context, ORIGINAL, "one", NULL, world.arena);
	twins_note(&world.context, COPY, "two", NULL, world.arena);
	roster_set(world.context.roster, ORIGINAL, (struct roster_sign){ROSTER_TOKEN, "t"});
	assert_int_equal(find(&world, COPY, &message), 0);
	roster_set(world.context.roster, COPY, (struct roster_sign){ROSTER_TOKEN, "t"});
	assert_int_equal(find(&world, COPY, &message), 1);
	assert_non_null(strstr(message, "is also that of Neo4jEnterpriseStandalone 'original' in namespace 'x'"));
	twins_note(&world.context, COPY, "one", NULL, world.arena);
	assert_woken(&world, ORIGINAL);
	assert_int_equal(find(&world, COPY, &message), 1);
	assert_non_null(strstr(message, "In Aura it is one with"));
	twins_forget(&world.context, COPY, world.arena);
	assert_woken(&world, ORIGINAL);
	assert_int_equal(find(&world, ORIGINAL, &message), 0);
	// Two without a token are no twins.
	roster_set(world.context.roster, ORIGINAL, (struct roster_sign){ROSTER_TOKEN, ROSTER_NO_TOKEN});
	roster_set(world.context.roster, COPY, (struct roster_sign){ROSTER_TOKEN, ROSTER_NO_TOKEN});
	assert_int_equal(find(&world, ORIGINAL, &message), 0);
	end(&world);
}

// Servers that tell nothing have no twins.
static void test_untold(void **state)
{
	struct world world;
	const char *message;

	(void)state;
	begin(&world);
	twins_note(&world.context, ORIGINAL, NULL, NULL, world.arena);
	twins_note(&world.context, COPY, "", NULL, world.arena);
	assert_int_equal(find(&world, ORIGINAL, &message), -1);
	assert_int_equal(queue_depth(world.context.queue), 0);
	end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_say_it),
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_one_token),
		cmocka_unit_test(test_untold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
