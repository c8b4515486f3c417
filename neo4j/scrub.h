// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Removes secrets, and pieces of them, from a server's words before anybody else reads them (D8). A server may quote anything that it was sent.
// Pure.

#include "base/arena.h"
#include "base/err.h"

#define SCRUB_SECRETS_MAX 4
#define SCRUB_MAX_BYTES 300 // of a scrubbed text

// The secrets of one exchange, borrowed. {0} hides nothing.
struct scrub {
	struct {
		const char *text;
		size_t run; // a piece of this length is hidden
	} secrets[SCRUB_SECRETS_MAX];
	size_t n;
};

// A password: hidden as a whole, and if it is longer than 8 bytes, also each piece of 8.
void scrub_add_password(struct scrub *scrub, const char *password);

// A token and its decoded text: hides each piece of 12 bytes, so that its members' names stay readable.
void scrub_add_token(struct scrub *scrub, const char *token, struct arena *arena);

// The text without secrets, control characters as blanks, cut at SCRUB_MAX_BYTES; "" for NULL. scrub NULL: hides nothing.
const char *scrub_text(const struct scrub *scrub, const char *text, struct arena *arena);

// The same for an error from a server. Its code stays, since callers match it, unless it holds a whole password or 12 bytes of a secret.
void scrub_err(const struct scrub *scrub, struct err *err);
