// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Reads a server's last word on a result. Pure. Source: Bolt, PULL and DISCARD; for a server without GQL status objects (before 5.6) they are
// made as all drivers of Neo4j make them.

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/summary.h"
#include "bolt/value.h"

struct summary_input {
	const struct bolt_value *meta; // lives as long as the arena
	int64_t available_after_ms;    // from the answer to RUN; -1: not told
	const char *database;	       // as requested; NULL: home
	bool has_keys, had_record, discarded;
};

// Reads the fields of the meta; the caller fills in the server's. ERR_PROTOCOL.
int summary_read(const struct summary_input *input, struct arena *arena, struct bolt_summary *ret, struct err *err);
