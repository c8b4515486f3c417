// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Whether Fleet Manager is to be in the template in this pass, and what has to happen before that can be said: a server is asked
// for its version where the tag does not tell it (C4); one that was registered is told to forget its token before the entry goes
// (C7); an entry that a server does not come up with is withdrawn (C8).

#include "operator/fleet/entry_trial.h"
#include "operator/object/deployment.h"
#include "operator/object/reason.h"
#include "operator/server/query.h"
#include "operator/server/retry.h"

struct plugin_entry_memory {
	struct retry version; // asking a server for its version, where the tag does not tell it
	// Telling a server to forget its token, for a deployment whose Fleet Manager is switched off.
	struct {
		int64_t since_ms; // monotonic, of the first attempt; 0: none yet
		bool done;
	} disable;
};

struct plugin_entry {
	struct known_version version; // the deployment's, or what a server has told in this pass
	bool fleet;		// Fleet Manager is to be in the template
	const char *withdrawn;	// the record that our entry is withdrawn, for this image and this spec; NULL: it is not
	struct entry_trial_withdrawal withdrawal; // what the record says
	bool was_off;		// the status says already that it is switched off
	bool disabling;		// a server is still to be told; nothing of the status may say that it is off yet
	const char *untold;	// enabled no more, and no server could be told: why; NULL: it was told, or there was no need
	const char *not_asked;	// why the version is not known yet; NULL: it is, or nobody needs it
	bool withdrew;		// in this pass
	int64_t again_after_ms; // 0: no need
};

// Before the children are built. plugins: a Neo4jPlugin refers to the deployment, so that its version is of use also without Fleet Manager.
void plugin_entry_decide(const struct query *query, struct plugin_entry_memory *memory, const struct deployment *deployment, bool plugins,
			 struct plugin_entry *ret);

// Why the plugin cannot be had, for the status: the version has none, NEO4J_PLUGINS cannot be merged (malformed, NULL: it can), or
// it was withdrawn. *ret_reason is set with it; NULL: nothing keeps it away.
const char *plugin_entry_obstacle(const struct plugin_entry *entry, const char *malformed, struct arena *arena, enum reason *ret_reason);
