// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// status.phase of a Neo4jPlugin and its message, from what was found in this pass. Pure.

#include <stdbool.h>
#include <stddef.h>

#include "operator/object/reason.h"
#include "operator/plugin/plugin_claims.h"

enum plugin_phase { PLUGIN_WAITING, PLUGIN_INSTALLING, PLUGIN_READY, PLUGIN_DISABLED, PLUGIN_FAILED };

const char *plugin_phase_name(enum plugin_phase phase);

enum plugin_sight { PLUGIN_NOT_ASKED, PLUGIN_SEEN, PLUGIN_NOT_SEEN, PLUGIN_NOT_ANSWERED };

struct plugin_facts {
	const struct plugin_claim *claim;
	const char *target;	    // "Neo4jEnterpriseStandalone 'x'"; NULL: there is none of that name
	const char *target_problem; // why there is nothing yet that it could be put into; NULL: there is
	const char *malformed;	    // why NEO4J_PLUGINS is kept as it is; NULL: it is merged
	bool planned;		    // the template says what this claim wants
	size_t servers, current;    // wanted; that run this template and are ready
	bool seen_before;	    // the procedures were there with this spec, this deployment and this image
	const char *procedures;	    // their patterns; NULL: not known
	enum plugin_sight sight;
	unsigned failures; // of looking for them
	enum reason problem_reason;
	const char *problem; // of PLUGIN_NOT_ANSWERED
};

struct plugin_verdict {
	enum plugin_phase phase;
	enum reason reason;
	const char *message;
};

void plugin_phase_judge(const struct plugin_facts *facts, struct arena *arena, struct plugin_verdict *ret);

// Whether the server is worth asking: all that comes before is in place.
bool plugin_phase_needs_sight(const struct plugin_facts *facts);
