// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a link consists of, for bolt/link.c (the connection) and bolt/link_query.c (a query and its rows).

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
	unsigned expected; // answers, of which only the last is waited for
	unsigned opening; // answers of HELLO and LOGON that are due
	struct bolt_limits limits; // none is 0
	unsigned forks; // when it was opened
	bool expired_ok;
	bool dead;
	int64_t keepalives_ms; // monotonic, when the last KEEPALIVES_MAX were full; 0: never yet
	size_t input_pos, input_len;
	unsigned char input[LINK_INPUT_SIZE];
};

// Waits for the next event, whatever it belongs to.
int link_next(struct bolt_link *link, int64_t deadline, struct arena *arena, struct conn_event *ret, struct err *err);

// The failure of the last call: kept, and turned into the error; or forgotten.
int link_keep_failure(struct bolt_link *link, const struct bolt_failure *failure, struct err *err);
void link_forget_failure(struct bolt_link *link);

// What lives in it counts against the budget; and an arena for answers of which it is so.
void link_bind(const struct bolt_link *link, struct arena *arena);
struct arena *link_answers_arena(const struct bolt_link *link);
