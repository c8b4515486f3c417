// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The offsets of time zones, from the machine's own database (tzdata).

#include <stdbool.h>
#include <stdint.h>

// Once, before any thread: the zone that zone_offset() asks for stands in the environment, at a place of this process's own.
void zone_begin(void);

// The offset in seconds that a zone has at a second since 1970. False: the machine has no such zone, or does not reach so far.
bool zone_offset(const char *zone, int64_t second, int32_t *ret);
