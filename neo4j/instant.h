// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A point in time as the servers read it, which is Java's way: "2030-01-01T00:00:00Z". Pure. Source: Java, Instant.parse; held against the
// servers' own classes by test/unit/neo4j/test_verdicts.c.

#include <stdint.h>

// Seconds are needed, a fraction has up to nine digits, the offset is Z or +02:00 (at most 18 hours, seconds if need be), 24:00:00 is the
// next day's beginning, and years beyond 9999 have a sign. -1 where the server raises an error. What is beyond 64 bits is the greatest number.
int instant_parse(const char *text, int64_t *ret_wall_ms);
