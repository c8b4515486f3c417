// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Takes secrets, and pieces of them, out of what a server says before anybody else reads it (D8). A server may quote whatever it was
// sent. Pure.

#include "base/arena.h"
#include "base/err.h"

#define SCRUB_SECRETS_MAX 4
#define SCRUB_MAX_BYTES 300 // of a text that has been scrubbed

// The secrets of one exchange, borrowed. {0} hides nothing.
struct scrub {
	struct {
		const char *text;
		size_t run; // a piece of this length is worth hiding
	} secrets[SCRUB_SECRETS_MAX];
	size_t n;
};

// A password: hidden as a whole, and where it is longer than 8 bytes each piece of 8.
void scrub_add_password(struct scrub *scrub, const char *password);

// A token, and what is encoded in it: each piece of 12 bytes, so that its members' names stay words.
void scrub_add_token(struct scrub *scrub, const char *token, struct arena *arena);

// The text without secrets, control characters as blanks, cut at SCRUB_MAX_BYTES; "" for NULL. scrub NULL: hides nothing.
const char *scrub_text(const struct scrub *scrub, const char *text, struct arena *arena);

// The same for an error that a server has sent. Its code stays what callers can match, unless it holds a whole password or 12 bytes of a
// secret.
void scrub_err(const struct scrub *scrub, struct err *err);
