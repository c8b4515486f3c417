// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Reads a pod. Pure. Source: Pod v1, status.

#include <stdbool.h>
#include <stdint.h>

#include <yyjson.h>

#include "base/arena.h"

// Our own words in the template of a pod: the name as a variable, the advertised address that begins with it, and the volume with certificate
// and key.
#define POD_NAME_VARIABLE "NEOFLEET_POD_NAME"
#define POD_ADDRESS_VARIABLE "NEO4J_server_default__advertised__address"
#define POD_TLS_VOLUME "tls"

struct pod {
	const char *name;
	const char *uid;
	const char *address;  // status.podIP; NULL while it has none
	const char *revision; // label controller-revision-hash; NULL when absent
	const char *certificate; // annotation CERTIFICATE_ANNOTATION: the certificate that it was started with; NULL without TLS
	const char *tls_secret;	 // the TLS Secret that it was started with; NULL: its server speaks without TLS
	const char *domain;	 // of its server's advertised address, as names.domain; NULL where the pod does not tell
	bool ready;
	bool never_ready; // it has not been ready since it was made
	const char *unready_since; // when condition Ready became False; NULL while ready, or unknown
	bool terminating;
	int64_t restarts;	// of container neo4j
	int64_t ends;		// how often it ended: one more than restarts while it does not run again
	const char *last_words; // how it ended last: the exit code, and the line that says why; NULL: it never did
	// Of a pod that is not ready, and of whose last end only the end of a stack trace was kept: the container's id, and the exit code. Else NULL.
	const char *cut_end, *cut_how;
	const char *started_at; // its present run; NULL while it does not run
	const char *problem;	// why it is not ready or not steady, in the cluster's own words; NULL when we do not know
	bool unsteady;		// it is ready for now: a container of it that ends again and again has only just been started once more
	int64_t steady_ms;	// wall clock, when that has run for long enough; 0 where it is not unsteady
	bool beside;		// the problem is in a container beside the server's, or in an init container that still runs
	bool passing;		// and that container runs, so the problem passes by itself
	bool unstarted;		// no container of it has started yet: it passes by itself, or its cause stands in the pod's events alone
};

// Strings belong to root or the arena. It says nothing of steadiness.
void pod_read(yyjson_val *root, struct arena *arena, struct pod *ret);

// Adds to a pod that was read whether it is steady, by the wall clock.
void pod_read_steadiness(yyjson_val *root, int64_t now_ms, struct arena *arena, struct pod *pod);

// Puts the words for the pod's cut_end in the place of those that were kept.
void pod_tell_end(struct pod *pod, const char *words, struct arena *arena);

// Why another pod may have the known address by now, judged by the pod as the API server has it: "it has another address". NULL: the address is
// still the pod's.
const char *pod_change(const struct pod *known, const struct pod *now);

// The runs of these pods in one text, " UID/RESTARTS" each, followed by "/1" or "/0" with ready: it changes when one of them starts anew. Of
// more pods than a deployment can have, it names only the first.
const char *pod_runs(const struct pod *pods, size_t n, bool ready, struct arena *arena);

// The pod of this name; NULL: there is none.
const struct pod *pod_named(const struct pod *pods, size_t n, const char *name);

// Whether it is ready, and likely to stay so.
static inline bool pod_is_steady(const struct pod *pod)
{
	return pod->ready && !pod->unsteady;
}

// Whether its server can be asked now.
static inline bool pod_can_be_asked(const struct pod *pod)
{
	return pod->ready && !pod->terminating && pod->address;
}
