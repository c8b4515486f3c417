// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A link and the scripted server at its other end (test/unit/peer.h), and what such servers say most.

#include <stdbool.h>
#include <stdint.h>

#include "bolt/link.h"
#include "test/unit/peer.h"

#define LIMIT 10000 // ms, for what is expected to go well
#define SOON 200 // and for what must time out

extern const struct bolt_auth pair_auth;

struct pair {
	struct peer_server *server;
	struct bolt_target target; // may be changed before pair_open()
	struct bolt_link *link;
	struct arena *arena;
	struct bolt_table result; // of the last query
	struct err err;
};

// tls NULL: plain.
void pair_start(struct pair *pair, peer_script script, void *user, const struct peer_tls *tls);
// Both give what the library gave.
int pair_open(struct pair *pair, int64_t ms);
int pair_query(struct pair *pair, const char *text, uint32_t max_rows, int64_t ms);
// Fails the test when the server met anything that its script does not say, or had another number of connections.
void pair_end(struct pair *pair, unsigned n_connections);

// The server answers a query by rows of one field x, from 1 on.
bool pair_fields(struct peer *peer);
bool pair_rows(struct peer *peer, int64_t n, bool has_more);
void pair_goodbye(struct peer *peer);

// A whole script: welcomes, and answers two queries by 20 rows and none.
void pair_two_queries(struct peer *peer, void *user);
