// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The blocking client: one connection, one query at a time, every call with a deadline. Built on the
// sans-I/O machine of bolt/conn.h. A session belongs to one thread at a time.
//
//   struct bolt_session *s;
//   bolt_session_open(&(struct bolt_target){.host = "10.0.0.7", .port = 7687}, &auth, deadline, &s, &err);
//   bolt_session_query(s, &(struct bolt_query){.text = "RETURN $x AS x", .params = &map}, deadline, arena, &res, &err);
//   const struct bolt_value *x = bolt_result_get(&res, 0, "x");
//   bolt_session_close(s);

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/value.h"

enum bolt_tls {
	BOLT_TLS_NONE,   // plain TCP; never fallen back to from the others
	BOLT_TLS_VERIFY, // chain and name are verified
};

struct bolt_target {
	const char *host;	 // an IP address or a name; IPv6 without brackets
	uint16_t port;		 // 7687 where 0
	enum bolt_tls tls;
	const char *ca_pem;	 // PEM text to trust instead of the system's store; NULL for the system's
	const char *server_name; // the name to verify (and SNI); host where NULL
	const char *pinned;	 // sha256 of a certificate, in hex: a server that shows this very one is verified by that; or NULL
	const char *user_agent;	 // "neofleet/0.1.0" form; required
};

struct bolt_auth {
	const char *user;
	const char *password; // wiped from all our buffers after LOGON
};

#define BOLT_CREDENTIALS_EXPIRED "Neo.ClientError.Security.CredentialsExpired"

struct bolt_session;

// Connects, shakes hands (manifest v1, 5.x, 4.4) and logs on. deadline: bolt/../base/clock.h, monotonic.
// Errors a caller may match: ERR_IO (nobody listens, reset, closed before an answer), ERR_TIMEOUT,
// ERR_PROTOCOL (no Bolt there, or no common version: the text names what both sides offered),
// ERR_FORBIDDEN with err.code the Neo4j code (Unauthorized, CredentialsExpired, AuthenticationRateLimit; a password that must be
// changed first is refused, though the server would let it in for that),
// ERR_SERVER with err.code for other failures.
int bolt_session_open(const struct bolt_target *target, const struct bolt_auth *auth, int64_t deadline,
		      struct bolt_session **ret, struct err *err);

// Sends GOODBYE when the connection is healthy (without waiting long), closes, frees. NULL is allowed.
void bolt_session_close(struct bolt_session *session);
DEFINE_CLEANUP(struct bolt_session *, bolt_session_close);

// "Neo4j/5.26.12", and the negotiated version.
const char *bolt_session_server(const struct bolt_session *session);
void bolt_session_version(const struct bolt_session *session, unsigned *ret_major, unsigned *ret_minor);

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
struct bolt_result {
	const char *const *fields;
	uint32_t n_fields;
	const struct bolt_value *rows; // each a BOLT_LIST of n_fields values
	uint32_t n_rows;
	const struct bolt_value *summary; // the metadata map of the last SUCCESS
};

// Runs one auto-commit query and pulls all rows. After ERR_SERVER or ERR_FORBIDDEN (err.code holds the Neo4j
// code, err.text the message) the session was RESET and is usable; after any other error it is dead and
// further calls fail with ERR_IO.
int bolt_session_query(struct bolt_session *session, const struct bolt_query *query, int64_t deadline,
		       struct arena *arena, struct bolt_result *ret, struct err *err);

// The value in a row by field name; NULL when there is no such row or field.
const struct bolt_value *bolt_result_get(const struct bolt_result *result, uint32_t row, const char *field);
