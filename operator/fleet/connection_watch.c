// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/fleet/connection_watch.h"

#include "base/clock.h"

#define RETRY_MS INT64_C(1000) // of one that is due and could not be taken

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

bool connection_watch_due(const struct connection_watch *looks, int64_t now_ms, unsigned *ret_taken)
{
	*ret_taken = looks->taken;
	while (*ret_taken < LOOKS && now_ms >= looks->since_ms + after_ms[*ret_taken])
		(*ret_taken)++;
	return *ret_taken > looks->taken;
}

int64_t connection_watch_left_ms(const struct connection_watch *looks, int64_t now_ms)
{
	int64_t left;

	if (looks->taken == LOOKS)
		return 0;
	left = looks->since_ms + after_ms[looks->taken] - now_ms;
	return left > 0 ? left : RETRY_MS;
}
