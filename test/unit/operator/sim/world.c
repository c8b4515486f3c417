// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "sim/world.h"

#include <string.h>

#define BIT(i) (1U << (unsigned)(i))
#define NO_PHASE UINT8_MAX

void world_break(struct world *world, int ordinal, const char *promise)
{
	if (world->broken_promise)
		return;
	world->broken_promise = promise;
	world->broken_at = ordinal;
}

static const struct world_claim no_claim = {.member = NOBODY, .deallocated = NOBODY};

static void blank(struct world *world, int servers)
{
	memset(world, 0, sizeof(*world));
	world->wanted = (int8_t)servers;
	world->phase = NO_PHASE;
	for (int i = 0; i < REALM_ORDINALS; i++)
		world->objects.claims[i] = no_claim;
}

static void add_pod(struct world *world, int i)
{
	world->objects.pods[i] = (struct world_pod){
		.exists = true, .revision = world->set.revision, .founders = world->set.founders, .uid = ++world->uids};
	world->changes++;
}

static void add_claim(struct world *world, int i)
{
	world->objects.claims[i] = no_claim;
	world->objects.claims[i].exists = true;
	world->objects.claims[i].uid = ++world->uids;
	world->changes++;
}

void world_init(struct world *world, int servers, unsigned copies)
{
	unsigned all = BIT(servers) - 1;
	int8_t members[REALM_ORDINALS];

	blank(world, servers);
	world->set.exists = world->set.observed = true;
	world->set.replicas = world->set.founders = (int8_t)servers;
	(void)realm_form(&world->realm, all, members);
	for (int i = 0; i < servers; i++) {
		add_claim(world, i);
		add_pod(world, i);
		world->objects.pods[i].up = true;
		world->objects.claims[i].member = members[i];
	}
	for (int i = 0; i < REALM_DATABASES; i++) {
		unsigned on = copies >> (unsigned)(i * servers) & all;

		world->realm.clusters[0].databases[i] = (struct database){.used = true, .copies = (uint16_t)(on ? on : 1)};
	}
}

void world_init_anew(struct world *world, int servers, unsigned kept)
{
	world_init(world, servers, ~0U);
	world->set.exists = world->set.observed = false;
	world->set.replicas = 0;
	for (int i = 0; i < servers; i++) {
		world->objects.pods[i] = (struct world_pod){.exists = false};
		world->realm.members[i].up = false;
		if (kept & BIT(i))
			continue;
		world->realm.members[i].lost = true;
		world->objects.claims[i] = no_claim;
	}
}

bool world_is_ready(const struct world_pod *pod)
{
	return pod->exists && pod->up && !pod->sick;
}

int world_member(const struct world *world, int ordinal)
{
	return world->objects.pods[ordinal].exists && world->objects.pods[ordinal].up ? world->objects.claims[ordinal].member : NOBODY;
}

bool world_is_back(const struct world *world, int ordinal)
{
	const struct world_pod *pod = &world->objects.pods[ordinal];
	int member = world_member(world, ordinal);

	return world_is_ready(pod) && !pod->terminating && member != NOBODY && world->realm.members[member].online &&
	       (world->realm.members[member].state == MEMBER_ENABLED || world->realm.members[member].condemned);
}

static int count_away(const struct world *world, int but)
{
	int n = 0;

	for (int i = 0; i < world->set.replicas && i < REALM_ORDINALS; i++)
		n += i != but && (!world_is_ready(&world->objects.pods[i]) || world->objects.pods[i].terminating);
	return n;
}

// B6: one at a time. What was not ready all the time since the roll began serves nobody, and may go as well.
static void judge_eviction(struct world *world, int ordinal)
{
	for (int i = 0; i < REALM_ORDINALS; i++) {
		if (i != ordinal && world->objects.pods[i].away && world->objects.pods[ordinal].served)
			world_break(world, ordinal, "is evicted while another server is away by our doing");
	}
}

// The budget allows one pod to be away; one that is not ready may always go.
bool world_evict(struct world *world, int ordinal, uint16_t uid)
{
	struct world_pod *pod = &world->objects.pods[ordinal];

	if (!pod->exists || pod->uid != uid || pod->terminating)
		return false;
	if (world->no_budget || (world_is_ready(pod) && count_away(world, ordinal) > 0))
		return false;
	if (!world->rolling) {
		world->rolling = true;
		for (int i = 0; i < REALM_ORDINALS; i++)
			world->objects.pods[i].served = world_is_ready(&world->objects.pods[i]);
	}
	judge_eviction(world, ordinal);
	pod->terminating = pod->away = true;
	world->changes++;
	return true;
}

