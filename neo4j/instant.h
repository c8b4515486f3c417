// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A point in time as the servers read it, which is Java's way: "2030-01-01T00:00:00Z". Pure. Source: Java, Instant.parse;
// test/unit/neo4j/test_verdicts.c compares it with the servers' own classes.

#include <stdint.h>

// Seconds are required, a fraction has up to nine digits, the offset is Z or +02:00 (at most 18 hours, with seconds if needed), 24:00:00 is the
// beginning of the next day, and years beyond 9999 have a sign. -1 where the server raises an error. A time beyond 64 bits becomes the greatest
// number.
int instant_parse(const char *text, int64_t *ret_wall_ms);
