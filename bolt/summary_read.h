// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What is made of a server's last word on a result. Pure. Source: Bolt, PULL and DISCARD; the GQL status objects of a server that has
// none (before 5.6) are made as all drivers of Neo4j make them.

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/summary.h"
#include "bolt/value.h"

struct summary_input {
	const struct bolt_value *meta; // lives as long as the arena
	int64_t available_after_ms;    // of the answer to RUN; -1: not told
	const char *database;	       // that was asked for; NULL: home
	bool has_keys, had_record, discarded;
};

// The fields that are read of the meta; the caller fills in the server's. ERR_PROTOCOL.
int summary_read(const struct summary_input *input, struct arena *arena, struct bolt_summary *ret, struct err *err);
