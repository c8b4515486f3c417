// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A server's words about a failed request, the same for every version. A server before 5.7 knows no GQL status; then the specification's
// defaults take its place. Source: Bolt message specification, FAILURE.

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/value.h"

// Causes nest up to here; deeper ones are cut.
#define FAILURE_DEPTH_MAX 16

struct bolt_failure {
	const char *code;    // "Neo.ClientError.Statement.SyntaxError"; "" in a cause. Two old codes get their new names
	const char *message; // as it came; the error's text has control characters replaced
	const char *gql_status;
	const char *description;
	const char *classification;		    // "CLIENT_ERROR", "DATABASE_ERROR", "TRANSIENT_ERROR"; NULL: not told
	const struct bolt_value *diagnostic_record; // a map, the defaults filled in
	const struct bolt_failure *cause;	    // NULL: none
};

// Reads a FAILURE's map. A missing member becomes "" or the default; nothing in it is an error.
const struct bolt_failure *failure_read(const struct bolt_value *map, struct arena *arena);

// A copy that outlives the arena of the original.
const struct bolt_failure *bolt_failure_copy(const struct bolt_failure *failure, struct arena *arena);

// Makes the error: ERR_FORBIDDEN for Neo.ClientError.Security.*, else ERR_SERVER, with code and message.
int failure_to_err(const struct bolt_failure *failure, struct err *err);
