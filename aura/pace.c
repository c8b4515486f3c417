// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A bucket of ten calls, into which one more comes every 667 ms: a minute has at most ten and ninety. It is empty at the start of the process, so
// this holds also for the minute that began under the process before, however often processes are started.
//
// During an outage each deployment would hang until its own timeout; instead the first one that comes after the pause tries, and all others are
// sent away until its timeout has passed.

#include "aura/pace.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/must.h"

#define OUTAGE_FIRST_MS INT64_C(5000)
#define OUTAGE_MOST_MS INT64_C(60000)

struct pace {
	pthread_mutex_t lock; // of all members below
	int64_t full_ms; // when the bucket will be full
	int64_t pause_until_ms;
	int64_t outage_until_ms, outage_ms; // outage_ms 0: the service is there
	bool trying; // a call tries whether it is back
	struct err outage;
};

static_assert(PACE_AT_ONCE + PACE_MINUTE_MS / PACE_EVERY_MS < PACE_CALLS_A_MINUTE, "a minute's calls, and the one at its end");

struct pace *pace_new(int64_t now_ms)
{
	struct pace *pace = must(calloc(1, sizeof(*pace)));

	(void)pthread_mutex_init(&pace->lock, NULL);
	pace->full_ms = now_ms + (int64_t)PACE_AT_ONCE * PACE_EVERY_MS;
	return pace;
}

void pace_free(struct pace *pace)
{
	(void)pthread_mutex_destroy(&pace->lock);
	free(pace);
}

static int refuse(struct err *err, int64_t left_ms, const char *why)
{
	int r = err_set(err, ERR_TOO_MANY, "%s", why);

	err->retry_after_ms = (int)left_ms;
	return r;
}

static int refuse_away(const struct pace *pace, int64_t left_ms, struct err *err)
{
	*err = pace->outage;
	err->retry_after_ms = (int)left_ms;
	return err->class;
}

static int take(struct pace *pace, int64_t now_ms, int timeout_ms, struct err *err)
{
	int64_t free_ms = pace->full_ms - (int64_t)(PACE_AT_ONCE - 1) * PACE_EVERY_MS;

	if (pace->pause_until_ms > now_ms)
		return refuse(err, pace->pause_until_ms - now_ms, "the Aura API asks for a pause");
	if (pace->outage_ms && pace->outage_until_ms > now_ms)
		return refuse_away(pace, pace->outage_until_ms - now_ms, err);
	if (free_ms > now_ms)
		return refuse(err, free_ms - now_ms, "the limit of calls to the Aura API is used up at this moment");
	pace->trying = pace->outage_ms > 0;
	if (pace->trying)
		pace->outage_until_ms = now_ms + timeout_ms;
	pace->full_ms = (pace->full_ms > now_ms ? pace->full_ms : now_ms) + PACE_EVERY_MS;
	return 0;
}

int pace_take(struct pace *pace, int64_t now_ms, int timeout_ms, struct err *err)
{
	int r;

	(void)pthread_mutex_lock(&pace->lock);
	r = take(pace, now_ms, timeout_ms, err);
	(void)pthread_mutex_unlock(&pace->lock);
	return r;
}

void pace_note_answer(struct pace *pace)
{
	(void)pthread_mutex_lock(&pace->lock);
	pace->outage_ms = 0;
	(void)pthread_mutex_unlock(&pace->lock);
}

void pace_note_pause(struct pace *pace, int64_t now_ms, int ms)
{
	(void)pthread_mutex_lock(&pace->lock);
	if (now_ms + ms > pace->pause_until_ms)
		pace->pause_until_ms = now_ms + ms;
	(void)pthread_mutex_unlock(&pace->lock);
}

// Calls that were under way together count as one failure.
void pace_note_outage(struct pace *pace, int64_t now_ms, const struct err *err)
{
	(void)pthread_mutex_lock(&pace->lock);
	if (!pace->outage_ms)
		pace->outage_ms = OUTAGE_FIRST_MS;
	else if (pace->trying)
		pace->outage_ms = pace->outage_ms * 2 < OUTAGE_MOST_MS ? pace->outage_ms * 2 : OUTAGE_MOST_MS;
	pace->trying = false;
	pace->outage_until_ms = now_ms + pace->outage_ms;
	pace->outage = *err;
	(void)pthread_mutex_unlock(&pace->lock);
}
