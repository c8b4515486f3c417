// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The bearers of the process: one for each pair of client credentials. A pair is known by its digest alone, and a bearer is wiped
// when it ends. Of several that need the bearer of one pair at the same time the first fetches it, and the others wait for that. Any thread.

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define BEARERS_MAX 256

struct aura_credential {
	const char *id, *secret;
};

struct bearers;

struct bearers *bearers_new(void);
void bearers_free(struct bearers *bearers);
DEFINE_CLEANUP(struct bearers *, bearers_free);

// Fetches a bearer into ret; how long it lives goes into ret_lives_ms. It is called without a lock.
struct bearer_source {
	int (*fetch)(void *user, const struct aura_credential *credential, struct buf *ret, int64_t *ret_lives_ms, struct err *err);
	void *user;
	int timeout_ms; // how long another caller's fetch is waited for
};

struct bearer {
	struct buf text;    // of BUF_INIT_SECRET(); the caller releases it
	int64_t fetched_ms; // monotonic
};

// A copy of the pair's bearer, fetched when there is none. The error of a fetch is kept, too: for as long as it asks (retry_after_ms), or for a
// minute when the pair was refused, everyone gets the same one.
int bearers_get(struct bearers *bearers, const struct aura_credential *credential, const struct bearer_source *source, int64_t now_ms,
		struct bearer *ret, struct err *err);

// The service did not take this bearer: the next caller fetches another, unless somebody has by now.
void bearers_drop(struct bearers *bearers, const struct aura_credential *credential, const struct bearer *refused);
