// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The status that a pass arrived at, as a patch of what the object says now. Pure. Conditions follow the API
// conventions: lastTransitionTime moves only with the condition's status; conditions of others are left alone.

#include <stdbool.h>
#include <stdint.h>

#include <yyjson.h>

#include "base/arena.h"
#include "operator/cluster/inventory.h"
#include "operator/cluster/phase.h"
#include "operator/object/reason.h"
#include "operator/plugin/plugin_phase.h"

struct status_fleet {
	bool publish;		       // enabled was seen: auraFleetManagement and FleetRegistered are written
	bool registered;
	const char *last_registration; // RFC 3339; NULL when there was none
	const char *expires;	       // the servers' token, RFC 3339; "": they hold none; NULL: what was said stays
	enum reason reason;	       // of condition FleetRegistered
	const char *message;
	bool publish_connected;	       // condition FleetConnected is written
	int connected;		       // 1 true, 0 false, -1 unknown
	enum reason connected_reason;  // REASON_NONE: the one that says the same as connected
	const char *connected_message;
};

// What keeps the operator from working with the servers, whatever the phase: a condition that is True while it holds, and
// is not there where it never held.
struct status_problem {
	const char *type;
	int holds; // 1, 0, -1 unknown: the condition stays as it is
	enum reason reason;
	const char *message;
};

#define STATUS_PROBLEMS 5
#define STATUS_CONDITIONS_MAX 32 // as the CRDs have it (deploy/crds/generate)

struct status_wanted {
	int64_t generation;
	int replicas;	      // how many servers there are, for kubectl scale; 0: nothing is said of them
	const char *selector; // of their pods
	struct phase_verdict verdict;
	const char *version; // that the servers say they are; NULL: what was known stays
	const struct inventory *inventory; // the same
	const char *ready_servers;   // "2/3"; NULL: what was said stays
	const char *updated_servers; // "1/3" during a roll; "": none is under way; NULL: what was said stays
	struct status_problem problems[STATUS_PROBLEMS]; // type NULL: none
	struct status_fleet fleet;
};

// A merge patch for the status subresource, conditional on the object's resourceVersion; NULL when the object says all of
// it already.
const char *status_patch(yyjson_val *object, const struct status_wanted *wanted, int64_t now_ms, struct arena *arena);

// The same while the deployment is paused: the condition that says so, and beside it what was said before.
const char *status_paused_patch(yyjson_val *object, int64_t now_ms, struct arena *arena);

// The same for a Neo4jPlugin.
struct status_plugin_wanted {
	int64_t generation;
	struct plugin_verdict verdict;
};

const char *status_plugin_patch(yyjson_val *object, const struct status_plugin_wanted *wanted, int64_t now_ms,
				struct arena *arena);
