// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The registration token of Aura Fleet Manager: base64 of a JSON object {project_id, private_key, kid, expiry_time}. It holds a private key, so
// only project and expiry are ever shown. It is checked before any call, because registerToken stores whatever it gets and answers success even
// for an expired one. The grammar is the server's, but all four members must be texts, with nothing after them: a server whose token lacks one
// registers and never connects. The server judges further members, by inspectToken.

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum token_verdict {
	TOKEN_GOOD,
	TOKEN_EMPTY,	 // nothing but white space
	TOKEN_MALFORMED, // not base64, not JSON, or a member is missing or is no text
	TOKEN_EXPIRED,
};

#define TOKEN_MAX_BYTES ((size_t)16 * 1024)

struct token {
	const char *text;    // without white space around it; the secret itself
	const char *project; // project_id
	int64_t expires_ms;  // wall clock
	const char *problem; // for TOKEN_MALFORMED: the fault, without a piece of the token
};

// Everything in ret lives in the arena, which is wiped when freed.
enum token_verdict token_check(const char *data, size_t len, int64_t now_ms, struct arena *arena, struct token *ret);
