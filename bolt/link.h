// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// One blocking connection; every call has a deadline. It consists of a wire, the sans-I/O machine of bolt/conn.h, and bytes that were read but
// not used. A link belongs to one thread at a time; bolt_cancel_fire() may come from any.
//
//   struct bolt_link *link;
//   bolt_link_open(&(struct bolt_target){.host = "10.0.0.7", .user_agent = "app/1"}, &auth, deadline, &link, &err);
//   bolt_link_query(link, &(struct bolt_query){.text = "RETURN $x AS x", .params = &map}, deadline, arena, &table, &err);
//   const struct bolt_value *x = bolt_table_get(&table, 0, "x");
//   bolt_link_close(link);
//
// For streaming, or anything but small whole results, append requests to bolt_link_conn() and read events by bolt_link_next().

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/auth.h"
#include "bolt/cancel.h"
#include "bolt/codes.h"
#include "bolt/conn.h"
#include "bolt/target.h"
#include "bolt/value.h"

struct bolt_link;

// Connects, shakes hands (manifest v1, 5.x, 4.4, 4.3) and logs on. deadline: base/clock.h, monotonic. Errors that a caller may match: ERR_IO
// (nobody listens, reset, closed before an answer), ERR_TIMEOUT, ERR_CANCELLED, ERR_PROTOCOL (no Bolt there, or no common version: the text
// names both offers; or, with the code BOLT_CERTIFICATE_REFUSED, a refused certificate), ERR_FORBIDDEN with err.code the Neo4j code
// (Unauthorized, CredentialsExpired, AuthenticationRateLimit; a password that the user must change first is refused unless target->expired_ok,
// though the server would let the user in for that), ERR_SERVER with err.code for other failures; ERR_TOO_LARGE and ERR_TOO_MANY by the target's
// limits, as from every call below that waits for an answer.
int bolt_link_open(const struct bolt_target *target, const struct bolt_auth *auth, int64_t deadline, struct bolt_link **ret,
		   struct err *err);

// The same, but HELLO and LOGON stay in the output and go out with the first requests, in one flight, where the version allows it (5.1 and
// later; before, this is bolt_link_open()). The first call that waits takes their answers and returns their errors: bolt_link_settle(),
// bolt_link_next(), bolt_link_query(). BEGIN, ROUTE and their like change nothing and may go with them; a statement waits for the answer to the
// login (conn_run() is ERR_INVALID before it).
int bolt_link_begin(const struct bolt_target *target, const struct bolt_auth *auth, int64_t deadline, struct bolt_link **ret,
		    struct err *err);

// Waits for the answers to HELLO and LOGON if they are due. Errors are those of bolt_link_open().
int bolt_link_settle(struct bolt_link *link, int64_t deadline, struct err *err);

// bolt_link_begin() on a connected socket, which it takes over in any case; the target's host is only the name that TLS asks for where
// server_name is NULL.
int bolt_link_adopt(int fd, const struct bolt_target *target, const struct bolt_auth *auth, int64_t deadline,
		    struct bolt_link **ret, struct err *err);

// Sends GOODBYE when the connection is healthy (without waiting long), closes, frees. NULL is allowed.
void bolt_link_close(struct bolt_link *link);
DEFINE_CLEANUP(struct bolt_link *, bolt_link_close);

// "Neo4j/5.26.12" and "bolt-1234", "" while unknown; and the agreed version.
const char *bolt_link_server(const struct bolt_link *link);
const char *bolt_link_connection_id(const struct bolt_link *link);
struct bolt_version bolt_link_version(const struct bolt_link *link);

// The limits in force; none of them is 0.
const struct bolt_limits *bolt_link_limits(const struct bolt_link *link);

// After an I/O or protocol error, a timeout or a cancellation the link can only be closed.
bool bolt_link_is_dead(const struct bolt_link *link);

// From now on the calls of this link listen to cancel; NULL: to none. It must outlive them. At first they listen to the target's.
void bolt_link_set_cancel(struct bolt_link *link, struct bolt_cancel *cancel);

// The machine, to append requests to.
struct conn *bolt_link_conn(struct bolt_link *link);

// Sends what was appended, without waiting for an answer.
int bolt_link_flush(struct bolt_link *link, int64_t deadline, struct err *err);

// Sends what was appended and waits for the next event. A server's failure is an event and no error, except a failure of HELLO or LOGON. Calling
// it with no answer due is ERR_INVALID.
int bolt_link_next(struct bolt_link *link, int64_t deadline, struct arena *arena, struct conn_event *ret, struct err *err);

// The next calls of bolt_link_next() wait for the answer to this request: nobody wants the due answers before it by themselves, so the link need
// not wake up for each. No effect where it is not due.
void bolt_link_expect(struct bolt_link *link, enum conn_request request);

// Sends RESET and drops all answers that are due before its own: the link is as after opening, or dead (ERR_SERVER: the server refused it).
int bolt_link_reset(struct bolt_link *link, int64_t deadline, struct err *err);

// The failure of the last call, if it ended with ERR_SERVER or ERR_FORBIDDEN, until the next call; NULL: there was none.
const struct bolt_failure *bolt_link_failure(const struct bolt_link *link);

struct bolt_table;

// Called for each row as it comes, instead of keeping it: the values are gone after the call. Copies in the query's arena count as the result
// does. An error ends the query and the connection with this error; so does any other value than 0 (ERR_INTERNAL where no error was set).
typedef int (*bolt_row_fn)(void *user, const struct bolt_table *table, const struct bolt_value *row, struct err *err);

struct bolt_query {
	const char *text;
	const struct bolt_value *params;  // a map; NULL for none
	const char *database;		  // NULL for the user's home database
	bool read;			  // access mode "r"; default "w"
	const char *impersonated_user;	  // NULL
	int64_t tx_timeout_ms;		  // 0: the server's
	uint32_t max_rows;		  // more rows than this is ERR_TOO_LARGE; 0: 10,000
	bool secret_params;		  // wipe the encoded parameters after sending
	bolt_row_fn on_row;		  // NULL: all rows are in the table
	void *user;
	const void *reserved[BOLT_RESERVED];
};

// All rows of a result, in the caller's arena.
struct bolt_table {
	const char *const *fields;
	uint32_t n_fields;
	const struct bolt_value *rows; // each a BOLT_LIST of n_fields values
	uint32_t n_rows;
	const struct bolt_value *summary; // the metadata map of the last SUCCESS
};

// Runs one auto-commit query and pulls all rows. After ERR_SERVER or ERR_FORBIDDEN (err.code holds the Neo4j code, err.text the message) the
// link was RESET and is usable. After any other error it is dead and further calls fail with ERR_IO; then nobody knows whether a query that
// writes was done. A request that cannot be sent leaves the link as it was (ERR_INVALID: the version cannot carry it, answers are due that
// nobody took, or an earlier request failed and there was no RESET; ERR_TOO_LARGE: the request is too large); bolt_link_is_dead() tells.
int bolt_link_query(struct bolt_link *link, const struct bolt_query *query, int64_t deadline, struct arena *arena,
		    struct bolt_table *ret, struct err *err);

// The value in a row by field name; NULL when there is no such row or field.
const struct bolt_value *bolt_row_get(const struct bolt_table *table, const struct bolt_value *row, const char *field);
const struct bolt_value *bolt_table_get(const struct bolt_table *table, uint32_t row, const char *field);
