// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What comes next on the way to a deployment in Aura and its token (F4), one step a pass. Pure.
//
// The service has no key that makes a second call to make a deployment harmless. So the operator looks at the project's list, writes down what it
// is about to make, makes it, and writes down the id. If it dies between the last two, or the answer is lost, the next look finds the deployment
// by the name and the connection URL that were written down. A call that was under way at that moment gets time to come to its end before another
// one is made. Only what was written down while the name was free can be ours; anything else is somebody else's, and stays as it is.
//
// A token is made in the same way: a new one ends the one before at the service, so a call that comes late would leave a dead one in the Secret.
// Each try is written down with a number before the call, and the Secret bears the number: only the token of the last try serves.

#include <stdbool.h>
#include <stdint.h>

enum provision_step {
	PROVISION_RENEW,   // write the record anew: its call has not begun, and may not begin any more
	PROVISION_LOOK,	   // at the project's list, then provision_after_look()
	PROVISION_MAKE,	   // the deployment
	PROVISION_CONFIRM, // by the list that the deployment is there
	PROVISION_INTEND,  // write down that a token is about to be made
	PROVISION_MINT,	   // a token, into the Secret
	PROVISION_SETTLE,  // a call for a token may still be under way
	PROVISION_READY,   // the Secret's token serves the next registration
	PROVISION_CHANGED, // the spec asks for another deployment than the one that was made
	PROVISION_OBSTRUCTED, // the token's Secret is somebody else's
};

enum provision_secret { PROVISION_SECRET_NONE, PROVISION_SECRET_FOREIGN, PROVISION_SECRET_OLD, PROVISION_SECRET_FRESH };

struct provision_facts {
	bool recorded; // there is a record
	bool fits;     // the spec asks for the recorded deployment
	bool made;     // the record has an id
	bool doubted;  // a call for a token was refused as it is for a deployment that is unknown
	bool fresh;    // this process has written the record, and has not tried since
	bool usable;   // the last try that the record tells of is so young that its call may still begin
	bool settled;  // no call for a token that the record tells of can be under way
	enum provision_secret secret;
};

enum provision_step provision_next(const struct provision_facts *facts);

enum provision_match {
	PROVISION_MATCH_NONE,  // no deployment of this name
	PROVISION_MATCH_NAME,  // one of this name, with another connection URL
	PROVISION_MATCH_WHOLE, // of this name and connection URL
};

enum provision_finding {
	PROVISION_SET_OUT, // write the record, of a first or another try
	PROVISION_KEEP,	   // it is ours: write its id
	PROVISION_DROP,	   // nothing was made by the record, and the spec asks for another: take the record away
	PROVISION_TAKEN,   // the name is somebody else's; a record has to go
	PROVISION_WAIT,	   // a call may still be under way
};

// settled: a call that was under way when the record was written is over.
enum provision_finding provision_after_look(const struct provision_facts *facts, enum provision_match match, bool settled);

// A refused call to make it: whether the refusal proves that nothing of this name is ours, so that the record must go. Only the first try can: a
// later one may have met the deployment that an earlier one has made.
bool provision_is_refuted(int64_t tries, bool name_taken);
