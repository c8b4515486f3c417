// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The child objects of a deployment as JSON for server-side apply: only the fields that are ours. Pure, cannot fail, and the
// same input gives the same bytes. Nothing here depends on the token or on whether it is registered; no secret is inside.

#include <stdbool.h>

#include <yyjson.h>

#include "api/dbms.h"
#include "base/arena.h"
#include "operator/object/names.h"

// On the StatefulSet: which entries of NEO4J_PLUGINS are ours (C2).
#define DECLARED_PLUGINS_ANNOTATION "neofleet.neo4j.com/declared-plugins"

// On the StatefulSet: what the server said it is, where the tag does not tell ("IMAGE VERSION"); how it stands with our Fleet
// Manager entry, and its withdrawal (operator/fleet/entry_trial.h).
#define SERVER_VERSION_ANNOTATION "neofleet.neo4j.com/server-version"
#define FLEET_ENTRY_ANNOTATION "neofleet.neo4j.com/fleet-entry"
#define FLEET_WITHDRAWN_ANNOTATION "neofleet.neo4j.com/fleet-withdrawn"

// On the StatefulSet: which pods were not ready when the present roll began (operator/cluster/roll.h).
#define UNREADY_ANNOTATION "neofleet.neo4j.com/unready-before-roll"

// On the pod template: a change rolls the pods.
#define CONFIG_DIGEST_ANNOTATION "neofleet.neo4j.com/config-digest"
#define CERTIFICATE_ANNOTATION "neofleet.neo4j.com/certificate"

// What the builder keeps of a StatefulSet that exists.
struct workload_live {
	const char *plugins;	// NEO4J_PLUGINS; NULL: not set
	yyjson_val *plugins_ref; // NEO4J_PLUGINS as valueFrom, which can neither be read nor added to (C2: reported, kept); NULL: none
	const char *declared;	// DECLARED_PLUGINS_ANNOTATION; NULL: none
	const char *server_version; // SERVER_VERSION_ANNOTATION; NULL: none
	const char *fleet_entry;    // FLEET_ENTRY_ANNOTATION; NULL: none
	const char *withdrawn;	    // FLEET_WITHDRAWN_ANNOTATION; NULL: none
	const char *unready;	    // UNREADY_ANNOTATION; NULL: none
	const char *claim_size; // of the volume claim template, which cannot be changed; NULL: none
	const char *image;	// of the container; NULL: none
	const char *digest;	// CONFIG_DIGEST_ANNOTATION of the template; NULL: none
	int replicas;		// 0: none
	bool current;		// the StatefulSet controller has seen the template as it is
	const char *update_revision; // of the newest template that it has seen; NULL: of none yet
};

// The revision of the template as it is; NULL while the controller has not seen it.
static inline const char *workload_revision(const struct workload_live *live)
{
	return live->current ? live->update_revision : NULL;
}

// Reads a StatefulSet; NULL for one that does not exist. Borrows from root.
void workload_read_live(yyjson_val *root, struct workload_live *ret);

struct workload_inputs {
	const struct dbms *dbms;
	const struct names *names;
	const char *digest;	 // settings.digest
	const char *plugins;	 // value of NEO4J_PLUGINS; NULL: none
	yyjson_val *plugins_ref; // its valueFrom instead; NULL: none
	const char *declared;	 // value of DECLARED_PLUGINS_ANNOTATION
	const char *server_version, *fleet_entry, *withdrawn, *unready; // values of the other records; NULL: none
	const char *certificate; // what changes with the TLS certificate; NULL without TLS
	const char *claim_size;	 // workload_live.claim_size; NULL: as the spec says
	int replicas;		 // may lag behind dbms.servers while servers are drained
};

const char *workload_statefulset(const struct workload_inputs *inputs, struct arena *arena);

// The digest of the pod template alone, sha256 in hex.
const char *workload_template_digest(const struct workload_inputs *inputs, struct arena *arena);

const char *workload_headless(const struct dbms *dbms, const struct names *names, struct arena *arena);
const char *workload_client(const struct dbms *dbms, const struct names *names, struct arena *arena);
const char *workload_account(const struct dbms *dbms, const struct names *names, struct arena *arena);

// NULL for a standalone: a budget would block the draining of its node.
const char *workload_budget(const struct dbms *dbms, const struct names *names, struct arena *arena);
