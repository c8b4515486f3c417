// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Judges status.phase of a Neo4jPlugin and its message, from what this pass has found. Pure.

#include <stdbool.h>
#include <stddef.h>

#include "operator/object/reason.h"
#include "operator/plugin/plugin_claims.h"

enum plugin_phase { PLUGIN_WAITING, PLUGIN_INSTALLING, PLUGIN_READY, PLUGIN_DISABLED, PLUGIN_FAILED };

const char *plugin_phase_name(enum plugin_phase phase);

enum plugin_sight { PLUGIN_NOT_ASKED, PLUGIN_SEEN, PLUGIN_NOT_SEEN, PLUGIN_NOT_ANSWERED };

struct plugin_facts {
	const struct plugin_claim *claim;
	const char *target;	    // "Neo4jEnterpriseStandalone 'x'"; NULL: no deployment has that name
	const char *target_problem; // why the plugin cannot be put into the target yet; NULL: it can
	const char *malformed;	    // why NEO4J_PLUGINS is kept as it is; NULL: it is merged
	bool planned;		    // the template says what this claim wants
	size_t servers, current;    // wanted; those that run this template and are ready
	bool seen_before;	    // the procedures were there with this spec, this deployment and this image
	const char *procedures;	    // their patterns; NULL: not known
	enum plugin_sight sight;
	unsigned failures; // how often the look for them has failed
	enum reason problem_reason;
	const char *problem; // of PLUGIN_NOT_ANSWERED
};

struct plugin_verdict {
	enum plugin_phase phase;
	enum reason reason;
	const char *message;
};

void plugin_phase_judge(const struct plugin_facts *facts, struct arena *arena, struct plugin_verdict *ret);

// Whether to ask the server: everything that comes before is in place.
bool plugin_phase_needs_sight(const struct plugin_facts *facts);
