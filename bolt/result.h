// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The rows of a query as they come. At most one batch (the session's fetch size) is asked for at a time, and one row is kept,
// so that memory does not grow with the result. A result belongs to the thread of its session. It is freed by the
// caller, before or after its transaction and its session; once these are done with, only what was kept can be read.
//
//   const struct bolt_value *row;
//   while ((r = bolt_result_next(result, deadline, &row, &err)) > 0)
//           use(bolt_result_get(result, row, "name"));

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "bolt/value.h"

struct bolt_result;

// What a query changed; 0 where the server said nothing.
struct bolt_counters {
	int64_t nodes_created, nodes_deleted, relationships_created, relationships_deleted, properties_set, labels_added,
		labels_removed, indexes_added, indexes_removed, constraints_added, constraints_removed, system_updates;
	bool contains_updates, contains_system_updates; // what the server said, or what the numbers say where it did not
};

// A GQL status; for servers that have none (before 5.6) made of the notifications and of the outcome.
struct bolt_status {
	const char *gql_status;	 // "00000", "01N50", ...
	const char *description;
	struct bolt_value diagnostic; // the diagnostic record, a map with its defaults filled in
	// Of a notification only; else NULL.
	const char *code;	    // "Neo.ClientNotification.Statement.UnknownLabelWarning"; what servers of 5.6 on leave out is NULL
	const char *title, *text;   // in words
	const char *classification; // "HINT", "DEPRECATION", ...
	const char *severity;	    // "WARNING", "INFORMATION"
	struct bolt_value position; // a map of offset, line, column; or null
	bool is_notification;
};

struct bolt_summary {
	const char *address;   // "host:port" that was dialled
	const char *server;    // "Neo4j/5.26.12"
	unsigned major, minor; // of Bolt
	const char *database;  // NULL where the server did not say
	const char *query_type; // "r", "w", "rw", "s"; NULL where the server did not say
	struct bolt_counters counters;
	struct bolt_value plan, profile, notifications; // as the server sent them; null where it did not
	const struct bolt_status *statuses;
	uint32_t n_statuses;
	int64_t available_after_ms, consumed_after_ms; // -1: the server did not say
	struct bolt_value meta; // all of the server's last word
};

// The columns, known from the start.
const char *const *bolt_result_keys(const struct bolt_result *result, uint32_t *ret_n);

// 1: *ret is the next row, a BOLT_LIST of as many values as there are keys, which lives until the next call with this
// result; 0: there is none. After an error every later call gives the same one. ERR_SERVER, ERR_FORBIDDEN (err.code is
// Neo4j's, bolt_session_failure() the rest), ERR_IO, ERR_TIMEOUT, ERR_CANCELLED, ERR_PROTOCOL; ERR_INVALID: the result's
// transaction or session is over, or the result was consumed.
int bolt_result_next(struct bolt_result *result, int64_t deadline, const struct bolt_value **ret, struct err *err);

// As above, but the row stays the next one.
int bolt_result_peek(struct bolt_result *result, int64_t deadline, const struct bolt_value **ret, struct err *err);

// The only row. ERR_NOT_FOUND when there is none and ERR_CONFLICT when there are more, which are discarded.
int bolt_result_single(struct bolt_result *result, int64_t deadline, const struct bolt_value **ret, struct err *err);

// What is left of a result: at most this many rows, copied into the arena. ERR_TOO_LARGE when there are more (or more than
// the limits of the driver allow); the rest stays to be read or discarded. *ret is a BOLT_LIST of rows.
int bolt_result_all(struct bolt_result *result, uint32_t max_rows, int64_t deadline, struct arena *arena, struct bolt_value *ret,
		    struct err *err);

// Discards what is left and gives the summary, which lives as long as the result. May be called again.
int bolt_result_consume(struct bolt_result *result, int64_t deadline, const struct bolt_summary **ret, struct err *err);

// Discards what is left (without waiting long) and frees. NULL is allowed.
void bolt_result_free(struct bolt_result *result);
DEFINE_CLEANUP(struct bolt_result *, bolt_result_free);

// The value of a column in a row; NULL where there is no such column.
const struct bolt_value *bolt_result_get(const struct bolt_result *result, const struct bolt_value *row, const char *key);
