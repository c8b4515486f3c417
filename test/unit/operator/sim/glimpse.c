// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "sim/glimpse.h"
#include "operator/object/reason.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// All texts are constants: a million histories build some ten million surveys.

#define BIT(i) (1U << (unsigned)(i))
#define DOMAIN "n-headless.x.svc.cluster.local"
#define HOST(i) "n-server-" #i "." DOMAIN ":7687"

static const char *const pod_names[REALM_ORDINALS] = {"n-server-0", "n-server-1", "n-server-2", "n-server-3", "n-server-4", "n-server-5"};
static const char *const claim_names[REALM_ORDINALS] = {"data-n-server-0", "data-n-server-1", "data-n-server-2",
							"data-n-server-3", "data-n-server-4", "data-n-server-5"};
static const char *const hosts[REALM_ORDINALS] = {HOST(0), HOST(1), HOST(2), HOST(3), HOST(4), HOST(5)};
static const char *const revisions[WORLD_REVISIONS] = {"r0", "r1", "r2",	 "r3",	"r4",  "r5",  "r6",  "r7",
						       "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"};
static const char *const ids[REALM_MEMBERS] = {"id-0", "id-1", "id-2", "id-3", "id-4", "id-5", "id-6", "id-7", "id-8", "id-9", "id-10", "id-11"};
static const char *const databases[REALM_DATABASES] = {"a", "b"};
static const char *const hosting[1U << REALM_DATABASES][REALM_DATABASES + 1] = {
	{"system"}, {"system", "a"}, {"system", "b"}, {"system", "a", "b"}};

// The uids and times of one history.
#define TEXTS 1024

static const char *text_of(unsigned number)
{
	static char texts[TEXTS][8];
	char *text = texts[number % TEXTS];

	if (!*text)
		(void)snprintf(text, sizeof(texts[0]), "%u", number % TEXTS);
	return text;
}

static void add_pod(const struct world_pod *from, const struct world *world, int i, struct glimpse *ret)
{
	bool ends = !from->up && world->broken & BIT(from->revision);

	ret->ordinals[ret->n_pods] = i;
	ret->pods[ret->n_pods++] = (struct pod){
		.name = pod_names[i],
		.uid = text_of(from->uid),
		.address = "10.0.0.1",
		.unready_since = text_of(from->since),
		.revision = revisions[from->revision],
		.ready = world_is_ready(from),
		.never_ready = !world_is_ready(from) && !from->ever_ready,
		.terminating = from->terminating,
		.problem = ends ? "container neo4j ended with exit code 3" : NULL,
		.ends = ends,
	};
}

void glimpse_objects(const struct world *world, struct glimpse *ret)
{
	const struct world_objects *objects = world->informer_lags ? &world->informed : &world->objects;

	ret->names = (struct names){.workload = "n-server", .domain = DOMAIN};
	ret->n_pods = ret->n_volumes = 0;
	for (int i = 0; i < REALM_ORDINALS; i++) {
		const struct world_claim *claim = &objects->claims[i];

		if (objects->pods[i].exists)
			add_pod(&objects->pods[i], world, i, ret);
		if (claim->exists)
			ret->volumes[ret->n_volumes++] = (struct data_volume){.name = claim_names[i],
									 .uid = claim_names[i],
									 .size = "1Gi",
									 .ordinal = i,
									 .leaving = claim->leaving,
									 .deallocated = claim->deallocated == NOBODY ? NULL : ids[claim->deallocated],
									 .deleting = claim->deleting};
	}
}

static const char *address_of(const struct member *member)
{
	if (member->address == ADDRESS_UNKNOWN)
		return NULL;
	return member->address == ADDRESS_FOREIGN ? "elsewhere.example:7687" : hosts[member->ordinal];
}

static unsigned hosted(const struct cluster *cluster, int member)
{
	unsigned set = 0;

	for (int i = 0; i < REALM_DATABASES; i++)
		set |= cluster->databases[i].used && cluster->databases[i].copies & BIT(member) ? BIT(i) : 0;
	return set;
}

// A majority of the copies runs; the first of them leads.
static int leader_of(const struct realm *realm, const struct database *database)
{
	int leader = NOBODY, running = 0;

	for (int i = REALM_MEMBERS - 1; i >= 0; i--) {
		if (!(database->copies & BIT(i)) || !realm->members[i].up || !realm->members[i].online)
			continue;
		running++;
		leader = i;
	}
	return !database->stopped && 2 * running > __builtin_popcount(database->copies) ? leader : NOBODY;
}

static void add_server(const struct member *member, int i, unsigned set, struct glimpse *glimpse)
{
	glimpse->servers[glimpse->survey.servers.n++] = (struct topology_server){
		.id = ids[i],
		.name = ids[i],
		.address = address_of(member),
		.state = realm_state(member->state),
		.health = member->up ? "Available" : "Unavailable",
		.hosting = hosting[set],
		.n_hosting = 1 + (size_t)__builtin_popcount(set),
	};
}

static void add_copy(const struct member *member, const char *database, const char *requested, bool writer, struct glimpse *glimpse)
{
	const char *current = !member->up ? "unknown" : member->online ? requested : "starting";

	glimpse->copies[glimpse->survey.copies.n++] = (struct topology_copy){
		.database = database,
		.type = strcmp(database, "system") == 0 ? "system" : "standard",
		.address = address_of(member),
		.role = "primary",
		.writer = writer,
		.requested = requested,
		.current = current,
	};
}

void glimpse_survey(const struct world_answer *answer, struct glimpse *glimpse)
{
	const struct cluster *cluster;

	glimpse->surveyed = true;
	glimpse->survey = (struct survey){.servers.items = glimpse->servers, .copies.items = glimpse->copies};
	if (answer->cluster == NOBODY) {
		glimpse->survey.problem = "The servers cannot be asked: they do not answer";
		glimpse->survey.reason = REASON_UNREACHABLE;
		return;
	}
	glimpse->survey.asked = pod_names[answer->asked];
	cluster = &answer->realm.clusters[answer->cluster];
	for (int i = 0; i < REALM_MEMBERS; i++) {
		const struct member *member = &answer->realm.members[i];
		unsigned set;

		if (!member->used || member->forgotten || member->cluster != answer->cluster)
			continue;
		set = hosted(cluster, i);
		add_server(member, i, set, glimpse);
		if (member->state == MEMBER_FREE || member->state == MEMBER_DROPPED)
			continue;
		add_copy(member, "system", "online", cluster->leader == i, glimpse);
		for (int k = 0; k < REALM_DATABASES; k++) {
			if (set & BIT(k))
				add_copy(member, databases[k], cluster->databases[k].stopped ? "offline" : "online",
					 leader_of(&answer->realm, &cluster->databases[k]) == i, glimpse);
		}
	}
}

int glimpse_member(const char *id)
{
	return (int)strtol(id + strlen("id-"), NULL, 10);
}

int glimpse_ordinal(const struct glimpse *glimpse, const struct pod *pod)
{
	return glimpse->ordinals[pod - glimpse->pods];
}

const char *glimpse_revision(uint8_t revision)
{
	return revisions[revision];
}
