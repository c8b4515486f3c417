// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Whether Fleet Manager shall be in the template in this pass, and what must happen first: the operator asks a server for its version where the
// tag does not tell (C4); it tells a registered server to forget its token before the entry goes (C7); it withdraws an entry that a server does
// not come up with (C8).

#include "operator/fleet/entry_trial.h"
#include "operator/object/deployment.h"
#include "operator/object/reason.h"
#include "operator/server/query.h"
#include "operator/server/retry.h"

struct plugin_entry_memory {
	struct retry version; // for asking a server for its version
	// Telling a server to forget its token, for a deployment whose Fleet Manager is switched off.
	struct {
		int64_t since_ms; // monotonic, of the first attempt; 0: none yet
		bool done;
	} disable;
};

struct plugin_entry {
	struct known_version version; // the deployment's, or a server's answer in this pass
	bool fleet;		// Fleet Manager shall be in the template
	const char *withdrawn;	// the record that our entry is withdrawn, for this image and this spec; NULL: it is not
	struct entry_trial_withdrawal withdrawal; // the content of that record
	bool was_off;		// the status already says that it is switched off
	bool disabling;		// a server must still be told; until then the status must not say that it is off
	const char *untold;	// no longer enabled, and why no server could be told; NULL: one was told, or there was no need
	bool own;		// the user brings the plugin's jar (dbms_brings_fleet())
	const char *not_asked;	// why we do not know the version yet; NULL: we do, or nobody needs it
	bool withdrew;		// in this pass
	int64_t again_after_ms; // 0: no need
};

// Call it before the children are built. plugins: a Neo4jPlugin refers to the deployment, so that the version is useful even without Fleet
// Manager.
void plugin_entry_decide(const struct query *query, struct plugin_entry_memory *memory, const struct deployment *deployment, bool plugins,
			 struct plugin_entry *ret);

// Why the plugin cannot be there, for the status: the version has none, and the user brings none; NEO4J_PLUGINS cannot be merged (malformed, NULL:
// it can), or it was withdrawn. Sets *ret_reason, too; NULL: nothing keeps it away.
const char *plugin_entry_obstacle(const struct plugin_entry *entry, const char *malformed, struct arena *arena, enum reason *ret_reason);
