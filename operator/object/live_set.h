// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The StatefulSet of a deployment as it stands in the cluster, and the names of the annotations that must outlive an operator
// (docs/decisions/0011-what-the-statefulset-remembers.md). Pure; borrows from the object's JSON.

#include <stdbool.h>

#include <yyjson.h>

// On the StatefulSet: which entries of NEO4J_PLUGINS are ours (C2).
#define DECLARED_PLUGINS_ANNOTATION "neofleet.neo4j.com/declared-plugins"

// On the StatefulSet: what the server said it is, where the tag does not tell ("IMAGE VERSION"); the state of our Fleet Manager entry, and its
// withdrawal (operator/fleet/entry_trial.h).
#define SERVER_VERSION_ANNOTATION "neofleet.neo4j.com/server-version"
#define FLEET_ENTRY_ANNOTATION "neofleet.neo4j.com/fleet-entry"
#define FLEET_WITHDRAWN_ANNOTATION "neofleet.neo4j.com/fleet-withdrawn"

// On the StatefulSet: which pods were not ready when the present roll began (operator/cluster/roll.h).
#define UNREADY_ANNOTATION "neofleet.neo4j.com/unready-before-roll"

// On the pod template: a change rolls the pods.
#define CONFIG_DIGEST_ANNOTATION "neofleet.neo4j.com/config-digest"
#define CERTIFICATE_ANNOTATION "neofleet.neo4j.com/certificate"

// A NULL member: the StatefulSet lacks it, or does not exist.
struct live_set {
	const char *plugins;	// NEO4J_PLUGINS; NULL: not set
	yyjson_val *plugins_ref; // NEO4J_PLUGINS as valueFrom, which the operator can neither read nor extend (C2: it reports and keeps it); NULL: none
	const char *declared;	// DECLARED_PLUGINS_ANNOTATION; NULL: none
	const char *server_version; // SERVER_VERSION_ANNOTATION; NULL: none
	const char *fleet_entry;    // FLEET_ENTRY_ANNOTATION; NULL: none
	const char *withdrawn;	    // FLEET_WITHDRAWN_ANNOTATION; NULL: none
	const char *unready;	    // UNREADY_ANNOTATION; NULL: none
	const char *restarted;	    // RESTARTED_ANNOTATION of the template; NULL: none
	const char *volume_size; // of the volume claim template, which cannot be changed; NULL: none
	const char *image;	// of the container; NULL: none
	const char *digest;	// CONFIG_DIGEST_ANNOTATION of the template; NULL: none
	int replicas;		// 0: none
	bool current;		// the StatefulSet controller has seen the template as it is
	const char *update_revision; // of the newest template that the controller has seen; NULL: none yet
};

// The revision of the present template; NULL while the controller has not seen it.
static inline const char *live_set_revision(const struct live_set *live)
{
	return live->current ? live->update_revision : NULL;
}

// Reads a StatefulSet; NULL for one that does not exist. Borrows from root.
void live_set_read(yyjson_val *root, struct live_set *ret);
