// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The servers of a cluster and the copies of its databases, as SHOW SERVERS and SHOW DATABASES list them. Pure. Source: Neo4j Operations Manual,
// "Managing servers in a cluster".

#include <stdbool.h>
#include <stddef.h>

#define TOPOLOGY_SERVERS_MAX 20

struct topology_server {
	const char *id;
	const char *name;    // a user may change it
	const char *address; // advertised, of Bolt: host:port; NULL while unknown
	const char *state;   // Free, Enabled, Cordoned, Deallocating, Deallocated, Dropped
	const char *health;  // Available, Unavailable
	const char *version; // of Neo4j; NULL where the server does not tell
	const char *const *hosting; // names of databases
	size_t n_hosting;
};
struct topology_servers {
	const struct topology_server *items;
	size_t n;
};

// One copy of a database: a row for each database on each server.
struct topology_copy {
	const char *database;
	const char *type;      // standard, system, composite
	const char *address;   // of the server, as in struct topology_server; NULL where no server has it
	const char *role;      // primary, secondary, unknown
	bool writer;	       // it leads
	const char *requested; // requestedStatus: online, offline, ...
	const char *current;   // currentStatus: online, starting, ...
};
struct topology_copies {
	const struct topology_copy *items;
	size_t n;
};

// What one server said in one exchange.
struct topology {
	struct topology_servers servers; // none where the server has no such statement, as Community
	struct topology_copies copies;
};
