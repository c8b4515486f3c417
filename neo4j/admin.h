// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The few statements the operator runs on a server, always on database system, the token always as a parameter.
// Errors are those of bolt_session_query(); in addition ERR_PROTOCOL when an answer lacks the columns that the
// procedure promises. A missing procedure is ERR_SERVER with err.code ADMIN_PROCEDURE_NOT_FOUND.
// Source: Neo4j Operations Manual, "SHOW PROCEDURES"; Aura Fleet Manager, procedures.

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/session.h"

#define ADMIN_PROCEDURE_NOT_FOUND "Neo.ClientError.Procedure.ProcedureNotFound"

// One exchange: the session, the time it may take, and where its answers live.
struct admin {
	struct bolt_session *session;
	int64_t deadline;
	struct arena *arena;
};

// Whether fleetManagement.registerToken, inspectToken and status exist.
int admin_fleet_present(const struct admin *admin, bool *ret, struct err *err);

// Whether the server has a procedure or a function of one of the name patterns, comma-separated: "gds.*", "genai.*,ai.*".
int admin_names_present(const struct admin *admin, const char *patterns, bool *ret, struct err *err);

struct fleet_state {
	bool active;	     // a token is stored
	bool connected;	     // this server talks to the service
	const char *message; // statusMessage
};
int admin_fleet_status(const struct admin *admin, struct fleet_state *ret, struct err *err);

struct token_info {
	const char *project; // NULL when unknown
	const char *expires;
	const char *error;   // errorMessage; NULL when the token is well formed
};

// token NULL: the stored one.
int admin_fleet_inspect(const struct admin *admin, const char *token, struct token_info *ret, struct err *err);

// Stores the token on the server. ret_registered tells whether the row says success; ret_text is the row, which
// may quote the token: scrub it.
int admin_fleet_register(const struct admin *admin, const char *token, bool *ret_registered, const char **ret_text,
			 struct err *err);

// Forgets the stored token on the server.
int admin_fleet_disable(const struct admin *admin, struct err *err);
