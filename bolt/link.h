// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The blocking client: one connection, one query at a time, every call with a deadline. Built on the
// sans-I/O machine of bolt/conn.h. A link belongs to one thread at a time.
//
//   struct bolt_link *s;
//   bolt_link_open(&(struct bolt_target){.host = "10.0.0.7", .port = 7687}, &auth, deadline, &s, &err);
//   bolt_link_query(s, &(struct bolt_query){.text = "RETURN $x AS x", .params = &map}, deadline, arena, &res, &err);
//   const struct bolt_value *x = bolt_table_get(&res, 0, "x");
//   bolt_link_close(s);

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/auth.h"
#include "bolt/target.h"
#include "bolt/value.h"

#define BOLT_CREDENTIALS_EXPIRED "Neo.ClientError.Security.CredentialsExpired"

struct bolt_link;

// Connects, shakes hands (manifest v1, 5.x, 4.4) and logs on. deadline: bolt/../base/clock.h, monotonic.
// Errors a caller may match: ERR_IO (nobody listens, reset, closed before an answer), ERR_TIMEOUT,
// ERR_PROTOCOL (no Bolt there, or no common version: the text names what both sides offered),
// ERR_FORBIDDEN with err.code the Neo4j code (Unauthorized, CredentialsExpired, AuthenticationRateLimit; a password that must be
// changed first is refused, though the server would let it in for that),
// ERR_SERVER with err.code for other failures.
int bolt_link_open(const struct bolt_target *target, const struct bolt_auth *auth, int64_t deadline,
		      struct bolt_link **ret, struct err *err);

// Sends GOODBYE when the connection is healthy (without waiting long), closes, frees. NULL is allowed.
void bolt_link_close(struct bolt_link *link);
DEFINE_CLEANUP(struct bolt_link *, bolt_link_close);

// "Neo4j/5.26.12", and the negotiated version.
const char *bolt_link_server(const struct bolt_link *link);
void bolt_link_version(const struct bolt_link *link, unsigned *ret_major, unsigned *ret_minor);

struct bolt_query {
	const char *text;
	const struct bolt_value *params;  // a map; NULL for none
	const char *database;		  // NULL for the user's home database
	bool read;			  // access mode "r"; default "w"
	const char *impersonated_user;	  // NULL
	int64_t tx_timeout_ms;		  // 0: the server's
	uint32_t max_rows;		  // more rows than this is ERR_TOO_LARGE, as is a result of 64 MiB; 0: 10,000
	bool secret_params;		  // wipe the encoded parameters after sending
};

// All rows of a result, in the arena that was passed.
struct bolt_table {
	const char *const *fields;
	uint32_t n_fields;
	const struct bolt_value *rows; // each a BOLT_LIST of n_fields values
	uint32_t n_rows;
	const struct bolt_value *summary; // the metadata map of the last SUCCESS
};

// Runs one auto-commit query and pulls all rows. After ERR_SERVER or ERR_FORBIDDEN (err.code holds the Neo4j
// code, err.text the message) the link was RESET and is usable; after any other error it is dead and
// further calls fail with ERR_IO.
int bolt_link_query(struct bolt_link *link, const struct bolt_query *query, int64_t deadline,
		       struct arena *arena, struct bolt_table *ret, struct err *err);

// The value in a row by field name; NULL when there is no such row or field.
const struct bolt_value *bolt_table_get(const struct bolt_table *result, uint32_t row, const char *field);
