// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The values of settings by the servers' own grammar, as they stand in neo4j.conf. Pure. False means that the server refuses the value, or that
// the value is one of the few oddities in the table of differences (test/neo4j/differences.tsv).

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

// Bytes: a number (which may have a fraction, commas between its digits, and an exponent after "E"), blanks, and one of the units B, KiB KB K kB
// kb k, the same of M and G, TiB TB, PiB PB, EiB EB, all of which are powers of 1024. After the unit and a blank, anything may follow.
bool conf_value_size(const char *text, uint64_t *ret);

// Seconds ("30"), or numbers with units in a row ("1h30m"): ns, us, ms, s, m, h, d in any case.
bool conf_value_duration(const char *text, int64_t *ret_ms);

// "true" or "false" in any case.
bool conf_value_bool(const char *text, bool *ret);

// A whole number between min and max.
bool conf_value_integer(const char *text, int64_t min, int64_t max, int64_t *ret);

struct conf_address {
	const char *host; // NULL: none given
	int port;	  // -1: none given
};

// "host:port", "host", ":port". brackets: the server takes an IPv6 address in brackets without a port, as those of 2026 do.
bool conf_value_address(const char *text, bool brackets, struct arena *arena, struct conf_address *ret);