bool world_mark(struct world *world, int ordinal, uint16_t uid)
{
	struct world_claim *claim = &world->objects.claims[ordinal];

	if (!claim->exists || claim->uid != uid)
		return false;
	world->changes += !claim->leaving;
	claim->leaving = true;
	return true;
}

bool world_condemn(struct world *world, int ordinal, uint16_t uid, int member)
{
	struct world_claim *claim = &world->objects.claims[ordinal];

	if (!claim->exists || claim->uid != uid)
		return false;
	world->changes += !claim->leaving || claim->deallocated != member;
	claim->leaving = true;
	claim->deallocated = (int8_t)member;
	return true;
}

// B8: its cluster was told that the server leaves, and no database has its last copy there.
static void judge_deletion(struct world *world, int ordinal)
{
	int member = world->objects.claims[ordinal].member;

	if (member != NOBODY && realm_last_copy(&world->realm, member) != NOBODY)
		world_break(world, ordinal, "loses its claim, which has the last copy of a database");
	else if (member == NOBODY || !world->realm.members[member].condemned)
		world_break(world, ordinal, "loses its claim, though no cluster said that its server leaves");
}

void world_lose_claim(struct world *world, int ordinal)
{
	struct world_claim *claim = &world->objects.claims[ordinal];

	world->changes++;
	if (world->objects.pods[ordinal].exists) {
		claim->deleting = true; // until the pod that uses it is gone
		return;
	}
	if (claim->member != NOBODY)
		world->realm.members[claim->member].lost = true;
	*claim = no_claim;
}

bool world_delete_claim(struct world *world, int ordinal, uint16_t uid)
{
	const struct world_claim *claim = &world->objects.claims[ordinal];

	if (!claim->exists || claim->uid != uid || claim->deleting)
		return false;
	judge_deletion(world, ordinal);
	world_lose_claim(world, ordinal);
	return true;
}

// B8: a server that serves is taken away only after it was drained.
static void judge_replicas(struct world *world, int replicas)
{
	for (int i = replicas < 0 ? 0 : replicas; i < world->set.replicas && i < REALM_ORDINALS; i++) {
		int member = world_member(world, i);

		if (member != NOBODY && world_is_ready(&world->objects.pods[i]) && !world->realm.members[member].condemned &&
		    !world->informer_lags && realm_last_copy(&world->realm, member) != NOBODY)
			world_break(world, i, "is taken away, though it serves the last copy of a database");
	}
}

bool world_write_set(struct world *world, int replicas, int founders, const char *unready)
{
	bool made = !world->set.exists;

	world->set.founders = (int8_t)founders;
	if (unready && strcmp(unready, world->set.unready) != 0) {
		(void)snprintf(world->set.unready, sizeof(world->set.unready), "%s", unready);
		world->changes++;
	}
	if (!made && world->set.replicas == replicas && world->set.revision == world->revision)
		return false;
	judge_replicas(world, replicas);
	if (!made && world->unprobed & BIT(world->revision) && world->set.revision != world->revision) {
		for (int i = 0; i < REALM_ORDINALS; i++)
			world->objects.pods[i].sick = true;
	}
	world->set.exists = true;
	world->set.observed = false;
	world->set.replicas = (int8_t)replicas;
	world->set.revision = world->revision;
	world->changes++;
	return true;
}

bool world_run_controller(struct world *world)
{
	unsigned before = world->changes;

	if (!world->set.exists)
		return false;
	world->changes += !world->set.observed;
	world->set.observed = true;
	for (int i = 0; i < REALM_ORDINALS; i++) {
		struct world_pod *pod = &world->objects.pods[i];

		if (pod->exists && i >= world->set.replicas && !pod->terminating) {
			pod->terminating = true;
			world->changes++;
		}
		if (pod->exists || i >= world->set.replicas || world->objects.claims[i].deleting)
			continue;
		if (!world->objects.claims[i].exists)
			add_claim(world, i);
		add_pod(world, i);
	}
	return world->changes != before;
}

