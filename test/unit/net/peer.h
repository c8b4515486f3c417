// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A scripted HTTP/1.1 server on loopback, without TLS: for what a real one does not do on demand (refusals, silence,
// broken streams). A thread for each connection runs the test's handler once for each request. A wait of more than 20 s
// is the test's failure.

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct peer;
struct peer_conn;

struct peer_call {
	char *method;
	char *target; // path and query
	char *head;   // all header lines
	char *body;
};

typedef void (*peer_handler)(struct peer *peer, struct peer_conn *conn, const struct peer_call *call, size_t number);

struct peer *peer_start(peer_handler handler, void *user);
void peer_stop(struct peer *peer); // ends every connection and handler
void *peer_user(const struct peer *peer);
unsigned peer_port(const struct peer *peer);

// For the test's thread. Calls are numbered from 0.
size_t peer_calls(struct peer *peer);
const struct peer_call *peer_wait_call(struct peer *peer, size_t number);

// Guards what handlers and the test share; peer_wait() waits for the next peer_changed().
void peer_lock(struct peer *peer);
void peer_unlock(struct peer *peer);
void peer_changed(struct peer *peer); // locked
bool peer_wait(struct peer *peer);	   // locked; false when the server stops or the time is over

// For handlers. extra: more header lines, each ended by CR LF; NULL.
void peer_answer(struct peer_conn *conn, int status, const char *extra, const char *body);
void peer_stream(struct peer_conn *conn);			    // the head of an answer that comes in pieces
void peer_write(struct peer_conn *conn, const char *text);    // a piece
void peer_end(struct peer_conn *conn);			    // in order
void peer_break(struct peer_conn *conn);			    // the connection
void peer_silence(struct peer *peer);			    // until peer_stop()
