// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// With tokenPolicy FollowSecret: when the Secret's token is to be held against the one that the servers hold (F1), and when one is to be
// registered that the servers have lost (F2). Which of two tokens stays is read off the tokens by the exchange
// (operator/fleet/registration_exchange.h); this is its pace, and forgetting all of it costs one comparison. Pure.

#include <stdbool.h>
#include <stdint.h>

#include "operator/object/basis.h"

struct follow_memory {
	struct basis source; // of the Secret whose token was compared last
	struct basis held;   // the servers' token then
	bool differs;	     // a look has found another one since
	bool outlived;	     // that token had expired: whichever the servers hold, it is the older one
	struct basis lost;   // with what a token was registered last in the place of a lost one, or was lost at once
	unsigned losses;     // how often in a row, with the same
	int64_t next_ms;     // monotonic; nothing is called before, with the same
};

struct follow_facts {
	const char *source; // which Secret and key, and of which version
	const char *runs;   // of the pods: where servers have started anew, a loss is another one
	bool gone;	    // the servers hold no token
};

enum follow_step {
	FOLLOW_REST,	// nothing has changed
	FOLLOW_WAIT,	// the servers have lost this token before: *ret_left_ms until it may be registered again
	FOLLOW_COMPARE, // now
};

enum follow_step follow_step(const struct follow_memory *memory, const struct follow_facts *facts, int64_t now_ms, int64_t *ret_left_ms);

// What came of a comparison.
struct follow_outcome {
	bool called;	  // the Secret's token was given to a server
	bool registered;  // the servers hold a good one now: the Secret's, or their own
	bool outlived;	  // the Secret's token has expired, and the servers' stays
	const char *held; // which (registration_result.held); NULL: not known
};
void follow_note_compared(struct follow_memory *memory, const struct follow_facts *facts, const struct follow_outcome *outcome, int64_t now_ms);

// A look at a server: the token that it holds (connection_result.held; NULL: not known), and whether it talks to the service.
void follow_note_look(struct follow_memory *memory, const char *held, bool connected);
