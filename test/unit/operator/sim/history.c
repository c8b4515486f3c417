// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "sim/history.h"

#include <string.h>

// Passes until the operator must have come to rest: a server that leaves takes about six, one that is replaced two.
#define PASSES_MAX 100

void history_draw(uint64_t seed, enum world_rule rule, struct history *ret)
{
	struct random random = {.state = seed};
	uint64_t bits = random_next(&random);

	*ret = (struct history){.seed = seed,
			       .rule = rule,
			       .servers = 2 + bits % 3,
			       .first = (uint8_t)(bits >> 8),
			       .anew = (bits >> 16) % 8 == 0,
			       .n = 8 + (bits >> 24) % (HISTORY_EVENTS_MAX - 24)};
	for (size_t i = 0; i < ret->n; i++)
		ret->events[i] = incident_draw(&random);
}

static void begin(const struct history *history, FILE *out, struct world *world)
{
	if (history->anew)
		world_init_anew(world, history->servers, history->first);
	else
		world_init(world, history->servers, history->first);
	world->rule = history->rule;
	world->out = out;
	if (history->anew)
		WORLD_SAY(world, "A cluster of %d servers is made anew over the claims that were kept of an earlier one:", history->servers);
	else
		WORLD_SAY(world, "A cluster of %d servers; member i runs in n-server-i.", history->servers);
	for (int i = 0; history->anew && i < history->servers; i++) {
		if (world->objects.claims[i].exists)
			WORLD_SAY(world, " %d", i);
	}
	for (int i = 0; i < REALM_DATABASES; i++)
		WORLD_SAY(world, " Database %c: members (set) %#x.", 'a' + i, world->realm.clusters[0].databases[i].copies);
	WORLD_SAY(world, "\n");
}

// One cluster, which has a quorum and knows each server by its pod: then there is no reason not to reach what is wanted.
static bool is_sound(const struct world *world)
{
	for (int i = 0; i < REALM_MEMBERS; i++) {
		const struct member *member = &world->realm.members[i];

		if (member->used && (member->cluster != 0 || (member->lost && member->state != MEMBER_DROPPED)))
			return false;
	}
	for (int i = 0; i < REALM_ORDINALS; i++) {
		int member = world->objects.claims[i].exists ? world->objects.claims[i].member : 0;

		if (member == NOBODY || world->realm.members[member].state == MEMBER_DROPPED)
			return false;
	}
	return world->realm.clusters[0].used && realm_has_quorum(&world->realm, 0);
}

static void judge_rest(struct world *world, const struct operator_rest *rest)
{
	if (rest->refused)
		return;
	if (world->set.replicas != world->wanted)
		world_break(world, NOBODY, "has come to rest with other replicas than wanted");
	for (int i = 0; i < REALM_ORDINALS; i++) {
		const struct world_pod *pod = &world->objects.pods[i];

		if (i < world->wanted && (!world_is_back(world, i) || pod->revision != world->revision))
			world_break(world, i, "is not back, or not of the present template, when the operator has come to rest");
		if (i >= world->wanted && pod->exists)
			world_break(world, i, "is still there when the operator has come to rest");
	}
}

static void come_to_rest(struct world *world, struct arena *arena)
{
	struct operator_pass pass = {.ask = true};
	struct operator_rest rest;
	bool sound;

	WORLD_SAY(world, "  -- no more faults from here on --\n");
	incident_heal(world);
	sound = is_sound(world);
	for (int i = 0; i < PASSES_MAX && !world->broken_promise; i++) {
		unsigned before;

		world_let_go_on(world);
		before = world->changes;
		WORLD_SAY(world, "  +%d. the operator passes\n", i + 1);
		operator_run(world, &pass, arena, &rest);
		world_look(world);
		if (world->changes != before)
			continue;
		if (sound)
			judge_rest(world, &rest);
		return;
	}
	world_break(world, NOBODY, "does not come to rest");
}

const char *history_run(const struct history *history, struct arena *arena, FILE *out)
{
	struct world world;

	begin(history, out, &world);
	for (size_t i = 0; i < history->n && !world.broken_promise; i++) {
		if (out)
			(void)fprintf(out, "  %zu. ", i + 1);
		incident_apply(&history->events[i], &world, arena);
	}
	if (!world.broken_promise)
		come_to_rest(&world, arena);
	if (world.broken_promise && world.broken_at != NOBODY)
		WORLD_SAY(&world, "Broken: n-server-%d %s\n", world.broken_at, world.broken_promise);
	else if (world.broken_promise)
		WORLD_SAY(&world, "Broken: the operator %s\n", world.broken_promise);
	return world.broken_promise;
}

static bool still_breaks(const struct history *history, const char *promise, struct arena *arena)
{
	const char *found = history_run(history, arena, NULL);

	return found && strcmp(found, promise) == 0;
}

void history_cut(struct history *history, size_t at, size_t n)
{
	history->n -= n;
	memmove(history->events + at, history->events + at + n, (history->n - at) * sizeof(history->events[0]));
}

static bool cut(struct history *history, size_t at, size_t n, const char *promise, struct arena *arena)
{
	struct history shorter = *history;

	history_cut(&shorter, at, n);
	if (!still_breaks(&shorter, promise, arena))
		return false;
	*history = shorter;
	return true;
}

// Larger pieces first, then smaller ones, until no single event can be spared.
void history_shrink(struct history *history, struct arena *arena)
{
	const char *promise = history_run(history, arena, NULL);
	bool again = true;

	if (!promise)
		return;
	while (again) {
		again = false;
		for (size_t n = history->n / 2; n > 0; n /= 2) {
			for (size_t at = 0; at + n <= history->n;)
				if (cut(history, at, n, promise, arena))
					again = true;
				else
					at += n > 1 ? n / 2 : 1;
		}
	}
}
