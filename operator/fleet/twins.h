// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Deployments that Aura takes for one: their servers have one DBMS id and hold one token, because the volume of one is a copy of the
// other's. What each is was told by its servers (query_identity()) and is remembered by its key; none of it is asked for here.

#include "api/dbms.h"
#include "base/arena.h"
#include "operator/context.h"

// What the servers of a deployment have told; NULL: nothing any more, since it is off or gone. Wakes those that it concerns.
void twins_note(const struct context *context, const char *key, const char *identity, struct arena *arena);

// 1: it has a twin, and *ret_message says which, and the cure; 0: it has none; -1: its servers have not told yet.
int twins_find(const struct context *context, const char *key, const struct dbms *dbms, struct arena *arena, const char **ret_message);
