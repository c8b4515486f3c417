// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/fleet/connection_watch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "operator/object/digest.h"

#define PLACE_DIGITS 12 // of a digest: enough for any interval
#define RETRY_MS INT64_C(1000) // for a look that is due and could not be taken

static const int64_t after_ms[] = {5000, 30000, 90000};
#define LOOKS (sizeof(after_ms) / sizeof(after_ms[0]))

static void later(int64_t *last_ms, const char *text)
{
	int64_t ms;

	if (text && time_parse_rfc3339(text, &ms) == 0 && ms > *last_ms)
		*last_ms = ms;
}

int64_t connection_watch_age(const char *registered_at, const struct pod *pods, size_t n, int64_t wall_ms)
{
	int64_t last_ms = 0;

	later(&last_ms, registered_at);
	for (size_t i = 0; i < n; i++)
		later(&last_ms, pods[i].started_at);
	return last_ms > 0 && wall_ms - last_ms >= after_ms[0] ? wall_ms - last_ms : 0;
}

void connection_watch_begin(struct connection_watch *looks, int64_t now_ms, int64_t age_ms)
{
	*looks = (struct connection_watch){.since_ms = now_ms - age_ms};
}

struct connection_pace connection_watch_pace(int64_t interval_ms, const char *uid)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	char digits[PLACE_DIGITS + 1] = "";

	memcpy(digits, digest_of(uid, arena), PLACE_DIGITS);
	return (struct connection_pace){.interval_ms = interval_ms,
					.offset_ms = interval_ms ? strtoll(digits, NULL, 16) % interval_ms : 0};
}

// The first point of the grid after the last look.
static int64_t next_ms(const struct connection_watch *looks, const struct connection_pace *pace)
{
	int64_t past = (looks->looked_ms - pace->offset_ms) % pace->interval_ms;

	return looks->looked_ms - (past < 0 ? past + pace->interval_ms : past) + pace->interval_ms;
}

bool connection_watch_due(const struct connection_watch *looks, const struct connection_pace *pace, int64_t now_ms, unsigned *ret_taken)
{
	assert(looks->taken <= LOOKS);
	*ret_taken = looks->taken;
	while (*ret_taken < LOOKS && now_ms >= looks->since_ms + after_ms[*ret_taken])
		(*ret_taken)++;
	if (looks->doubted)
		return true;
	if (looks->taken == LOOKS && pace->interval_ms)
		return now_ms >= next_ms(looks, pace);
	return *ret_taken > looks->taken;
}

void connection_watch_take(struct connection_watch *looks, unsigned taken, int64_t now_ms)
{
	looks->taken = taken;
	looks->looked_ms = now_ms;
	looks->doubted = false;
}

int64_t connection_watch_doubt(struct connection_watch *looks)
{
	looks->doubted = true;
	return RETRY_MS;
}

int64_t connection_watch_left_ms(const struct connection_watch *looks, const struct connection_pace *pace, int64_t now_ms)
{
	int64_t left;

	if (looks->doubted)
		return RETRY_MS;
	if (looks->taken == LOOKS && !pace->interval_ms)
		return 0;
	left = (looks->taken == LOOKS ? next_ms(looks, pace) : looks->since_ms + after_ms[looks->taken]) - now_ms;
	return left > 0 ? left : RETRY_MS;
}
