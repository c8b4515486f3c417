// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "sim/incident.h"

#include <string.h>

#define BIT(i) (1U << (unsigned)(i))
#define SERVERS_MIN 2
#define SERVERS_MAX 5

// SplitMix64.
uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

static int ordinal_of(const struct incident *incident)
{
	return incident->a % REALM_ORDINALS;
}

static void pass(const struct incident *incident, struct world *world, struct arena *arena)
{
	static const char *const deaths[] = {"", ", and will die after the StatefulSet", ", and will die after the step",
					     ", and will die after the eviction"};
	// One in four dies.
	struct operator_pass one = {.ask = incident->a & 1, .death = incident->b % 4 == 3 ? 1 + incident->b / 4 % 3 : DIES_NEVER};
	struct operator_rest rest;

	WORLD_SAY(world, "the operator passes%s\n", deaths[one.death]);
	operator_run(world, &one, arena, &rest);
}

static void controller(const struct incident *incident, struct world *world, struct arena *arena)
{
	(void)incident;
	(void)arena;
	if (world_run_controller(world))
		WORLD_SAY(world, "the StatefulSet controller makes the pods %d\n", world->set.replicas);
}

static void kubelet(const struct incident *incident, struct world *world, struct arena *arena)
{
	(void)arena;
	if (world_run_kubelet(world, ordinal_of(incident)))
		WORLD_SAY(world, "n-server-%d %s\n", ordinal_of(incident),
			  world->objects.pods[ordinal_of(incident)].exists ? "starts" : "is gone");
}

static void found(const struct incident *incident, struct world *world, struct arena *arena)
{
	int ordinal = ordinal_of(incident);

	(void)arena;
	if (world_found(world, ordinal))
		WORLD_SAY(world, "the empty server of n-server-%d becomes member %d of cluster %d\n", ordinal,
			  world->objects.claims[ordinal].member,
			  world->realm.members[world->objects.claims[ordinal].member].cluster);
}

static void servers(const struct incident *incident, struct world *world, struct arena *arena)
{
	static const struct {
		bool (*step)(struct realm *);
		const char *words;
	} steps[] = {
		{realm_start_databases, "the databases of a server come online"},
		{realm_move_copy, "a copy moves away from a server that leaves"},
		{realm_finish_draining, "a server is Deallocated"},
		{realm_elect, "the lead moves"},
		{realm_forget, "a dropped server is not listed any more"},
	};

	(void)arena;
	if (steps[incident->a % 5].step(&world->realm))
		WORLD_SAY(world, "%s\n", steps[incident->a % 5].words);
}

static void edit_servers(const struct incident *incident, struct world *world, struct arena *arena)
{
	(void)arena;
	world->wanted = (int8_t)(SERVERS_MIN + incident->a % (SERVERS_MAX - SERVERS_MIN + 1));
	WORLD_SAY(world, "the user sets servers: %d\n", world->wanted);
}

static void edit_template(const struct incident *incident, struct world *world, struct arena *arena)
{
	bool broken = incident->a % 3 == 0;

	(void)arena;
	if (world->revision + 2 >= WORLD_REVISIONS) // one is left for the user to mend
		return;
	world->revision++;
	if (broken)
		world->broken |= (uint16_t)BIT(world->revision);
	WORLD_SAY(world, "the user edits the template: revision %d%s\n", world->revision, broken ? ", with which no server starts" : "");
}

static void lose_volume(const struct incident *incident, struct world *world, struct arena *arena)
{
	int i = ordinal_of(incident);
	struct world_objects *objects = &world->objects;

	(void)arena;
	if (!objects->claims[i].exists)
		return;
	if (objects->pods[i].exists)
		objects->pods[i].terminating = true;
	world_lose_claim(world, i);
	WORLD_SAY(world, "somebody deletes the claim and the pod of n-server-%d\n", i);
}

static void delete_pod(const struct incident *incident, struct world *world, struct arena *arena)
{
	struct world_pod *pod = &world->objects.pods[ordinal_of(incident)];

	(void)arena;
	if (!pod->exists || pod->terminating)
		return;
	pod->terminating = true;
	WORLD_SAY(world, "somebody deletes the pod n-server-%d\n", ordinal_of(incident));
}

static void crash(const struct incident *incident, struct world *world, struct arena *arena)
{
	struct world_pod *pod = &world->objects.pods[ordinal_of(incident)];
	int member = world_member(world, ordinal_of(incident));

	(void)arena;
	if (!pod->exists || !pod->up)
		return;
	pod->up = false;
	if (member != NOBODY)
		world->realm.members[member].up = world->realm.members[member].online = false;
	WORLD_SAY(world, "the container of n-server-%d ends\n", ordinal_of(incident));
}

static void sicken(const struct incident *incident, struct world *world, struct arena *arena)
{
	struct world_pod *pod = &world->objects.pods[ordinal_of(incident)];

	(void)arena;
	if (!pod->exists)
		return;
	pod->sick = !pod->sick;
	WORLD_SAY(world, "the probe of n-server-%d %s\n", ordinal_of(incident), pod->sick ? "fails for a while" : "passes again");
}

static void scale_by_hand(const struct incident *incident, struct world *world, struct arena *arena)
{
	int replicas = 1 + incident->a % REALM_ORDINALS;

	(void)arena;
	if (!world->set.exists || world->set.replicas == replicas)
		return;
	world->set.replicas = (int8_t)replicas;
	world->set.observed = false;
	WORLD_SAY(world, "somebody scales the StatefulSet to %d\n", replicas);
}

