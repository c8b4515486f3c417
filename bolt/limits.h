// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a server's answers may cost, for programs that speak to servers they do not trust. The limits are checked while an answer is read, before
// memory is asked for. 0 means the library's default. Beyond one of the first three is ERR_TOO_LARGE; with the budget spent an answer is
// ERR_TOO_MANY, and the caller may ask again later. Either ends the connection.

#include <stddef.h>

#include "base/budget.h"

// Room for members to come, in structures that a program fills in or gets: they grow without another size of the structure. A program leaves it 0.
// What a library does not know yet it refuses (ERR_INVALID): nobody thinks that an option holds which an older library ignored.
#define BOLT_RESERVED 4

#define BOLT_OPENING_MAX ((size_t)64 * 1024)
#define BOLT_MESSAGE_MAX ((size_t)16 * 1024 * 1024)
#define BOLT_RESULT_MAX ((size_t)64 * 1024 * 1024)

struct bolt_limits {
	size_t opening; // bytes of a message until the login is done; 0: BOLT_OPENING_MAX
	size_t message; // bytes of a message after it; 0: BOLT_MESSAGE_MAX
	size_t result;  // memory for a whole result, or for one row of a stream; 0: BOLT_RESULT_MAX

	// Memory for all answers of all connections with this budget, without the first `own` bytes of each result, which are always free: small
	// answers need no budget. It must outlive the connections and the arenas of their answers (base/arena.h, arena_bind()). NULL: none.
	struct budget *budget;
	size_t own;
	const void *reserved[BOLT_RESERVED];
};
