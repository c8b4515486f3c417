// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Monotonic and wall time in milliseconds, replaceable in tests. Callable from any thread. Monotonic time includes the time in which the
// machine slept (CLOCK_BOOTTIME).

#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct clock {
	int64_t (*monotonic_ms)(void *user);
	int64_t (*wall_ms)(void *user); // since 1970-01-01T00:00:00Z
	void *user;
};

// The system's clocks.
extern const struct clock clock_system;

static inline int64_t clock_monotonic_ms(const struct clock *clock)
{
	return clock && clock->monotonic_ms ? clock->monotonic_ms(clock->user) : clock_system.monotonic_ms(NULL);
}

static inline int64_t clock_wall_ms(const struct clock *clock)
{
	return clock && clock->wall_ms ? clock->wall_ms(clock->user) : clock_system.wall_ms(NULL);
}

// A point of clock_monotonic_ms(&clock_system); DEADLINE_NEVER does not pass.
#define DEADLINE_NEVER INT64_MAX
int64_t deadline_in_ms(int64_t ms);

// Milliseconds left, 0 when passed; cut to INT_MAX so that it fits poll().
int deadline_left_ms(int64_t deadline);

// The deadline as a point of CLOCK_MONOTONIC, for calls that wait until one, such as pthread_cond_timedwait(). A sleep of the machine during
// the wait makes that late; the caller looks at deadline_left_ms() afterwards.
struct timespec deadline_timespec(int64_t deadline);

// RFC 3339 in UTC with seconds, "2025-12-01T10:00:00Z"; size of text at least TIME_TEXT_SIZE.
#define TIME_TEXT_SIZE 32
void time_format_rfc3339(int64_t wall_ms, char *text, size_t size);

// Reads RFC 3339 ("Z" or an offset, optional fraction). Returns -1 when it is none.
int time_parse_rfc3339(const char *text, int64_t *ret_wall_ms);
