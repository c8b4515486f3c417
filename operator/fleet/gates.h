// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which step of the registration comes next: the gates in their order, each with its own words while it is closed. Pure.

#include <stdbool.h>

#include "api/dbms.h"
#include "base/arena.h"
#include "operator/object/reason.h"

enum fleet_step {
	FLEET_REST,	// nothing to do and nothing to say: Fleet Manager was never enabled
	FLEET_OFF,	// it was enabled before and is no longer
	FLEET_LATCHED,	// registered: no call, whatever the Secret holds
	FLEET_FOLLOW,	// registered, and the Secret's token may replace the servers' (operator/fleet/token_follow.h)
	FLEET_WAIT,	// a gate is closed
	FLEET_REGISTER, // all gates are open: read the token and register
};

struct fleet_facts {
	bool enabled;
	bool seen;		     // the status has the map, so it was enabled before
	bool registered;	     // in the status, and of this very resource (fleet_is_copied())
	bool has_token_source;
	bool follow_secret;
	enum reason obstacle_reason; // why the image cannot have the plugin
	const char *obstacle;	     // NULL when it can
	const char *unknown_version; // why we do not know yet whether it can; NULL when we do
	bool ready;		     // phase Ready, computed in this very pass
	const char *phase_message;
	const char *untold; // no longer enabled, and why no server could be told; NULL: a server was told
	const char *off_message; // the words of the status if it already says Disabled; else NULL
};

struct fleet_decision {
	enum fleet_step step;
	enum reason reason;
	const char *message;
};

// The user's command that makes the operator register a deployment with the token now in its Secret.
const char *fleet_register_command(const struct dbms *dbms, struct arena *arena);

// Whether the status tells of another resource's registration, restored from a copy: this resource was made after that registration. Times are
// RFC 3339; false where one is unknown (NULL).
bool fleet_is_copied(const char *created, const char *last_registration);

// Whether a registration is older than the spec's registeredSince (NULL: not set), and that time has come. *ret_wait_ms: the time until it
// comes; 0: it has come, or is not set. It compares whole seconds, like lastRegistrationTime.
bool fleet_is_outdated(const char *since, const char *last_registration, int64_t now_ms, int64_t *ret_wait_ms);

void fleet_decide(const struct fleet_facts *facts, struct arena *arena, struct fleet_decision *ret);