static void end_pod(struct world *world, int ordinal)
{
	int member = world_member(world, ordinal);
	bool away = world->objects.pods[ordinal].away && ordinal < world->set.replicas;

	if (member != NOBODY)
		world->realm.members[member].up = world->realm.members[member].online = false;
	world->objects.pods[ordinal] = (struct world_pod){.away = away};
	world->changes++;
	if (world->objects.claims[ordinal].deleting)
		world_lose_claim(world, ordinal);
}

bool world_run_kubelet(struct world *world, int ordinal)
{
	struct world_pod *pod = &world->objects.pods[ordinal];
	int member = world->objects.claims[ordinal].member;

	if (pod->exists && pod->terminating) {
		end_pod(world, ordinal);
		return true;
	}
	if (!pod->exists || pod->up || world->broken & BIT(pod->revision))
		return false;
	pod->up = true;
	pod->founders = world->set.founders;
	if (member != NOBODY) {
		world->realm.members[member].up = true;
		world->realm.members[member].online = false;
	}
	world->changes++;
	return true;
}

static bool runs(const struct world_pod *pod)
{
	return pod->exists && pod->up;
}

// It joins the cluster of this member, if that works.
static bool join(struct world *world, int ordinal, int member, bool *ret)
{
	const struct member *of = &world->realm.members[member];
	int joined;

	if (world->split || of->state == MEMBER_DROPPED || !realm_has_quorum(&world->realm, of->cluster))
		return false;
	joined = realm_join(&world->realm, of->cluster, ordinal, ordinal % 2 == 0);
	world->objects.claims[ordinal].member = (int8_t)joined;
	world->changes += joined != NOBODY;
	*ret = joined != NOBODY;
	return true;
}

// It joins a cluster that works; without one it founds another with others that are as empty, when they are enough.
bool world_found(struct world *world, int ordinal)
{
	const struct world_pod *seeker = &world->objects.pods[ordinal];
	int needed = seeker->founders < 3 ? seeker->founders : 3;
	int8_t members[REALM_ORDINALS];
	unsigned empty = 0;
	bool joined;

	if (!runs(seeker) || world->objects.claims[ordinal].member != NOBODY)
		return false;
	for (int i = 0; i < REALM_ORDINALS; i++) {
		const struct world_pod *pod = &world->objects.pods[i];
		int member = world_member(world, i);

		if (!runs(pod) || (i >= seeker->founders && i != ordinal))
			continue;
		if (member == NOBODY)
			empty |= BIT(i);
		else if (join(world, ordinal, member, &joined))
			return joined;
	}
	if (__builtin_popcount(empty) < needed)
		return false;
	memset(members, NOBODY, sizeof(members));
	if (!realm_form(&world->realm, empty, members))
		return false;
	for (int i = 0; i < REALM_ORDINALS; i++) {
		if (empty & BIT(i))
			world->objects.claims[i].member = members[i];
	}
	world->changes++;
	return true;
}

void world_look(struct world *world)
{
	bool away = false;

	for (int i = 0; i < REALM_ORDINALS; i++) {
		struct world_pod *pod = &world->objects.pods[i];

		pod->away = pod->away && i < world->set.replicas && !world_is_back(world, i);
		pod->served = pod->served || world_is_ready(pod);
		if (pod->was_ready != world_is_ready(pod))
			pod->since = ++world->uids;
		pod->was_ready = world_is_ready(pod);
		pod->ever_ready = pod->ever_ready || pod->was_ready;
		away = away || pod->away;
	}
	world->rolling = world->rolling && away;
}

static bool go_on(struct world *world)
{
	bool moved = world_run_controller(world);

	for (int i = 0; i < REALM_ORDINALS; i++)
		moved = world_run_kubelet(world, i) || moved;
	for (int i = 0; i < REALM_ORDINALS; i++)
		moved = world_found(world, i) || moved;
	moved = realm_elect(&world->realm) || moved;
	moved = realm_start_databases(&world->realm) || moved;
	moved = realm_move_copy(&world->realm) || moved;
	moved = realm_finish_draining(&world->realm) || moved;
	return realm_forget(&world->realm) || moved;
}

void world_let_go_on(struct world *world)
{
	while (go_on(world))
		world_look(world);
}