static void budget(const struct incident *incident, struct world *world, struct arena *arena)
{
	(void)incident;
	(void)arena;
	world->no_budget = !world->no_budget;
	WORLD_SAY(world, "evictions are %s\n", world->no_budget ? "refused" : "allowed again");
}

static void lag(const struct incident *incident, struct world *world, struct arena *arena)
{
	(void)arena;
	world->lagging = world->lagging ? 0 : (uint8_t)(incident->a % BIT(REALM_ORDINALS));
	world->past = world->realm;
	if (world->lagging)
		WORLD_SAY(world, "servers begin to lag behind and tell what is now, whatever comes (ordinals: set %#x)\n", world->lagging);
	else
		WORLD_SAY(world, "no server lags behind\n");
}

static void informer(const struct incident *incident, struct world *world, struct arena *arena)
{
	(void)incident;
	(void)arena;
	world->informer_lags = !world->informer_lags;
	world->informed = world->objects;
	WORLD_SAY(world, "the operator's watch of pods and claims %s\n", world->informer_lags ? "stands still" : "goes on");
}

static void unreachable(const struct incident *incident, struct world *world, struct arena *arena)
{
	(void)incident;
	(void)arena;
	world->unreachable = !world->unreachable;
	WORLD_SAY(world, "the servers %s\n", world->unreachable ? "cannot be asked" : "can be asked again");
}

static void split(const struct incident *incident, struct world *world, struct arena *arena)
{
	(void)incident;
	(void)arena;
	world->split = !world->split;
	WORLD_SAY(world, "empty servers %s those with data\n", world->split ? "do not see" : "see");
}

static void address(const struct incident *incident, struct world *world, struct arena *arena)
{
	static const char *const words[] = {"its own", "none", "one that is no pod's"};
	struct member *member = &world->realm.members[incident->a % REALM_MEMBERS];

	(void)arena;
	if (!member->used)
		return;
	member->address = incident->b % 3;
	WORLD_SAY(world, "SHOW SERVERS tells for member %d as address: %s\n", incident->a % REALM_MEMBERS, words[member->address]);
}

static void cordon(const struct incident *incident, struct world *world, struct arena *arena)
{
	struct member *member = &world->realm.members[incident->a % REALM_MEMBERS];

	(void)arena;
	if (!member->used || member->state != MEMBER_ENABLED)
		return;
	member->state = MEMBER_CORDONED;
	WORLD_SAY(world, "somebody cordons member %d\n", incident->a % REALM_MEMBERS);
}

// It gets another copy, or is stopped or started.
static void database(const struct incident *incident, struct world *world, struct arena *arena)
{
	struct database *one = &world->realm.clusters[0].databases[incident->a % REALM_DATABASES];
	int member = incident->b % REALM_MEMBERS;
	char name = (char)('a' + incident->a % REALM_DATABASES);

	(void)arena;
	if (!one->used || !realm_has_quorum(&world->realm, 0))
		return;
	if (incident->b & 0x80U) {
		one->stopped = !one->stopped;
		WORLD_SAY(world, "database %c is %s\n", name, one->stopped ? "stopped" : "started");
	} else if (realm_grow(&world->realm, one, member)) {
		WORLD_SAY(world, "database %c gets a copy on member %d\n", name, member);
	}
}

static const struct {
	void (*apply)(const struct incident *incident, struct world *world, struct arena *arena);
	unsigned weight;
} kinds[] = {
	{pass, 70},	   {controller, 25}, {kubelet, 60},  {found, 20},      {servers, 40},	   {edit_servers, 10},
	{edit_template, 8}, {lose_volume, 8}, {delete_pod, 6}, {crash, 6},     {sicken, 8},	   {scale_by_hand, 4},
	{budget, 3},	   {lag, 5},	     {informer, 4},  {unreachable, 3}, {split, 3},	   {address, 3},
	{cordon, 2},	   {database, 6},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static unsigned total_weight(void)
{
	unsigned total = 0;

	for (size_t i = 0; i < KINDS; i++)
		total += kinds[i].weight;
	return total;
}

struct incident incident_draw(struct random *random)
{
	uint64_t bits = random_next(random);
	unsigned at = (unsigned)(bits >> 32) % total_weight();
	uint8_t kind = 0;

	while (at >= kinds[kind].weight)
		at -= kinds[kind++].weight;
	return (struct incident){.kind = kind, .a = (uint8_t)bits, .b = (uint8_t)(bits >> 8)};
}

void incident_apply(const struct incident *incident, struct world *world, struct arena *arena)
{
	kinds[incident->kind].apply(incident, world, arena);
	world_look(world);
}

void incident_heal(struct world *world)
{
	world->no_budget = world->unreachable = world->split = world->informer_lags = false;
	world->lagging = 0;
	if (world->broken & BIT(world->revision) || world->broken & BIT(world->set.revision))
		world->revision++;
	for (int i = 0; i < REALM_ORDINALS; i++)
		world->objects.pods[i].sick = false;
	for (int i = 0; i < REALM_MEMBERS; i++) {
		world->realm.members[i].address = ADDRESS_KNOWN;
		if (world->realm.members[i].state == MEMBER_CORDONED)
			world->realm.members[i].state = MEMBER_ENABLED;
	}
	for (int i = 0; i < REALM_CLUSTERS * REALM_DATABASES; i++)
		world->realm.clusters[i / REALM_DATABASES].databases[i % REALM_DATABASES].stopped = false;
	world_let_go_on(world);
	realm_repair(&world->realm);
}
