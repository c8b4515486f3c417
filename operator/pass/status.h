// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The status after a pass, as a patch of what the object says now. Pure. Conditions follow the API conventions: lastTransitionTime moves only
// with the condition's status, and other people's conditions stay.

#include <stdbool.h>
#include <stdint.h>

#include <yyjson.h>

#include "base/arena.h"
#include "operator/cluster/inventory.h"
#include "operator/cluster/phase.h"
#include "operator/object/reason.h"
#include "operator/plugin/plugin_phase.h"

struct status_fleet {
	bool publish;		       // Fleet Manager was enabled once: write auraFleetManagement and FleetRegistered
	bool registered;
	const char *last_registration; // RFC 3339; NULL: never
	const char *expires;	       // of the servers' token, RFC 3339; "": they hold none; NULL: the old value stays
	const char *project;	       // of Aura, of the same token; likewise
	enum reason reason;	       // of condition FleetRegistered
	const char *message;
	bool publish_connected;	       // write condition FleetConnected
	int connected;		       // 1 true, 0 false, -1 unknown
	enum reason connected_reason;  // REASON_NONE: the default for connected
	const char *connected_message;
};

// A problem that keeps the operator from working with the servers, in any phase: a condition that is True while the problem holds and absent if
// it never held.
struct status_problem {
	const char *type;
	int holds; // 1, 0, -1 unknown: the condition stays as it is
	enum reason reason;
	const char *message;
};

#define STATUS_PROBLEMS 5
#define STATUS_CONDITIONS_MAX 32 // as in the CRDs (deploy/crds/generate)

struct status_wanted {
	int64_t generation;   // of the spec that the status is about
	bool behind;	      // that spec is not carried out: the observed generation stays one of before
	int replicas;	      // how many servers there are, for kubectl scale; 0: leave it out
	const char *selector; // of their pods
	struct phase_verdict verdict;
	const char *version; // as the servers say; NULL: the known version stays
	const struct inventory *inventory; // likewise
	const char *ready_servers;   // "2/3"; NULL: the old value stays
	const char *updated_servers; // "1/3" during a roll; "": no roll; NULL: the old value stays
	struct status_problem problems[STATUS_PROBLEMS]; // type NULL: none
	struct status_fleet fleet;
};

// A merge patch for the status subresource, conditional on the object's resourceVersion; NULL when the object already says all of it.
const char *status_patch(yyjson_val *object, const struct status_wanted *wanted, int64_t now_ms, struct arena *arena);

// The same while the deployment is paused: the condition that says so, beside the old conditions.
const char *status_paused_patch(yyjson_val *object, int64_t now_ms, struct arena *arena);

// The same for a Neo4jPlugin.
struct status_plugin_wanted {
	int64_t generation;
	struct plugin_verdict verdict;
};

const char *status_plugin_patch(yyjson_val *object, const struct status_plugin_wanted *wanted, int64_t now_ms,
				struct arena *arena);
