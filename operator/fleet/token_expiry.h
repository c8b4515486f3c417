// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// When the token of a deployment's servers expires, and for which project it is; and what the servers are in Aura (operator/fleet/twins.h). The operator asks
// one server after each registration and each start of the operator. Since the service renews tokens by itself, it asks again when a tenth of
// the remaining time is over (about once a day at most, every three weeks at least), and when the warning begins (F3). So a server's fresh
// answer decides whether a token expires soon, and a token that the service renews in time never causes a warning. A failure to ask changes
// nothing else.

#include <stdbool.h>
#include <stdint.h>

#include "operator/object/kept.h"
#include "operator/server/query.h"
#include "operator/server/retry.h"

struct token_expiry_memory {
	struct retry asking;
	int64_t due_ms; // monotonic; when to ask again a server that has answered
	int64_t expires_ms; // wall clock; as the last answer said; 0: no answer
	bool soon;	    // the last answer came within the time of the warning
	char project[KEPT_PROJECT_SIZE]; // as the last answer said; "": not told
};

// Asks if an answer is due; key is the deployment's in the work queue. Returns the milliseconds until the next time.
int64_t token_expiry_look(const struct query *query, struct token_expiry_memory *memory, const char *key, const char *registered_at);

// When the token expires, RFC 3339, as a server said last; NULL: no server has told yet.
const char *token_expiry_text(const struct token_expiry_memory *memory, struct arena *arena);

// The project of Aura that the token is for, as a server said last, as long as the memory lives; NULL: no server has told yet.
const char *token_expiry_project(const struct token_expiry_memory *memory);

// Whether the token expires within the deployment's expiryWarning: 1, with the message and the cure; 0; -1: no server has told yet.
int token_expiry_is_near(const struct token_expiry_memory *memory, const struct dbms *dbms, struct arena *arena, const char **ret_message);
