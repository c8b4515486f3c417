// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Who logs on, and how. Plain data: the constructors copy nothing, and an owner of a copy (bolt/driver.h) wipes it.

#include <stddef.h>

#include "bolt/value.h"

struct bolt_auth {
	const char *scheme;   // NULL: "basic"; "none", "bearer", "kerberos", or the name of a server's own scheme
	const char *user;     // the principal; NULL where the scheme has none
	const char *password; // the credentials: a password, a token, a base64 ticket; never in a log or an error
	const char *realm;    // NULL: none
	const struct bolt_value *parameters; // a map for the server's own schemes; NULL: none
};

// In a form that C++ reads as well.

static inline struct bolt_auth bolt_auth_none(void)
{
	const struct bolt_auth auth = {"none", NULL, NULL, NULL, NULL};

	return auth;
}

static inline struct bolt_auth bolt_auth_basic(const char *user, const char *password)
{
	const struct bolt_auth auth = {"basic", user, password, NULL, NULL};

	return auth;
}

static inline struct bolt_auth bolt_auth_bearer(const char *token)
{
	const struct bolt_auth auth = {"bearer", NULL, token, NULL, NULL};

	return auth;
}

static inline struct bolt_auth bolt_auth_kerberos(const char *ticket)
{
	const struct bolt_auth auth = {"kerberos", "", ticket, NULL, NULL};

	return auth;
}
