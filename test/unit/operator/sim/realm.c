// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "sim/realm.h"

#define BIT(i) (1U << (unsigned)(i))

const char *realm_state(uint8_t state)
{
	static const char *const names[] = {"Free", "Enabled", "Cordoned", "Deallocating", "Deallocated", "Dropped"};

	return names[state];
}

static bool is_voter(const struct member *member, int cluster)
{
	return member->used && member->cluster == cluster && member->state != MEMBER_FREE && member->state != MEMBER_DROPPED;
}

bool realm_has_quorum(const struct realm *realm, int cluster)
{
	int all = 0, up = 0;

	for (int i = 0; i < REALM_MEMBERS; i++) {
		if (is_voter(&realm->members[i], cluster)) {
			all++;
			up += realm->members[i].up;
		}
	}
	return up * 2 > all;
}

static int new_member(struct realm *realm, int cluster, int ordinal, uint8_t state)
{
	for (int i = 0; i < REALM_MEMBERS; i++) {
		if (realm->members[i].used)
			continue;
		realm->members[i] = (struct member){.used = true,
						 .up = true,
						 .online = true,
						 .cluster = (int8_t)cluster,
						 .ordinal = (int8_t)ordinal,
						 .state = state};
		return i;
	}
	return NOBODY;
}

bool realm_form(struct realm *realm, unsigned ordinals, int8_t member_of[])
{
	int cluster = 0;

	while (cluster < REALM_CLUSTERS && realm->clusters[cluster].used)
		cluster++;
	if (cluster == REALM_CLUSTERS)
		return false;
	realm->clusters[cluster] = (struct cluster){.used = true, .leader = NOBODY, .databases[0].used = true};
	for (int i = 0; i < REALM_ORDINALS; i++) {
		if (!(ordinals & BIT(i)))
			continue;
		member_of[i] = (int8_t)new_member(realm, cluster, i, MEMBER_ENABLED);
		if (member_of[i] == NOBODY)
			continue;
		if (realm->clusters[cluster].leader == NOBODY) {
			realm->clusters[cluster].leader = member_of[i];
			realm->clusters[cluster].databases[0].copies = (uint16_t)BIT(member_of[i]);
		}
	}
	return true;
}

int realm_join(struct realm *realm, int cluster, int ordinal, bool enabled)
{
	return new_member(realm, cluster, ordinal, enabled ? MEMBER_ENABLED : MEMBER_FREE);
}

static int count_enabled(const struct realm *realm, int cluster)
{
	int n = 0;

	for (int i = 0; i < REALM_MEMBERS; i++)
		n += realm->members[i].used && realm->members[i].cluster == cluster && realm->members[i].state == MEMBER_ENABLED;
	return n;
}

static unsigned hosted_on(const struct cluster *cluster, int member)
{
	unsigned databases = 0;

	for (int i = 0; i < REALM_DATABASES; i++) {
		if (cluster->databases[i].used && cluster->databases[i].copies & BIT(member))
			databases |= BIT(i);
	}
	return databases;
}

// All or nothing, as the operator sends it: each database needs as many servers that stay as it has copies.
const char *realm_drain(struct realm *realm, int cluster, const int *members, size_t n)
{
	struct realm tried = *realm;
	int room;

	if (!realm_has_quorum(realm, cluster))
		return "no leader";
	for (size_t i = 0; i < n; i++) {
		struct member *member = &tried.members[members[i]];

		if (member->cluster != cluster || (member->state != MEMBER_ENABLED && member->state != MEMBER_CORDONED))
			return "not a server that can be drained";
		member->state = MEMBER_DEALLOCATING;
		member->condemned = true;
	}
	room = count_enabled(&tried, cluster);
	for (int i = 0; i < REALM_DATABASES; i++) {
		const struct database *database = &tried.clusters[cluster].databases[i];

		if (database->used && __builtin_popcount(database->copies) > room)
			return "a database has more copies than servers would stay";
	}
	*realm = tried;
	return NULL;
}

const char *realm_drop(struct realm *realm, int cluster, int member)
{
	struct member *one = &realm->members[member];

	if (!realm_has_quorum(realm, cluster))
		return "no leader";
	if (one->cluster != cluster || (one->state != MEMBER_DEALLOCATED && one->state != MEMBER_FREE))
		return "it must be deallocated first";
	one->state = MEMBER_DROPPED;
	one->condemned = true;
	return NULL;
}

const char *realm_enable(struct realm *realm, int cluster, int member)
{
	struct member *one = &realm->members[member];

	if (!realm_has_quorum(realm, cluster))
		return "no leader";
	if (one->cluster != cluster || one->state != MEMBER_FREE || !one->up)
		return "not a free server";
	one->state = MEMBER_ENABLED;
	return NULL;
}

