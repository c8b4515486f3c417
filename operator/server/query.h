// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Short questions to running servers beside the registration: which version they are, whether a plugin's procedures are there, and the request
// to forget the token. Each blocks for a few seconds at most; a server that cannot be asked is an outcome with a reason and a message, not an
// error. The caller sets the pace, except after refused logins (operator/server/server_login.h).

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

// "2025.12.1", as the server says it, in printable ASCII and cut to the length of a version. False with a problem.
bool query_version(const struct query *query, const struct pod *pod, const char **ret_version, struct access_problem *ret_problem);

// Whether the server has procedures or functions of these patterns (pluginlist_procedures()). False with a problem.
bool query_procedures(const struct query *query, const struct pod *pod, const char *patterns, bool *ret_present,
		      struct access_problem *ret_problem);

// When the stored token expires, by the wall clock, for which project of Aura it is (NULL: not told, or no id of at most 64 letters, digits, '.',
// '_' and '-'), and what the server is in Aura (query_identity(); NULL: not told). False with a problem.
struct query_token {
	int64_t expires_ms;
	const char *project;
	const char *identity;
};
bool query_token(const struct query *query, const struct pod *pod, struct query_token *ret, struct access_problem *ret_problem);

// Makes the deployment forget the stored token: asks each ready server in turn, until the one that can write database system has done it. A
// server without the procedures holds no token. False with the last problem.
bool query_disable(const struct query *query, struct access_problem *ret_problem);

// The first pod whose server can be asked: ready, and of this revision (NULL: of any). NULL: none.
const struct pod *ask_whom(const struct access_servers *servers, const char *revision);

// A digest of what a server is in Aura: its DBMS and the token that it holds. NULL where it does not tell.
const char *query_identity(const struct admin *admin, const struct token_info *stored);
