// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the operator remembers of a deployment between two reconciles, and may forget at any moment: everything here is either a saved look-up or
// the pace of retries. Each part belongs to the file that declares it; no other file touches it. Only the worker that holds a key uses the key's
// memory (there is one run per key at a time); only the table itself is shared.

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "operator/cluster/cluster_steps.h"
#include "operator/cluster/creation.h"
#include "operator/cluster/stall.h"
#include "operator/cluster/volume_growth.h"
#include "operator/fleet/plugin_entry.h"
#include "operator/fleet/provision.h"
#include "operator/fleet/provision_end.h"
#include "operator/fleet/registration_attempt.h"
#include "operator/fleet/token_expiry.h"
#include "operator/fleet/token_follow.h"
#include "operator/object/basis.h"
#include "operator/object/kept.h"
#include "operator/pass/apply.h"
#include "operator/pass/gather.h"
#include "operator/pass/outdated.h"
#include "operator/server/retry.h"
#include "operator/server/server_login.h"

struct memory {
	bool seen;   // a reconcile has looked at the deployment since the start
	bool told;   // and has told all its events
	bool formed; // it has been Ready once
	bool rolling; // a change of ours is under way, and it has not been Ready since
	bool roll_begun; // an event has told of a roll, and none of its end
	unsigned name_taken; // how many passes in a row found a child's name taken

	// Of a Neo4jPlugin: the pace of asking a server for its procedures; and the spec, the deployment and the image with which a server last
	// had them.
	struct retry procedures;
	struct basis seen_with;

	struct outdated outdated;
	struct gather_memory gather;
	struct access_memory login;
	struct apply_memory apply;
	struct cluster_memory cluster;
	struct volume_growth_memory growth;
	struct creation_memory creation;
	struct stall stall;
	struct plugin_entry_memory entry;
	struct attempt_memory attempt;
	struct connection_memory connection;
	struct token_expiry_memory expiry;
	struct follow_memory follow;
	struct provision_memory provision;
	struct provision_end_memory ending;
};

struct memory_table;

struct memory_table *memory_table_new(void);
void memory_table_free(struct memory_table *table);
DEFINE_CLEANUP(struct memory_table *, memory_table_free);

// The memory of a key, made when there is none; valid until memory_rest() or memory_forget(). Any thread, but one at a time for a key.
struct memory *memory_of(struct memory_table *table, const char *key);

// Call memory_rest() after the run: the memory stays squeezed until the next memory_of(). After memory_forget() it does nothing.
void memory_rest(struct memory_table *table, const char *key);
void memory_forget(struct memory_table *table, const char *key);
