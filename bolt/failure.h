// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a server says of a request that failed: the same for every version. Before 5.7 a server knows no GQL status; what stands
// in its place is what the specification prescribes. Source: Bolt message specification, FAILURE.

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/value.h"

// Causes are nested up to here; a server that nests more is cut.
#define FAILURE_DEPTH_MAX 16

struct bolt_failure {
	const char *code;    // "Neo.ClientError.Statement.SyntaxError"; "" in a cause. Two old codes are given their new names
	const char *message; // as it came; the error of it has control characters replaced
	const char *gql_status;
	const char *description;
	const char *classification;		    // "CLIENT_ERROR", "DATABASE_ERROR", "TRANSIENT_ERROR"; NULL: not told
	const struct bolt_value *diagnostic_record; // a map, the defaults filled in
	const struct bolt_failure *cause;	    // NULL: none
};

// Reads a FAILURE's map. What it does not have becomes "" or the default; nothing in it is an error.
const struct bolt_failure *failure_read(const struct bolt_value *map, struct arena *arena);

// A copy that outlives the arena it was read with.
const struct bolt_failure *bolt_failure_copy(const struct bolt_failure *failure, struct arena *arena);

// The error of it: ERR_FORBIDDEN for Neo.ClientError.Security.*, else ERR_SERVER, with code and message.
int failure_to_err(const struct bolt_failure *failure, struct err *err);
