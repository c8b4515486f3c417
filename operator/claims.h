// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the Neo4jPlugins of a namespace want of one deployment, and which of them get it. Pure.
//
// A claim that cannot be met touches nothing: neither NEO4J_PLUGINS nor the settings know of it, and the others are met as if
// it were not there. Of two claims on one name that want different settings the older one is met.

#include <stddef.h>

#include "api/plugin.h"
#include "neo4j/pluginlist.h"
#include "neo4j/version.h"

enum claim_verdict {
	CLAIM_ACCEPTED,
	CLAIM_DISABLED, // enabled: false, or about to be deleted
	CLAIM_WAITING,	// it is not known yet whether the image has it
	CLAIM_REFUSED,
};

struct plugin_claim {
	struct plugin plugin;
	const char *name; // as the image calls it; NULL when the spec is invalid
	enum claim_verdict verdict;
	const char *reason;  // of CLAIM_WAITING and CLAIM_REFUSED: a word, and what is wrong with the cure
	const char *message;
};

struct plugin_claims {
	struct plugin_claim *items; // the oldest first
	size_t n;
};

struct claims_target {
	const char *name; // of the deployment
	bool cluster;
	struct version version;
};

// Judges those of the Neo4jPlugin objects that refer to the target. Borrows from the objects.
void claims_judge(yyjson_val *const *objects, size_t n, const struct claims_target *target, struct arena *arena,
		  struct plugin_claims *ret);

// The claim of the Neo4jPlugin of that name; NULL when it makes none here.
const struct plugin_claim *claims_find(const struct plugin_claims *claims, const char *name);

// The accepted claims, each plugin once: names for NEO4J_PLUGINS, sorted, and what they want of the settings, the oldest first.
struct plugin_list claims_names(const struct plugin_claims *claims, struct arena *arena);
const struct plugin *const *claims_plugins(const struct plugin_claims *claims, struct arena *arena, size_t *ret_n);
