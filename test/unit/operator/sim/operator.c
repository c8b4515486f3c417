// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "sim/operator.h"

#include <string.h>

#include "operator/cluster/roll.h"
#include "sim/glimpse.h"
#include "sim/rule.h"

#define NO_PHASE UINT8_MAX

struct run {
	struct world *world;
	const struct operator_pass *pass;
	struct arena *arena;
	struct glimpse glimpse;
	struct scale_facts scale_facts;
	struct scale_decision scale;
	struct phase_facts facts;
	bool recent; // the answer is of this very pass
};

static void first_observation(struct world *world)
{
	if (world->memory.seen)
		return;
	world->memory.seen = true;
	world->memory.rolling = world->phase == PHASE_UPDATING;
	world->memory.formed = world->memory.rolling || world->phase == PHASE_READY || world->phase == PHASE_DEGRADED;
}

// As in operator/cluster/cluster_steps.c: any change of it makes the next answer due at once.
static uint64_t basis_of(const struct run *run)
{
	const struct world_objects *objects = run->world->informer_lags ? &run->world->informed : &run->world->objects;
	uint64_t basis = (uint64_t)run->world->wanted;

	for (int i = 0; i < REALM_ORDINALS; i++) {
		const struct world_pod *pod = &objects->pods[i];
		uint64_t bits = pod->exists ? (uint64_t)pod->uid << 4 | (uint64_t)(pod->terminating << 2 | world_is_ready(pod) << 1 | 1) : 0;

		basis = (basis ^ bits) * UINT64_C(0x9E3779B97F4A7C15);
		basis ^= basis >> 29;
	}
	return basis;
}

static bool is_worth_asking(const struct run *run)
{
	size_t ready = 0, all = run->glimpse.n_pods;
	bool rolling = false;

	for (size_t i = 0; i < all; i++) {
		ready += run->glimpse.pods[i].ready && !run->glimpse.pods[i].terminating;
		rolling = rolling || strcmp(run->glimpse.pods[i].revision, glimpse_revision(run->world->set.revision)) != 0;
	}
	if (ready == 0 || !run->world->set.exists)
		return false;
	return scale_needs_survey(&run->scale_facts) ||
	       ((int)all >= run->scale_facts.replicas && (ready == all || (ready + 1 == all && rolling)));
}

// A server that lags tells the past. A server that was dropped, or that founds no cluster, tells nothing.
static bool ask(const struct world *world, int ordinal, struct world_answer *ret)
{
	const struct realm *realm = world->lagging & (1U << (unsigned)ordinal) ? &world->past : &world->realm;
	int member = world_member(world, ordinal);

	if (world->unreachable || member == NOBODY || !realm->members[member].used || realm->members[member].state == MEMBER_DROPPED)
		return false;
	*ret = (struct world_answer){.realm = *realm, .cluster = realm->members[member].cluster, .asked = (int8_t)ordinal};
	return true;
}

// Those that stay first.
static bool ask_first(struct run *run, bool staying)
{
	for (size_t i = 0; i < run->glimpse.n_pods; i++) {
		const struct pod *pod = &run->glimpse.pods[i];
		bool stays = run->glimpse.ordinals[i] < run->world->wanted;

		if (stays == staying && pod->ready && !pod->terminating &&
		    ask(run->world, run->glimpse.ordinals[i], &run->world->memory.answer))
			return true;
	}
	return false;
}

static void take_survey(struct run *run)
{
	struct world *world = run->world;
	bool told;

	world->memory.answer.cluster = NOBODY;
	told = ask_first(run, true) || ask_first(run, false);
	world->memory.has_answer = true;
	world->memory.acted = world->memory.refused = false;
	world->memory.basis = basis_of(run);
	run->recent = true;
	WORLD_SAY(world, "      asks the servers; %s\n", told ? "they tell" : "none tells");
}

static void survey(struct run *run, bool at_once)
{
	struct world *world = run->world;

	run->glimpse.surveyed = false;
	if (is_worth_asking(run)) {
		if (!world->memory.has_answer || world->memory.basis != basis_of(run) || at_once)
			take_survey(run);
		glimpse_survey(&world->memory.answer, &run->glimpse);
	}
	run->scale_facts.survey = run->facts.survey = run->glimpse.surveyed ? &run->glimpse.survey : NULL;
}

