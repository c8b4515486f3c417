// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Deployments that have what only one of them should have: their servers have one DBMS id and hold one token, because the volume of one is a copy
// of the other's, so that Aura takes them for one; or their Secrets hold one token. What each has was told by its servers (query_identity()), or
// read from its Secret, and is remembered by its key as a digest.

#include <stdbool.h>

#include "api/dbms.h"
#include "base/arena.h"
#include "operator/context.h"
#include "operator/object/reason.h"
#include "operator/server/query.h"

// What the servers of a deployment have told (NULL: nothing), and the digest of the token in its Secret (NULL: what was known stays). Wakes those
// that it concerns.
void twins_note(const struct context *context, const char *key, const char *identity, const char *token, struct arena *arena);

// The digest of the good token that the deployment's Secret holds, which is read for it; that there is none is known, too. NULL where it cannot be
// read now.
const char *twins_read_token(const struct query *query);

// It is off or gone: nothing of it counts any more.
void twins_forget(const struct context *context, const char *key, struct arena *arena);

struct twins_verdict {
	int holds; // 1: it has a twin; 0: it has none; -1: nobody has told yet
	enum reason reason;
	const char *message; // which, and the cure; NULL: none
	bool identity_unknown, token_unknown; // so that 0 says nothing of it
};
void twins_find(const struct context *context, const char *key, const struct dbms *dbms, struct arena *arena, struct twins_verdict *ret);
