// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the Neo4jPlugins of a namespace want of one deployment, and which of them get it. Pure.
//
// A claim that cannot be met touches nothing: neither NEO4J_PLUGINS nor the settings know of it, and the others are met as if
// it were not there. Of two claims on one name that want different settings the older one is met.

#include <stdbool.h>
#include <stddef.h>

#include "api/plugin.h"
#include "neo4j/pluginlist.h"
#include "neo4j/version.h"
#include "operator/object/reason.h"

enum claim_verdict {
	CLAIM_ACCEPTED,
	CLAIM_DISABLED, // enabled: false, or about to be deleted
	CLAIM_WAITING,	// it is not known yet whether the image has it
	CLAIM_REFUSED,
};

struct plugin_claim {
	// Its settings are here only when it is accepted and the oldest one of its name: of all others what identifies them.
	struct plugin plugin;
	bool oldest;
	size_t index; // in the source, while it is judged
	const char *name; // as the image calls it; NULL when the spec is invalid
	enum claim_verdict verdict;
	enum reason reason;  // of CLAIM_WAITING and CLAIM_REFUSED: a word, and what is wrong with the cure
	const char *message;
};

struct plugin_claims {
	struct plugin_claim *items; // the oldest first
	size_t n;
	struct plugin_claim **by_name; // of the resources
	struct plugin_claim **met; // accepted, the oldest of each plugin's name; as many as the image knows plugins at most
	size_t n_met;
};

struct plugin_claims_target {
	const char *name; // of the deployment
	bool cluster;
	struct version version;
};

// Objects that are read one after the other: open gives one, which is good until the next is opened; NULL: it is gone.
struct plugin_claims_source {
	size_t n;
	yyjson_val *(*open)(void *user, size_t i);
	void *user;
};

// Judges those of the Neo4jPlugin objects that refer to the target, in time and memory linear in their number. Nothing is borrowed. Each object
// is opened twice.
void plugin_claims_judge_each(const struct plugin_claims_source *source, const struct plugin_claims_target *target, struct arena *arena,
			      struct plugin_claims *ret);

// The same for objects that are at hand.
void plugin_claims_judge(yyjson_val *const *objects, size_t n, const struct plugin_claims_target *target, struct arena *arena,
			 struct plugin_claims *ret);

// The claim of the Neo4jPlugin of that name; NULL when it makes none here.
const struct plugin_claim *plugin_claims_find(const struct plugin_claims *claims, const char *name);

// The accepted claims, each plugin once: names for NEO4J_PLUGINS, sorted, and what they want of the settings, the oldest first.
struct plugin_list plugin_claims_names(const struct plugin_claims *claims, struct arena *arena);
const struct plugin *const *plugin_claims_plugins(const struct plugin_claims *claims, struct arena *arena, size_t *ret_n);