static void measure(struct run *run)
{
	struct world *world = run->world;

	glimpse_objects(world, &run->glimpse);
	run->scale_facts = (struct scale_facts){
		.names = &run->glimpse.names,
		.pods = run->glimpse.pods,
		.n_pods = run->glimpse.n_pods,
		.volumes = run->glimpse.volumes,
		.n_volumes = run->glimpse.n_volumes,
		.wanted = world->wanted,
		.replicas = world->set.exists ? world->set.replicas : 0,
		.update_revision = world->set.observed ? glimpse_revision(world->set.revision) : NULL,
	};
	survey(run, run->pass->ask);
	rule_scale(world, &run->scale_facts, run->arena, &run->scale);
	if (scale_is_grave(&run->scale_facts, &run->scale) && !world->memory.acted && !run->recent) {
		survey(run, true);
		rule_scale(world, &run->scale_facts, run->arena, &run->scale);
	}
	if (run->scale.message)
		WORLD_SAY(world, "      decides: %s\n", run->scale.message);
}

static void observe(struct run *run)
{
	struct world *world = run->world;

	run->facts.servers = run->scale.replicas;
	run->facts.cluster = true;
	run->facts.names = &run->glimpse.names;
	run->facts.pods = run->glimpse.pods;
	run->facts.n_pods = run->glimpse.n_pods;
	run->facts.formed = world->memory.formed;
	run->facts.rolling = world->memory.rolling;
	run->facts.workload_exists = world->set.exists;
	run->facts.workload_current = world->set.observed;
	run->facts.update_revision = glimpse_revision(world->set.revision);
	run->facts.unready = *world->set.unready ? world->set.unready : NULL;
}

static void shape(struct run *run)
{
	struct world *world = run->world;
	bool formed = world->memory.formed;

	if (world->set.exists && run->scale.replicas != world->set.replicas)
		WORLD_SAY(world, "      sets the replicas from %d to %d\n", world->set.replicas, run->scale.replicas);
	observe(run);
	if (world_write_set(world, run->scale.replicas, run->scale.replicas, rule_record(world, &run->facts, run->arena)))
		world->memory.rolling = world->memory.rolling || formed;
}

static void act_on_servers(struct run *run)
{
	struct world *world = run->world;
	const struct pod *writer = survey_writer(&run->glimpse.survey, &run->glimpse.names, run->glimpse.pods, run->glimpse.n_pods);
	int members[TOPOLOGY_SERVERS_MAX], at = writer ? world_member(world, glimpse_ordinal(&run->glimpse, writer)) : NOBODY, cluster;
	struct realm before = world->realm;
	const char *refusal = NULL;

	world->memory.acted = true;
	if (at == NOBODY || world->unreachable)
		return;
	cluster = world->realm.members[at].cluster;
	for (size_t i = 0; i < run->scale.n_servers; i++)
		members[i] = glimpse_member(run->scale.servers[i]);
	if (run->scale.action == SCALE_DRAIN || run->scale.action == SCALE_RELIEVE)
		refusal = realm_drain(&world->realm, cluster, members, run->scale.n_servers);
	else if (run->scale.action == SCALE_DROP || run->scale.action == SCALE_FORGET)
		refusal = realm_drop(&world->realm, cluster, members[0]);
	for (size_t i = 0; run->scale.action == SCALE_ENABLE && !refusal && i < run->scale.n_servers; i++)
		refusal = realm_enable(&world->realm, cluster, members[i]);
	world->changes += memcmp(&before, &world->realm, sizeof(before)) != 0;
	world->memory.refused = refusal != NULL;
	if (refusal)
		WORLD_SAY(world, "      the servers refuse: %s\n", refusal);
}

