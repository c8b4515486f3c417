// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The rows of a query as they come. A result asks for at most one batch at a time (the session's fetch size) and keeps one row, so its memory
// does not grow. A result belongs to the thread of its session. The caller frees it, before or after its transaction and its session; once these
// have ended, only kept rows can be read.
//
//   const struct bolt_value *row;
//   while ((r = bolt_result_next(result, deadline, &row, &err)) > 0)
//           use(bolt_result_get(result, row, "name"));

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "bolt/summary.h"
#include "bolt/value.h"

struct bolt_result;

// The columns, known from the start.
const char *const *bolt_result_keys(const struct bolt_result *result, uint32_t *ret_n);

// 1: *ret is the next row, a BOLT_LIST of as many values as there are keys, which lives until the next call with this result; 0: there is none.
// After an error every later call returns the same one. ERR_SERVER, ERR_FORBIDDEN (err.code is Neo4j's, bolt_session_failure() the rest),
// ERR_IO, ERR_TIMEOUT, ERR_CANCELLED, ERR_PROTOCOL; ERR_INVALID: the result's transaction or session has ended, or the result was consumed.
int bolt_result_next(struct bolt_result *result, int64_t deadline, const struct bolt_value **ret, struct err *err);

// The same, but the row stays the next one.
int bolt_result_peek(struct bolt_result *result, int64_t deadline, const struct bolt_value **ret, struct err *err);

// The only row. ERR_NOT_FOUND when there is none, and ERR_CONFLICT when there are more, which it discards.
int bolt_result_single(struct bolt_result *result, int64_t deadline, const struct bolt_value **ret, struct err *err);

// The rest of a result: at most this many rows, copied into the arena. ERR_TOO_LARGE when there are more (or more than the driver's limits
// allow); the rest can still be read or discarded. *ret is a BOLT_LIST of rows.
int bolt_result_all(struct bolt_result *result, uint32_t max_rows, int64_t deadline, struct arena *arena, struct bolt_value *ret,
		    struct err *err);

// Discards the rest and returns the summary, which lives as long as the result. May be called again.
int bolt_result_consume(struct bolt_result *result, int64_t deadline, const struct bolt_summary **ret, struct err *err);

// Discards the rest (without waiting long) and frees. NULL is allowed.
void bolt_result_free(struct bolt_result *result);
DEFINE_CLEANUP(struct bolt_result *, bolt_result_free);

// The value of a column in a row; NULL where there is no such column.
const struct bolt_value *bolt_result_get(const struct bolt_result *result, const struct bolt_value *row, const char *key);
