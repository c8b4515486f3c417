// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The judgement on the plugins of the deployment that was looked at last, kept for the next who asks the same: each of a thousand plugins of one
// deployment wants it in its own pass. What is kept is immutable and counted. Any thread.

#include "base/arena.h"
#include "operator/plugin/plugin_claims.h"

struct plugin_verdicts {
	struct plugin_claims claims;
	struct arena *arena; // that they are in
	char *basis; // what they were judged from
	_Atomic int refs;
};

struct plugin_verdicts_table;

struct plugin_verdicts_table *plugin_verdicts_table_new(void);
void plugin_verdicts_table_free(struct plugin_verdicts_table *table); // NULL is allowed

// The caller's to unref; NULL where the last ones are of another basis.
struct plugin_verdicts *plugin_verdicts_find(struct plugin_verdicts_table *table, const char *basis);

// Takes the arena over. The caller's to unref, and kept for plugin_verdicts_find() unless they are too large for that; table NULL: not kept.
struct plugin_verdicts *plugin_verdicts_keep(struct plugin_verdicts_table *table, const char *basis, struct arena *arena, const struct plugin_claims *claims);

void plugin_verdicts_unref(struct plugin_verdicts *verdicts); // NULL is allowed
