// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// When to look at the servers' connection to the service: 5, 30 and 90 s after the registration or a pod's restart (D6), and at an interval from
// then on (F2). The later times lie on a grid that begins elsewhere for each deployment, so that deployments that were registered together, or
// that an operator finds at its start, are not looked at together. Pure.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "operator/object/pod.h"

struct connection_watch {
	int64_t since_ms; // monotonic; the times above count from here
	unsigned taken;	  // how many of the first ones have passed
	int64_t looked_ms; // monotonic; when the last look was taken
	bool doubted;	  // something has contradicted the last look
};

struct connection_pace {
	int64_t interval_ms; // 0: none after the first ones
	int64_t offset_ms;   // of the grid
};

struct connection_pace connection_watch_pace(int64_t interval_ms, const char *uid);

// Milliseconds since the later of the registration and the newest pod start, by the wall clock; used after an operator restart. 0 where that is
// shorter than the delay of the first look, since the times have whole seconds. registered_at: RFC 3339; NULL: unknown.
int64_t connection_watch_age(const char *registered_at, const struct pod *pods, size_t n, int64_t wall_ms);

void connection_watch_begin(struct connection_watch *looks, int64_t now_ms, int64_t age_ms);

// Whether a look is due; *ret_taken is the value for looks->taken after it. Several missed looks count as one.
bool connection_watch_due(const struct connection_watch *looks, const struct connection_pace *pace, int64_t now_ms, unsigned *ret_taken);

void connection_watch_take(struct connection_watch *looks, unsigned taken, int64_t now_ms);

// Something contradicts the last look: another look is due, whatever the times say. Returns how soon.
int64_t connection_watch_doubt(struct connection_watch *looks);

// How long until the next; 0: there is none.
int64_t connection_watch_left_ms(const struct connection_watch *looks, const struct connection_pace *pace, int64_t now_ms);
