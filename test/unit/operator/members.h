// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A cluster "n" in namespace "x" for the tests of what is decided about its servers: pods, and what SHOW SERVERS and SHOW
// DATABASES would say of them. Pod 0 leads; every server has neo4j and system, until a test says otherwise.

#include <string.h>

#include "operator/cluster/survey.h"

#define MEMBERS_MAX 6
#define MEMBERS_DOMAIN "n-headless.x.svc.cluster.local"
#define MEMBERS_HOST(i) "n-server-" #i "." MEMBERS_DOMAIN ":7687"

struct members {
	struct names names;
	struct pod pods[MEMBERS_MAX];
	struct topology_server servers[MEMBERS_MAX];
	struct topology_copy copies[2 * MEMBERS_MAX];
	struct survey survey;
};

// copies[i] is neo4j on server i, copies[n + i] system.
static inline void members_init(struct members *members, int n)
{
	static const char *const pods[] = {"n-server-0", "n-server-1", "n-server-2", "n-server-3", "n-server-4", "n-server-5"};
	static const char *const ids[] = {"id-0", "id-1", "id-2", "id-3", "id-4", "id-5"};
	static const char *const hosts[] = {MEMBERS_HOST(0), MEMBERS_HOST(1), MEMBERS_HOST(2),
					    MEMBERS_HOST(3), MEMBERS_HOST(4), MEMBERS_HOST(5)};
	static const char *const hosting[] = {"neo4j", "system"};

	memset(members, 0, sizeof(*members));
	members->names = (struct names){.workload = "n-server", .domain = MEMBERS_DOMAIN};
	for (int i = 0; i < n; i++) {
		members->pods[i] = (struct pod){
			.name = pods[i], .uid = ids[i], .address = "10.0.0.1", .revision = "r1", .ready = true};
		members->servers[i] = (struct topology_server){.id = ids[i],
							    .name = ids[i],
							    .address = hosts[i],
							    .state = "Enabled",
							    .health = "Available",
							    .hosting = hosting,
							    .n_hosting = 2};
		members->copies[i] = (struct topology_copy){.database = "neo4j",
							 .type = "standard",
							 .address = hosts[i],
							 .role = "primary",
							 .writer = i == 1,
							 .requested = "online",
							 .current = "online"};
		members->copies[n + i] = members->copies[i];
		members->copies[n + i].database = "system";
		members->copies[n + i].type = "system";
		members->copies[n + i].writer = i == 0;
	}
	members->survey.asked = pods[0];
	members->survey.servers = (struct topology_servers){.items = members->servers, .n = (size_t)n};
	members->survey.copies = (struct topology_copies){.items = members->copies, .n = 2 * (size_t)n};
}
