// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Simulated Neo4j: servers with an identity on a volume, and the clusters that they are members of. There may be more than one cluster:
// servers with empty volumes may form a new one beside an old one. A realm is a plain value: a copy of it is what a server that lags
// behind says.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REALM_ORDINALS 6
#define REALM_MEMBERS 12
#define REALM_CLUSTERS 3
#define REALM_DATABASES 2
#define NOBODY (-1)

enum member_state { MEMBER_FREE, MEMBER_ENABLED, MEMBER_CORDONED, MEMBER_DEALLOCATING, MEMBER_DEALLOCATED, MEMBER_DROPPED };
enum member_address { ADDRESS_KNOWN, ADDRESS_UNKNOWN, ADDRESS_FOREIGN };

// One server, for as long as its volume lives and longer: a cluster lists servers whose volumes are lost.
struct member {
	bool used;
	bool up;	// its process runs
	bool online;	// its databases have started
	bool lost;	// its volume is gone
	bool condemned; // ghost: its cluster said once that it leaves
	bool forgotten; // it was dropped, and SHOW SERVERS does not list it any more
	int8_t cluster;
	int8_t ordinal; // of the volume
	uint8_t state;	 // enum member_state
	uint8_t address; // enum member_address
};

struct database {
	bool used;
	bool stopped;
	uint16_t copies; // on these members
};

struct cluster {
	bool used;
	int8_t leader; // of database system; NOBODY: none
	struct database databases[REALM_DATABASES];
};

struct realm {
	struct member members[REALM_MEMBERS];
	struct cluster clusters[REALM_CLUSTERS];
};

const char *realm_state(uint8_t state);

// Whether a majority of the servers that vote runs.
bool realm_has_quorum(const struct realm *realm, int cluster);

// A server with an empty volume forms a cluster with others (ordinals: a set), or joins one. False when there is no room for more.
bool realm_form(struct realm *realm, unsigned ordinals, int8_t member_of[]);
int realm_join(struct realm *realm, int cluster, int ordinal, bool enabled);

// Statements, for a cluster with a quorum; NULL, or why it refuses.
const char *realm_drain(struct realm *realm, int cluster, const int *members, size_t n);
const char *realm_drop(struct realm *realm, int cluster, int member);
const char *realm_enable(struct realm *realm, int cluster, int member);
bool realm_grow(struct realm *realm, struct database *database, int member); // of cluster 0

// Steps that the servers take by themselves: each returns whether there was anything to do.
bool realm_start_databases(struct realm *realm);
bool realm_move_copy(struct realm *realm); // away from a server that leaves
bool realm_finish_draining(struct realm *realm);
bool realm_elect(struct realm *realm);
bool realm_forget(struct realm *realm); // a dropped one

// The database that has its last copy on this member's volume; NOBODY: none.
int realm_last_copy(const struct realm *realm, int member);

// An administrator drops the servers whose volumes are gone, and with them the copies that they had.
void realm_repair(struct realm *realm);