static void act(struct run *run)
{
	const struct world_objects *objects = run->world->informer_lags ? &run->world->informed : &run->world->objects;
	int ordinal;

	switch (run->scale.action) {
	case SCALE_ENABLE:
	case SCALE_DRAIN:
	case SCALE_DROP:
	case SCALE_RELIEVE:
	case SCALE_FORGET:
		if (!run->world->memory.acted)
			act_on_servers(run);
		return;
	case SCALE_MARK:
		ordinal = run->scale.volume->ordinal;
		(void)world_mark(run->world, ordinal, objects->claims[ordinal].uid);
		return;
	case SCALE_CONDEMN:
		ordinal = run->scale.volume->ordinal;
		(void)world_condemn(run->world, ordinal, objects->claims[ordinal].uid, glimpse_member(run->scale.servers[0]));
		return;
	case SCALE_DISCARD:
		ordinal = run->scale.volume->ordinal;
		(void)world_delete_claim(run->world, ordinal, objects->claims[ordinal].uid);
		return;
	default:
		return;
	}
}

static void explain_scale(struct run *run)
{
	if (run->scale.action == SCALE_REFUSED || (run->scale.action == SCALE_DRAIN && run->world->memory.refused))
		run->facts.unscalable = "refused";
	else if (scale_is_removing(&run->scale))
		run->facts.removing = run->scale.message;
	run->facts.lost = run->scale.lost;
	run->facts.mending = run->scale.mending && !run->world->memory.refused;
}

// B6, by the facts that the operator had itself: one that is ready goes only when all others are there.
static void judge_choice(struct run *run, const struct pod *chosen)
{
	int others = 0;

	for (size_t i = 0; i < run->facts.n_pods; i++) {
		const struct pod *pod = &run->facts.pods[i];

		others += pod != chosen && pod->ready && !pod->terminating;
	}
	if (chosen->ready && others < run->facts.servers - 1)
		world_break(run->world, glimpse_ordinal(&run->glimpse, chosen), "is chosen to go, though another pod is not there");
}

static void roll(struct run *run)
{
	const struct world_objects *objects = run->world->informer_lags ? &run->world->informed : &run->world->objects;
	struct roll_decision decision;
	int ordinal;

	rule_roll(run->world, &run->facts, run->arena, &decision);
	if (decision.surveyed && !run->recent) {
		survey(run, true);
		rule_roll(run->world, &run->facts, run->arena, &decision);
	}
	run->facts.roll_waiting = decision.waiting;
	if (decision.waiting)
		WORLD_SAY(run->world, "      does not evict: %s\n", decision.waiting);
	if (!decision.evict)
		return;
	judge_choice(run, decision.evict);
	ordinal = glimpse_ordinal(&run->glimpse, decision.evict);
	if (world_evict(run->world, ordinal, objects->pods[ordinal].uid)) {
		run->world->memory.rolling = run->facts.rolling = true;
		WORLD_SAY(run->world, "      evicts %s\n", decision.evict->name);
	} else {
		WORLD_SAY(run->world, "      may not evict %s\n", decision.evict->name);
	}
}

static void judge(struct run *run)
{
	struct phase_verdict verdict;

	phase_judge(&run->facts, run->arena, &verdict);
	run->world->phase = (uint8_t)verdict.phase;
	if (verdict.phase != PHASE_READY)
		return;
	run->world->memory.formed = true;
	run->world->memory.rolling = false;
}

static bool dies(struct run *run, enum operator_death at)
{
	if (run->pass->death != at)
		return false;
	WORLD_SAY(run->world, "      is killed\n");
	memset(&run->world->memory, 0, sizeof(run->world->memory));
	return true;
}

void operator_run(struct world *world, const struct operator_pass *pass, struct arena *arena, struct operator_rest *ret)
{
	struct run run = {.world = world, .pass = pass, .arena = arena};

	*ret = (struct operator_rest){0};
	arena_reset(arena);
	first_observation(world);
	measure(&run);
	shape(&run);
	if (dies(&run, DIES_AFTER_THE_WORKLOAD))
		return;
	observe(&run);
	act(&run);
	if (dies(&run, DIES_AFTER_THE_STEP))
		return;
	explain_scale(&run);
	roll(&run);
	if (dies(&run, DIES_AFTER_THE_EVICTION))
		return;
	judge(&run);
	*ret = (struct operator_rest){.refused = run.facts.unscalable != NULL, .removing = run.facts.removing != NULL};
}
