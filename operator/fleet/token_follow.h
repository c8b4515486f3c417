// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// With tokenPolicy FollowSecret: when to compare the Secret's token with the servers' (F1), and when to register a token that the servers have
// lost (F2). The exchange reads off the two tokens which of them stays (operator/fleet/registration_exchange.h); this file is its pace, and
// forgetting all of it costs one comparison. Pure.

#include <stdbool.h>
#include <stdint.h>

#include "operator/object/basis.h"

struct follow_memory {
	struct basis source; // of the Secret whose token was compared last
	struct basis held;   // the servers' token then
	bool differs;	     // a look has found another token since
	bool outlived;	     // that token had expired: any token of the servers is the newer one
	struct basis lost;   // the Secret and runs for which a token last replaced a lost one, or was lost at once
	unsigned losses;     // how often in a row, for the same
	int64_t next_ms;     // monotonic; no call before, for the same
};

struct follow_facts {
	const char *source; // the Secret, its key and its version
	const char *runs;   // of the pods: a loss after a new start of servers is another loss
	bool gone;	    // the servers hold no token
};

enum follow_step {
	FOLLOW_REST,	// nothing has changed
	FOLLOW_WAIT,	// the servers have lost this token before: *ret_left_ms until it may be registered again
	FOLLOW_COMPARE, // now
};

enum follow_step follow_step(const struct follow_memory *memory, const struct follow_facts *facts, int64_t now_ms, int64_t *ret_left_ms);

// The result of a comparison.
struct follow_outcome {
	bool called;	  // the Secret's token was given to a server
	bool registered;  // the servers now hold a good token: the Secret's, or their own
	bool outlived;	  // the Secret's token has expired, and the servers' stays
	const char *held; // the servers' token (registration_result.held); NULL: not known
};
void follow_note_compared(struct follow_memory *memory, const struct follow_facts *facts, const struct follow_outcome *outcome, int64_t now_ms);

// A look at a server: the token that it holds (connection_result.held; NULL: not known), and whether it talks to the service.
void follow_note_look(struct follow_memory *memory, const char *held, bool connected);
