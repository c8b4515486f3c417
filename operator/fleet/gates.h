// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which step of the registration comes next: the gates, in their order, each with its own words while unmet. Pure.

#include <stdbool.h>

#include "api/dbms.h"
#include "base/arena.h"
#include "operator/object/reason.h"

enum fleet_step {
	FLEET_REST,	// nothing to do and nothing to say: it was never enabled
	FLEET_OFF,	// enabled was seen before, and is no more
	FLEET_LATCHED,	// registered: no call, whatever the Secret holds
	FLEET_FOLLOW,	// registered, and the Secret's token may take the place of the servers' (operator/fleet/token_follow.h)
	FLEET_WAIT,	// a gate is unmet
	FLEET_REGISTER, // all gates are open: read the token and register
};

struct fleet_facts {
	bool enabled;
	bool seen;		     // the status has the map: enabled was seen before
	bool registered;	     // in the status, and that of this very resource (fleet_is_copied())
	bool has_token_source;
	bool follow_secret;
	enum reason obstacle_reason; // why the plugin cannot be had
	const char *obstacle;	     // NULL when it can
	const char *unknown_version; // why it is not known yet whether it can; NULL when it is
	bool ready;		     // phase Ready, computed in this very pass
	const char *phase_message;
	const char *untold; // enabled no more, and why no server could be told; NULL: one was
	const char *off_message; // what the status says if it says Disabled already; else NULL
};

struct fleet_decision {
	enum fleet_step step;
	enum reason reason;
	const char *message;
};

// The command of the user's page that has a deployment registered with the token that its Secret holds then.
const char *fleet_register_command(const struct dbms *dbms, struct arena *arena);

// Whether what the status says of a registration is another one's, restored from a copy: this resource was made after that
// registration. Times are RFC 3339; NULL: unknown, and then it is not.
bool fleet_is_copied(const char *created, const char *last_registration);

// Whether a registration is older than the spec's registeredSince, and that time has come; NULL: none is asked for. *ret_wait_ms: until it
// comes; 0: it has, or there is none. Of whole seconds, as lastRegistrationTime is.
bool fleet_is_outdated(const char *since, const char *last_registration, int64_t now_ms, int64_t *ret_wait_ms);

void fleet_decide(const struct fleet_facts *facts, struct arena *arena, struct fleet_decision *ret);
