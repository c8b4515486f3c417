// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the Neo4jPlugins of a namespace want of one deployment, and which of them get it. Pure.
//
// A claim that cannot be met touches nothing: neither NEO4J_PLUGINS nor the settings know of it, and the others are met as if it did not exist.
// Of two claims on one name with different settings the older one is met.

#include <stdbool.h>
#include <stddef.h>

#include "api/plugin.h"
#include "neo4j/pluginlist.h"
#include "neo4j/version.h"
#include "operator/object/reason.h"

enum claim_verdict {
	CLAIM_ACCEPTED,
	CLAIM_DISABLED, // enabled: false, or being deleted
	CLAIM_WAITING,	// we do not know yet whether the image has it
	CLAIM_REFUSED,
};

struct plugin_claim {
	// Its settings are here only when it is accepted and the oldest of its name; of all others there is only what identifies them.
	struct plugin plugin;
	bool oldest;
	size_t index; // in the source, while the claim is judged
	const char *name; // as the image calls it; NULL when the spec is invalid
	const char **brings; // plugins that come along with it, as the image calls them; of the oldest of its name only
	size_t n_brings;
	enum claim_verdict verdict;
	enum reason reason;  // of CLAIM_WAITING and CLAIM_REFUSED: a word, and the problem with its cure
	const char *message;
};

struct plugin_claims {
	struct plugin_claim *items; // the oldest first
	size_t n;
	struct plugin_claim **by_name; // by the resources' names
	struct plugin_claim **met; // accepted claims, the oldest of each plugin's name; at most as many as the image knows plugins
	size_t n_met;
};

struct plugin_claims_target {
	const char *name; // of the deployment
	bool cluster;
	struct version version;
};

// Objects that are read one after the other: open returns one, which is valid until the next is opened; NULL: it is gone.
struct plugin_claims_source {
	size_t n;
	yyjson_val *(*open)(void *user, size_t i);
	void *user;
};

// Judges those Neo4jPlugin objects that refer to the target, in time and memory linear in their number. Borrows nothing. Opens each object
// twice.
void plugin_claims_judge_each(const struct plugin_claims_source *source, const struct plugin_claims_target *target, struct arena *arena,
			      struct plugin_claims *ret);

// The same for objects that are at hand.
void plugin_claims_judge(yyjson_val *const *objects, size_t n, const struct plugin_claims_target *target, struct arena *arena,
			 struct plugin_claims *ret);

// The claim of the Neo4jPlugin of that name; NULL when it claims nothing here.
const struct plugin_claim *plugin_claims_find(const struct plugin_claims *claims, const char *name);

// The accepted claims, each plugin once: the names for NEO4J_PLUGINS, with those that come along, sorted; and their settings, the oldest first.
struct plugin_list plugin_claims_names(const struct plugin_claims *claims, struct arena *arena);
const struct plugin *const *plugin_claims_plugins(const struct plugin_claims *claims, struct arena *arena, size_t *ret_n);
