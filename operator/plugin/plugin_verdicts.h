// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The verdicts on the plugins of the deployment that was judged last, kept for the next pass that asks the same: each of a thousand plugins of
// one deployment needs them in its own pass. They are immutable and counted. Any thread.

#include "base/arena.h"
#include "operator/plugin/plugin_claims.h"

struct plugin_verdicts {
	struct plugin_claims claims;
	struct arena *arena; // owns the verdicts
	char *basis; // what they were judged from
	_Atomic int refs;
};

struct plugin_verdicts_table;

struct plugin_verdicts_table *plugin_verdicts_table_new(void);
void plugin_verdicts_table_free(struct plugin_verdicts_table *table); // NULL is allowed

// The caller unrefs them; NULL where the kept ones have another basis.
struct plugin_verdicts *plugin_verdicts_find(struct plugin_verdicts_table *table, const char *basis);

// Takes the arena over. The caller unrefs the result; plugin_verdicts_find() finds it, too, unless it is too large. table NULL: it is not kept.
struct plugin_verdicts *plugin_verdicts_keep(struct plugin_verdicts_table *table, const char *basis, struct arena *arena, const struct plugin_claims *claims);

void plugin_verdicts_unref(struct plugin_verdicts *verdicts); // NULL is allowed
