// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// How many pods a cluster is to have at this moment, and which step brings it nearer to what the spec says. Pure.
//
// More servers come at once. Fewer go in an order that loses nothing: the claims of all that are to leave are marked, their servers are
// drained together (Cypher), and then, from the highest ordinal down, a claim gets its second mark when its own server is seen
// Deallocated, the server is dropped, its pod leaves and its claim is deleted. A claim without the second mark is never deleted.
// Only servers that stay are believed. A server that no pod accounts for, or a ready pod that no server accounts for, stops the removal:
// what nobody can tell apart may hold the only copy of a database. A pod that somebody else took away earlier comes back.
// The state is read off the cluster, the claims and the StatefulSet, so any operator goes on where another was killed.

#include <stdbool.h>
#include <stddef.h>

#include "operator/cluster/scale_facts.h"
#include "operator/cluster/survey.h"
#include "operator/object/data_volume.h"

enum scale_action {
	SCALE_REST,    // nothing is left to do
	SCALE_WAIT,    // for what the message says
	SCALE_STOPPED, // by what the message says; if it does not pass, only a person can end it. The replicas stay
	SCALE_REFUSED, // for the reason that the message says; the replicas stay
	SCALE_ENABLE,  // servers, one after the other
	SCALE_MARK,    // claim: its server is to be drained
	SCALE_DRAIN,   // servers, all at once
	SCALE_CONDEMN, // claim: servers[0], its own, was seen Deallocated
	SCALE_DROP,    // servers[0]
	SCALE_DISCARD, // claim: delete it
};

struct scale_decision {
	int replicas; // that the StatefulSet is to have
	enum scale_action action;
	const char *message;
	const char *note; // what else a person should know, while nothing is to be done: servers and claims left behind; NULL: nothing
	const char *servers[TOPOLOGY_SERVERS_MAX]; // ids
	size_t n_servers;
	const struct data_volume *volume;
};

void scale_decide(const struct scale_facts *facts, struct arena *arena, struct scale_decision *ret);

// Whether servers are on their way out, so that nothing else may be taken away.
bool scale_is_removing(const struct scale_decision *decision);

// Whether a decision about removing can only be made with a survey.
bool scale_needs_survey(const struct scale_facts *facts);

// Whether a decision takes something away, so that it is only carried out on a survey of the same pass.
bool scale_is_grave(const struct scale_facts *facts, const struct scale_decision *decision);
