// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Deployments that share something that only one of them should have. Either their servers have one DBMS id and hold one token, because the
// volume of one is a copy of the other's, and Aura takes them for one; or their Secrets hold one token. A deployment's servers tell theirs
// (query_identity()), the token is read from its Secret, and the roster keeps both as digests by the deployment's key.

#include <stdbool.h>

#include "api/dbms.h"
#include "base/arena.h"
#include "operator/context.h"
#include "operator/object/reason.h"
#include "operator/server/query.h"

// The servers of a deployment have told their identity (NULL: nothing); token is the digest of the token in its Secret (NULL: the known one
// stays). Wakes the deployments concerned.
void twins_note(const struct context *context, const char *key, const char *identity, const char *token, struct arena *arena);

// Reads the deployment's Secret for the digest of its good token, or for the fact that there is none. NULL when the Secret cannot be read now.
const char *twins_read_token(const struct query *query);

// The deployment is off or gone, and no longer counts.
void twins_forget(const struct context *context, const char *key, struct arena *arena);

struct twins_verdict {
	int holds; // 1: it has a twin; 0: it has none; -1: nobody has told yet
	enum reason reason;
	const char *message; // names the twins, with the cure; NULL: none
	bool identity_unknown, token_unknown; // then 0 says nothing about it
};
void twins_find(const struct context *context, const char *key, const struct dbms *dbms, struct arena *arena, struct twins_verdict *ret);
