// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Short questions to running servers beside the registration: what version they are, whether a plugin's procedures are there,
// and that the token be forgotten. Blocking, each bounded by a few seconds; a server that cannot be asked is an outcome with
// a reason and a message, not an error. The pace is the caller's, but for refused logins (operator/server/server_login.h).

#include <stdbool.h>
#include <stdint.h>

#include "neo4j/admin.h"
#include "neo4j/token.h"
#include "operator/server/server_login.h"

struct query {
	const struct context *context;
	struct access_memory *memory; // of the key that is being reconciled
	struct access_servers servers;
	struct arena *arena; // answers and messages live here
};

// "2025.12.1", as the server says it, in printable ASCII and no longer than a version is. False with a problem.
bool query_version(const struct query *query, const struct pod *pod, const char **ret_version, struct access_problem *ret_problem);

// Whether the server has procedures or functions of these patterns (pluginlist_procedures()). False with a problem.
bool query_procedures(const struct query *query, const struct pod *pod, const char *patterns, bool *ret_present,
		      struct access_problem *ret_problem);

// When the stored token expires, by the wall clock, and what the server is in Aura (query_identity(); NULL: not told). False
// with a problem.
struct query_token {
	int64_t expires_ms;
	const char *identity;
};
bool query_token(const struct query *query, const struct pod *pod, struct query_token *ret, struct access_problem *ret_problem);

// Has the stored token forgotten, by the server that can write database system: each that is ready is asked in turn until one
// has done it. A server without the procedures holds no token. False with the last problem.
bool query_disable(const struct query *query, struct access_problem *ret_problem);

// A pod whose server can be asked: ready, of this revision (NULL: of any). NULL: none.
const struct pod *ask_whom(const struct access_servers *servers, const char *revision);

// A digest of what a server is in Aura: its DBMS and the token that it holds. NULL where it does not tell.
const char *query_identity(const struct admin *admin, const struct token_info *stored);
