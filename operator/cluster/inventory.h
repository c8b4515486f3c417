// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a survey says for people: the servers by name, and each database in one line. Bounded and sorted, so that the same survey always gives
// the same lists. Pure.

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "operator/cluster/survey.h"
#include "operator/object/data_volume.h"

// The limits of the CRDs (deploy/crds/generate).
#define INVENTORY_SERVERS_MAX 20
#define INVENTORY_DATABASES_MAX 32

struct inventory_server {
	const char *name; // as SHOW SERVERS lists it
	const char *pod;  // the pod that it runs in; NULL: none of ours
	const char *address; // its address where it runs in no pod of ours; NULL: not known
	const char *volume; // that its pod's claim is bound to; NULL: not known, or it runs in no pod of ours
	const char *state, *health, *version; // version NULL: not told
};

struct inventory_database {
	const char *name;
	const char *requested; // online, offline, ...
	const char *current;   // of all copies; where they differ, of one that is not as requested
	int copies, online;    // on how many servers it is, and on how many it is online
};

// Leaves out servers that are dropped. Servers without a pod of ours come first, then by address. Databases that are not online come first, then
// by name.
struct inventory {
	struct inventory_server servers[INVENTORY_SERVERS_MAX];
	struct inventory_database databases[INVENTORY_DATABASES_MAX];
	size_t n_servers, n_databases, servers_left_out, databases_left_out;
};

// What the servers are matched with.
struct inventory_sight {
	const struct names *names;
	const struct pod *pods;
	size_t n_pods;
	const struct data_volume *volumes;
	size_t n_volumes;
	bool alone; // a standalone: all of it is about its one pod, whatever address the server has
};

// NULL when the servers have not answered. Lives in the arena.
const struct inventory *inventory_of(const struct survey *survey, const struct inventory_sight *sight, struct arena *arena);

// The databases that are not online, for a message; NULL when all are.
const char *inventory_troubles(const struct survey *survey, struct arena *arena);

// Whether a database is not yet in the state that was requested.
bool inventory_is_moving(const struct survey *survey);
