// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The parts of a link, for bolt/link.c (the connection) and bolt/link_query.c (a query and its rows).

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/conn.h"
#include "bolt/failure.h"
#include "bolt/limits.h"

struct wire;

#define LINK_INPUT_SIZE ((size_t)64 * 1024)

struct bolt_link {
	struct wire *wire;
	struct conn conn;
	struct arena *arena; // of what outlives an exchange: the server's names
	const char *server, *connection_id;
	struct arena *failure_arena; // NULL while there is no failure
	const struct bolt_failure *failure;
	unsigned expected; // answers, of which the caller waits only for the last
	unsigned opening; // due answers of HELLO and LOGON
	struct bolt_limits limits; // none is 0
	unsigned forks; // when the link was opened
	bool expired_ok;
	bool dead;
	int64_t keepalives_ms; // monotonic, when the last KEEPALIVES_MAX were full; 0: never yet
	size_t input_pos, input_len;
	unsigned char input[LINK_INPUT_SIZE];
};

// bolt_link_next() for the library itself: no pointer is NULL, and err is not set.
int link_await(struct bolt_link *link, int64_t deadline, struct arena *arena, struct conn_event *ret, struct err *err);

// Waits for the next event, of any request.
int link_next(struct bolt_link *link, int64_t deadline, struct arena *arena, struct conn_event *ret, struct err *err);

// Keeps the failure of the last call and turns it into the error; or forgets it.
int link_keep_failure(struct bolt_link *link, const struct bolt_failure *failure, struct err *err);
void link_forget_failure(struct bolt_link *link);

// Counts an arena's memory against the budget; and makes an arena for answers that is bound so.
void link_bind(const struct bolt_link *link, struct arena *arena);
struct arena *link_answers_arena(const struct bolt_link *link);
