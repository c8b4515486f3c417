// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a cluster says of itself: its servers and where the copies of its databases are (SHOW SERVERS, SHOW DATABASES), held
// against the pods by the host of the advertised address. Pure; operator/cluster.h asks.

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "neo4j/topology.h"
#include "operator/names.h"
#include "operator/pod.h"

struct survey {
	struct arena *arena;	// owns everything below
	const char *problem;	// why the servers could not be asked, and the cure; NULL when they were
	const char *reason;	// of the problem, one of FLEET_...
	struct topology_servers servers;
	struct topology_copies copies;
};

struct survey *survey_new(void);
void survey_free(struct survey *survey); // NULL is allowed
DEFINE_CLEANUP(struct survey *, survey_free);

// The survey as a text in the arena, and the survey of such a text.
const char *survey_text(const struct survey *survey, struct arena *arena);
struct survey *survey_read(const char *text, size_t len);

// Whether an advertised address is that of a pod of ours.
bool survey_is_at(const char *address, const struct names *names, const char *pod);

// The ordinal of the pod of ours that an advertised address belongs to; -1: none. NULL is allowed.
int survey_ordinal(const char *address, const struct names *names);

// The server that runs in a pod; NULL when SHOW SERVERS does not list it, or only as dropped. Of two rows (a pod whose volume
// was replaced) the one that is available counts.
const struct topology_server *survey_server(const struct survey *survey, const struct names *names, const char *pod);

// The pod whose server can write database system; NULL when none does.
const struct pod *survey_writer(const struct survey *survey, const struct names *names, const struct pod *pods, size_t n_pods);

// Why a pod's server is no full member yet: not listed, not Enabled, not Available. NULL when it is one.
const char *survey_member_problem(const struct survey *survey, const struct names *names, const char *pod, struct arena *arena);

// As above, or a database that is to be online and is not so on this server.
const char *survey_problem(const struct survey *survey, const struct names *names, const char *pod, struct arena *arena);
