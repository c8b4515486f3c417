// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The bars after refused logins, one for each deployment. The passes of a deployment and of its plugins log in to the same servers, may run at
// the same time, and each has a memory of its own: without a common bar each of them would try the refused password once a minute, and Neo4j
// locks the user out after three wrong passwords (B5). Any thread.

#include <stdbool.h>
#include <stdint.h>

#include "operator/object/basis.h"
#include "operator/object/kept.h"

struct login_bar {
	struct basis basis; // the Secret and the runs of the servers
	bool limited;	    // the server did not look at the password
	int64_t until_ms;   // monotonic
	char message[KEPT_TEXT_SIZE];
};

struct login_bars;

struct login_bars *login_bars_new(void);
void login_bars_free(struct login_bars *bars); // NULL is allowed

// Copies the deployment's bar while it holds for this basis; false: it does not. key is the deployment's in the work queue. Here and below,
// bars is NULL where nobody else logs in.
bool login_bars_hold(struct login_bars *bars, const char *key, const char *basis, struct login_bar *ret);

// Call it right before a login. A bar whose time is over lets one login pass and holds all others for hold_ms, until login_bars_set() or
// login_bars_lift() tells what came of it. True, with a copy: the bar holds this login, too.
bool login_bars_enter(struct login_bars *bars, const char *key, const char *basis, int64_t hold_ms, struct login_bar *ret);

void login_bars_set(struct login_bars *bars, const char *key, const struct login_bar *bar); // the password was refused
void login_bars_lift(struct login_bars *bars, const char *key);				     // it was taken, or the deployment is gone
void login_bars_release(struct login_bars *bars, const char *key);			     // no server answered: the next login may pass
