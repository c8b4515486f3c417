// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the operator says to a server over Bolt on the way to a registration, by itself: for the floor.

#include "base/err.h"

struct exchange {
	const char *address; // of the pod
	const char *password;
	const char *token;
};

// "login": logs in, and leaves. "survey": and asks for servers and databases. "register": the registration's statements.
// What fails is an error, a registration that is refused included.
int exchange_perform(const struct exchange *exchange, const char *what, struct err *err);
