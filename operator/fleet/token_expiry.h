// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// When the token that the servers of a deployment hold expires, for metrics; and what they are in Aura (operator/fleet/twins.h). One server is asked after each registration and
// each start of the operator, and, since the service renews tokens by itself, when a tenth of the time that was left is over: about
// once a day at most, every three weeks at least, and where the warning begins (F3). So whether a token expires soon is judged by what a server has
// just said, and one that the service renews in time is never warned of. That none can be asked changes nothing else.

#include <stdbool.h>
#include <stdint.h>

#include "operator/server/query.h"
#include "operator/server/retry.h"

struct token_expiry_memory {
	struct retry asking;
	int64_t due_ms; // monotonic; when a server that has answered is asked again
	int64_t expires_ms; // wall clock; as the last answer had it; 0: there was none
	bool soon;	    // within the time of the warning, when that answer came
};

// Asks if it is time to; key is the deployment's in the work queue. Returns the milliseconds until the next time.
int64_t token_expiry_look(const struct query *query, struct token_expiry_memory *memory, const char *key, const char *registered_at);

// When it expires, RFC 3339, as a server told last; NULL: none has told yet.
const char *token_expiry_text(const struct token_expiry_memory *memory, struct arena *arena);

// Whether the token expires within the deployment's expiryWarning: 1, with the message and the cure; 0; -1: no server has told yet.
int token_expiry_is_near(const struct token_expiry_memory *memory, const struct dbms *dbms, struct arena *arena, const char **ret_message);
