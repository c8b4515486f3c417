// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A kept copy of credentials, in memory that is wiped when it is freed.

#include <stdbool.h>

#include "base/cleanup.h"
#include "bolt/auth.h"

struct login {
	struct arena *arena;
	struct bolt_auth auth;
};

// Leaves out empty members, except a basic password and a principal.
struct login *login_new(const struct bolt_auth *auth);
void login_free(struct login *login); // NULL is allowed
DEFINE_CLEANUP(struct login *, login_free);

// Whether a server would be told the same with either.
bool login_equal(const struct bolt_auth *a, const struct bolt_auth *b);
