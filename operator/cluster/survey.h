// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a cluster says of itself: its servers and where the copies of its databases are (SHOW SERVERS, SHOW DATABASES), matched with the pods by
// the host of the advertised address. Pure; operator/cluster/cluster_steps.h asks.

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "neo4j/topology.h"
#include "operator/object/names.h"
#include "operator/object/pod.h"
#include "operator/object/reason.h"

// A ready pod that the others do not list, and what it said itself.
struct survey_outsider {
	const char *pod;
	const char *says; // for a person: "it is in a cluster of 3 servers of its own"
};

#define SURVEY_OUTSIDERS_MAX 3 // so many are asked

struct survey {
	struct arena *arena;	// owns everything below
	const char *problem;	// why the servers could not be asked, and the cure; NULL when they answered
	enum reason reason;	// of the problem
	const char *asked;	// the pod that answered; NULL: none has
	struct topology_servers servers;
	struct topology_copies copies;
	struct survey_outsider outsiders[SURVEY_OUTSIDERS_MAX];
	size_t n_outsiders;
};

struct survey *survey_new(void);
void survey_free(struct survey *survey); // NULL is allowed
DEFINE_CLEANUP(struct survey *, survey_free);

// The survey as a text in the arena, and the survey of such a text. A text that is no survey gives a survey with a problem and nothing else.
const char *survey_text(const struct survey *survey, struct arena *arena);
struct survey *survey_read(const char *text, size_t len);

// Whether an advertised address belongs to this pod: in the domain that the pod was started with, or in names->domain where the pod does not
// tell. NULL is no address.
bool survey_is_at(const char *address, const struct names *names, const struct pod *pod);

// The pod with this address; NULL: none.
const struct pod *survey_pod(const char *address, const struct names *names, const struct pod *pods, size_t n_pods);

// The server that runs in a pod; NULL when SHOW SERVERS does not list it, or only as dropped. Of two rows (the pod's volume was replaced) the
// available one counts.
const struct topology_server *survey_server(const struct survey *survey, const struct names *names, const struct pod *pod);

// The first server that is not dropped and that no pod accounts for: it has no address, or no pod has its address, or another server runs in the
// pod, or the pod is ready while its server is unavailable. NULL: none.
const struct topology_server *survey_stranger(const struct survey *survey, const struct names *names, const struct pod *pods, size_t n_pods);

// Whether a pod is ready and SHOW SERVERS lists none of its servers, or only dropped ones.
bool survey_is_outside(const struct survey *survey, const struct names *names, const struct pod *pod);

// What such a pod said itself; NULL when nobody asked it.
const char *survey_outsider_says(const struct survey *survey, const char *pod);

// A server listed beside the one that runs in a pod: the pod's earlier server, whose volume is gone and which will never come back. NULL: none.
const struct topology_server *survey_lost(const struct survey *survey, const struct names *names, const struct pod *pod);

// The pod whose server can write database system; NULL when none does.
const struct pod *survey_writer(const struct survey *survey, const struct names *names, const struct pod *pods, size_t n_pods);

// Why a pod's server is no full member yet: not listed, not Enabled, not Available. NULL when it is a full member.
const char *survey_member_problem(const struct survey *survey, const struct names *names, const struct pod *pod, struct arena *arena);

// The same, and also a database that should be online on this server and is not.
const char *survey_problem(const struct survey *survey, const struct names *names, const struct pod *pod, struct arena *arena);

// Why clients cannot read what a pod's server holds: it is not listed, not Available, or a database is not online. Its state does not matter: a
// Free server holds nothing, and a Deallocating one still serves what it holds.
const char *survey_host_problem(const struct survey *survey, const struct names *names, const struct pod *pod, struct arena *arena);
