// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Judges status.phase and its message, from what this pass has found and done. Pure.

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "operator/cluster/survey.h"
#include "operator/cluster/volume_loss.h"
#include "operator/object/data_volume.h"
#include "operator/object/reason.h"

enum phase { PHASE_PENDING, PHASE_FORMING, PHASE_READY, PHASE_UPDATING, PHASE_DEGRADED, PHASE_FAILED };

const char *phase_name(enum phase phase);

struct phase_facts {
	const char *refused;	     // the spec cannot be carried out, and why
	enum reason refused_reason;  // a word for the condition, e.g. "InvalidSpec", "NameTaken"
	const char *waiting_for;     // the missing thing without which the workload cannot be made, e.g. the admin Secret
	enum reason waiting_reason;  // a word for the condition, e.g. "WaitingForSecret"
	bool behind;		     // that keeps a change of the spec from being carried out
	bool workload_exists;
	bool workload_current;	     // the StatefulSet's observedGeneration is its generation
	const char *update_revision; // of the StatefulSet
	const char *unready;	     // the note that roll_record() made and the StatefulSet keeps; NULL: nothing
	const struct pod *pods;
	size_t n_pods;
	const struct data_volume *volumes;
	size_t n_volumes;
	int servers;		     // pods that are wanted now
	bool formed;		     // it has been Ready before
	bool rolling;		     // a change of ours is under way, and it has not been Ready since
	bool cluster;		     // Ready needs a survey
	const struct survey *survey; // of the pods as they are; NULL: none
	const struct names *names;
	const char *removing;	     // servers are leaving, and how far that is; NULL: none
	const char *offline;	     // the pod that shall run without a server; NULL: none
	const char *roll_waiting;    // why no outdated pod is replaced now; NULL: nothing waits
	const char *unscalable;	     // why servers cannot be removed; NULL: none shall be, or they can
	const char *uncreated;	     // which pod the API server does not let be made, why, and the cure; NULL: none that is known
	const char *lost;	     // what becomes of a server whose volume is lost; NULL: there is none, or nothing is decided yet
	bool mending;		     // the operator replaces it by itself
	struct volume_loss loss;     // of servers that are not ready
	const char *hint;	     // what may keep servers from finding each other while they form a cluster; NULL: nothing
	enum reason stuck;	     // a word for a wait that only a person can end
	bool stalled;		     // the wait has lasted too long
	const char *leftovers;	     // servers or claims that belong to no pod; NULL: none
	const char *growth_refused;  // why a claim does not grow, and the cure; NULL: none was refused
	bool growth_asked;	     // a claim was asked to grow just now
};

struct phase_verdict {
	enum phase phase;
	bool serving;	     // the servers are as the spec wants; in another phase than Ready their volumes are not yet
	bool stalled;	     // nothing goes on until a person does something
	enum reason reason;  // of condition Ready
	const char *message;
};

// The reason of a wait that only a person can end: facts->stuck, or what Secrets and pods show (a container that ends again and again; a pod
// without a node may still get one by itself).
enum reason phase_stuck(const struct phase_facts *facts);

void phase_judge(const struct phase_facts *facts, struct arena *arena, struct phase_verdict *ret);

// Whether a pod runs an older template than the StatefulSet's newest.
bool pod_is_outdated(const struct phase_facts *facts, const struct pod *pod);

// survey_member_problem(), survey_problem() or survey_host_problem().
typedef const char *(*member_problem_fn)(const struct survey *survey, const struct names *names, const struct pod *pod, struct arena *arena);

// The first problem of a server of a cluster whose pods are all there, as problem_of() sees it. It leaves out the pod `but` (NULL: none). NULL
// when there is no problem, and for a standalone.
const char *phase_members_problem(const struct phase_facts *facts, member_problem_fn problem_of, const struct pod *but, struct arena *arena);
