// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The simulated world around the operator: the API server's objects, the controllers of Kubernetes, Neo4j (sim/realm.h), and what
// the operator remembers. A plain value. Whatever breaks a promise is noted in it, and the first one ends the history.

#include <stdio.h>

#include "sim/realm.h"

#define WORLD_REVISIONS 16
#define WORLD_RECORD_SIZE 128

// Faulty rules of the operator that can be put in place of the right ones, to see that they are found.
enum world_rule {
	RULES_RIGHT,
	RULE_UNLISTED_IS_GONE, // scale: a server that SHOW SERVERS does not list counts as gone
	RULE_UNREADY_GOES,     // roll: an outdated pod that is not ready goes at once
	RULE_NOTE_ANEW,	       // roll: what is not ready when the spec changes was not so before, whatever is away by our doing
	WORLD_RULES,
};

struct world_pod {
	bool exists;
	bool up; // its container runs
	bool sick; // its probe fails, whatever the server does
	bool terminating;
	bool away;   // ghost: evicted by the operator, and its successor was not back since
	bool served; // ghost: was ready when this roll began, or after
	uint8_t revision;
	int8_t founders; // of its settings of the first start
	bool was_ready; // when somebody looked last
	bool ever_ready;
	uint16_t uid;
	uint16_t since; // when its condition Ready changed last
};

struct world_claim {
	bool exists;
	bool leaving;
	bool deleting;
	int8_t deallocated; // the member that was seen so; NOBODY: none
	int8_t member; // whose data it has; NOBODY: it is empty
	uint16_t uid;
};

struct world_objects {
	struct world_pod pods[REALM_ORDINALS];
	struct world_claim claims[REALM_ORDINALS];
};

// An answer of SHOW SERVERS and SHOW DATABASES, and which ready pods it did not list.
struct world_answer {
	struct realm realm;
	int8_t cluster; // NOBODY: none, the server could not tell
	int8_t asked;	// ordinal
};

struct world {
	int8_t wanted;	   // spec.topology.servers
	uint8_t revision;  // of the template that the spec stands for
	uint16_t broken;   // revisions whose pods do not start
	uint16_t unprobed; // revisions whose probe does not fit the pods that run: they all miss readiness
	struct {
		bool exists, observed;
		int8_t replicas;
		int8_t founders; // in the ConfigMap
		uint8_t revision;
		char unready[WORLD_RECORD_SIZE]; // which pods were so before the roll; "": no record
	} set;
	struct world_objects objects;
	struct realm realm;

	// Faults that last.
	bool no_budget, unreachable, split;
	uint8_t lagging; // servers on these ordinals answer from past
	struct realm past;
	bool informer_lags;
	struct world_objects informed;

	// The operator's memory, and its last status.
	struct {
		bool seen, formed, rolling, acted, has_answer, refused;
		struct world_answer answer;
		uint64_t basis;
	} memory;
	uint8_t phase; // of the status; PHASES: none
	bool rolling;  // ghost: an eviction was made, and not all are back

	uint16_t uids;
	unsigned changes; // counts whatever was changed
	enum world_rule rule;
	const char *broken_promise; // NULL: none
	int broken_at;		    // ordinal
	FILE *out;		    // is told each step; NULL: nobody
};

#define WORLD_SAY(world, ...)                                                                                                                \
	do {                                                                                                                                 \
		if ((world)->out)                                                                                                            \
			(void)fprintf((world)->out, __VA_ARGS__);                                                                            \
	} while (0)

// A cluster that stands; or, over claims (a set of ordinals) of an earlier deployment, one that is yet to be made.
void world_init(struct world *world, int servers, unsigned copies);
void world_init_anew(struct world *world, int servers, unsigned kept);

bool world_is_ready(const struct world_pod *pod);
int world_member(const struct world *world, int ordinal); // that runs there; NOBODY: none
bool world_is_back(const struct world *world, int ordinal);
void world_break(struct world *world, int ordinal, const char *promise);

// Kubernetes: what the API server does for a caller (false: refused), and what its controllers and the kubelet do.
bool world_evict(struct world *world, int ordinal, uint16_t uid);
bool world_mark(struct world *world, int ordinal, uint16_t uid);
bool world_condemn(struct world *world, int ordinal, uint16_t uid, int member);
void world_lose_claim(struct world *world, int ordinal); // when its pod is gone
bool world_delete_claim(struct world *world, int ordinal, uint16_t uid);
bool world_write_set(struct world *world, int replicas, int founders, const char *unready);
bool world_run_controller(struct world *world);
bool world_run_kubelet(struct world *world, int ordinal);
bool world_found(struct world *world, int ordinal); // a server with an empty volume looks for others

// Everything that goes on by itself, until nothing does.
void world_let_go_on(struct world *world);

// Looks after what must be known of the past: which pods are back, which have served in this roll.
void world_look(struct world *world);
