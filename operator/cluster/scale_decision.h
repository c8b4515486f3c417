// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The next step towards the wanted number of servers, all of them with volumes.

#include <stdbool.h>
#include <stddef.h>

#include "neo4j/topology.h"
#include "operator/object/data_volume.h"

enum scale_action {
	SCALE_REST,    // nothing is left to do
	SCALE_WAIT,    // the message says for what
	SCALE_STOPPED, // the message says by what; if it does not pass, only a person can end it. The replicas stay
	SCALE_REFUSED, // the message says why; the replicas stay
	SCALE_ENABLE,  // servers, one after the other
	SCALE_MARK,    // claim: mark it, its server will be drained
	SCALE_DRAIN,   // servers, all at once
	SCALE_CONDEMN, // claim: servers[0], its own, was seen Deallocated
	SCALE_DROP,    // servers[0]
	SCALE_DISCARD, // claim: delete it
	SCALE_RELIEVE, // servers[0], whose volume is lost: drain it
	SCALE_RELIEVED, // it is being drained: wait
	SCALE_FORGET,  // servers[0], whose volume is lost: drop it
};

struct scale_decision {
	int replicas; // for the StatefulSet
	enum scale_action action;
	const char *message;
	const char *note; // what else a person should know while there is nothing to do: servers and claims left behind; NULL: nothing
	const char *lost; // of a server whose volume is lost: the step that is made, or why a person must do it, and how; NULL: there is none
	bool mending;	  // a step is made
	const char *servers[TOPOLOGY_SERVERS_MAX]; // ids
	size_t n_servers;
	const struct data_volume *volume;
};