bool realm_grow(struct realm *realm, struct database *database, int member)
{
	const struct member *one = &realm->members[member];
	bool fit = one->used && one->up && one->online && one->cluster == 0 && one->state == MEMBER_ENABLED;

	if (!fit || database->stopped || __builtin_popcount(database->copies) >= count_enabled(realm, 0))
		return false;
	database->copies |= (uint16_t)BIT(member);
	return true;
}

bool realm_start_databases(struct realm *realm)
{
	for (int i = 0; i < REALM_MEMBERS; i++) {
		struct member *member = &realm->members[i];

		if (member->used && member->up && !member->online) {
			member->online = true;
			return true;
		}
	}
	return false;
}

static int place_for(const struct realm *realm, int cluster, const struct database *database)
{
	for (int i = 0; i < REALM_MEMBERS; i++) {
		const struct member *member = &realm->members[i];

		if (member->used && member->up && member->online && member->cluster == cluster && member->state == MEMBER_ENABLED &&
		    !(database->copies & BIT(i)))
			return i;
	}
	return NOBODY;
}

static bool has_source(const struct realm *realm, const struct database *database)
{
	for (int i = 0; i < REALM_MEMBERS; i++) {
		if (database->copies & BIT(i) && realm->members[i].up && realm->members[i].online)
			return true;
	}
	return false;
}

static bool move_from(struct realm *realm, int member)
{
	int cluster = realm->members[member].cluster;

	for (int i = 0; i < REALM_DATABASES; i++) {
		struct database *database = &realm->clusters[cluster].databases[i];
		int place;

		if (!database->used || database->stopped || !(database->copies & BIT(member)) || !has_source(realm, database))
			continue;
		place = place_for(realm, cluster, database);
		if (place == NOBODY)
			continue;
		database->copies = (uint16_t)((database->copies | BIT(place)) & ~BIT(member));
		return true;
	}
	return false;
}

bool realm_move_copy(struct realm *realm)
{
	for (int i = 0; i < REALM_MEMBERS; i++) {
		const struct member *member = &realm->members[i];

		if (member->used && member->state == MEMBER_DEALLOCATING && realm_has_quorum(realm, member->cluster) &&
		    move_from(realm, i))
			return true;
	}
	return false;
}

bool realm_finish_draining(struct realm *realm)
{
	for (int i = 0; i < REALM_MEMBERS; i++) {
		struct member *member = &realm->members[i];

		if (member->used && member->state == MEMBER_DEALLOCATING && realm_has_quorum(realm, member->cluster) &&
		    hosted_on(&realm->clusters[member->cluster], i) == 0) {
			member->state = MEMBER_DEALLOCATED;
			return true;
		}
	}
	return false;
}

bool realm_elect(struct realm *realm)
{
	for (int c = 0; c < REALM_CLUSTERS; c++) {
		struct cluster *cluster = &realm->clusters[c];
		int8_t leader = NOBODY;

		if (!cluster->used)
			continue;
		if (cluster->leader != NOBODY && realm->members[cluster->leader].up && is_voter(&realm->members[cluster->leader], c) &&
		    realm_has_quorum(realm, c))
			continue;
		for (int i = 0; i < REALM_MEMBERS && realm_has_quorum(realm, c); i++) {
			if (is_voter(&realm->members[i], c) && realm->members[i].up)
				leader = (int8_t)i;
		}
		if (leader != cluster->leader) {
			cluster->leader = leader;
			return true;
		}
	}
	return false;
}

bool realm_forget(struct realm *realm)
{
	for (int i = 0; i < REALM_MEMBERS; i++) {
		struct member *member = &realm->members[i];

		if (member->used && member->state == MEMBER_DROPPED && !member->forgotten) {
			member->forgotten = true;
			return true;
		}
	}
	return false;
}

int realm_last_copy(const struct realm *realm, int member)
{
	const struct cluster *cluster = &realm->clusters[realm->members[member].cluster];

	for (int i = 0; i < REALM_DATABASES; i++) {
		unsigned others = cluster->databases[i].copies & ~BIT(member);
		bool safe = false;

		if (!cluster->databases[i].used || !(cluster->databases[i].copies & BIT(member)))
			continue;
		for (int k = 0; k < REALM_MEMBERS; k++)
			safe = safe || (others & BIT(k) && !realm->members[k].lost);
		if (!safe)
			return i;
	}
	return NOBODY;
}

void realm_repair(struct realm *realm)
{
	unsigned lost = 0;

	for (int i = 0; i < REALM_MEMBERS; i++) {
		struct member *member = &realm->members[i];

		if (!member->used || !member->lost || !realm_has_quorum(realm, member->cluster))
			continue;
		member->state = MEMBER_DROPPED;
		lost |= BIT(i);
	}
	for (int c = 0; c < REALM_CLUSTERS; c++) {
		for (int i = 0; i < REALM_DATABASES; i++) {
			struct database *database = &realm->clusters[c].databases[i];

			database->copies = (uint16_t)(database->copies & ~lost);
			database->used = database->used && database->copies;
		}
	}
}
