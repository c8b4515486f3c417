// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a cluster says of itself: its servers and where the copies of its databases are (SHOW SERVERS, SHOW DATABASES), held
// against the pods by the host of the advertised address. Pure; operator/cluster/cluster_steps.h asks.

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "neo4j/topology.h"
#include "operator/object/names.h"
#include "operator/object/pod.h"
#include "operator/object/reason.h"

// What a ready pod that the others do not list says when it is asked itself.
struct survey_outsider {
	const char *pod;
	const char *says; // for a person: "it is in a cluster of 3 servers of its own"
};

#define SURVEY_OUTSIDERS_MAX 3 // that are asked

struct survey {
	struct arena *arena;	// owns everything below
	const char *problem;	// why the servers could not be asked, and the cure; NULL when they were
	enum reason reason;	// of the problem
	const char *asked;	// the pod whose answer it is; NULL: none has answered
	struct topology_servers servers;
	struct topology_copies copies;
	struct survey_outsider outsiders[SURVEY_OUTSIDERS_MAX];
	size_t n_outsiders;
};

struct survey *survey_new(void);
void survey_free(struct survey *survey); // NULL is allowed
DEFINE_CLEANUP(struct survey *, survey_free);

// The survey as a text in the arena, and the survey of such a text. One of another text has a problem and nothing else.
const char *survey_text(const struct survey *survey, struct arena *arena);
struct survey *survey_read(const char *text, size_t len);

// Whether an advertised address is that of a pod of ours: of the domain that the pod was started with, or of names->domain where it
// does not tell. NULL is no address.
bool survey_is_at(const char *address, const struct names *names, const struct pod *pod);

// The one of these pods whose address it is; NULL: none.
const struct pod *survey_pod(const char *address, const struct names *names, const struct pod *pods, size_t n_pods);

// The server that runs in a pod; NULL when SHOW SERVERS does not list it, or only as dropped. Of two rows (a pod whose volume
// was replaced) the one that is available counts.
const struct topology_server *survey_server(const struct survey *survey, const struct names *names, const struct pod *pod);

// The first server that is not dropped and that no pod accounts for: it has no address or one of no pod, another server runs in the
// pod, or the pod is ready while its server is unavailable. NULL: none.
const struct topology_server *survey_stranger(const struct survey *survey, const struct names *names, const struct pod *pods, size_t n_pods);

// Whether a pod is ready and none of its servers is listed but as dropped.
bool survey_is_outside(const struct survey *survey, const struct names *names, const struct pod *pod);

// What such a pod said itself; NULL when it was not asked.
const char *survey_outsider_says(const struct survey *survey, const char *pod);

// A server that is listed beside the one that runs in a pod: the one before it, whose volume is gone and which will never be back. NULL: none.
const struct topology_server *survey_lost(const struct survey *survey, const struct names *names, const struct pod *pod);

// The pod whose server can write database system; NULL when none does.
const struct pod *survey_writer(const struct survey *survey, const struct names *names, const struct pod *pods, size_t n_pods);

// Why a pod's server is no full member yet: not listed, not Enabled, not Available. NULL when it is one.
const char *survey_member_problem(const struct survey *survey, const struct names *names, const struct pod *pod, struct arena *arena);

// As above, or a database that is to be online and is not so on this server.
const char *survey_problem(const struct survey *survey, const struct names *names, const struct pod *pod, struct arena *arena);

// Why what a pod's server holds is not there to be read: not listed, not Available, or a database that is not online. Its state does not
// matter: a server that is Free holds nothing, one that is Deallocating still serves what it holds.
const char *survey_host_problem(const struct survey *survey, const struct names *names, const struct pod *pod, struct arena *arena);
