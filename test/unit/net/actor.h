// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A scripted HTTP/1.1 server on loopback: for what a real one does not do on demand (refusals, silence, broken streams). A thread for each connection runs the test's handler once for each request. A wait of more than 20 s
// is the test's failure.

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct actor;
struct actor_conn;

struct actor_call {
	char *method;
	char *target; // path and query
	char *head; // all header lines
	char *body;
	unsigned conn;	// which connection it came on, numbered from 0
	char *client;	// the common name of the client's certificate; NULL: none
};

typedef void (*actor_handler)(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number);

struct actor *actor_start(actor_handler handler, void *user);

struct pki; // test/unit/pki.h

struct actor_tls {
	const struct pki *identity;
	const struct pki *client_ca; // clients must show a certificate of it; NULL: none is asked for
	const char *alpn;	     // the protocol that is agreed on, of those that the client offers; NULL: the server knows nothing of that
};

struct actor *actor_start_tls(const struct actor_tls *tls, actor_handler handler, void *user);
void actor_stop(struct actor *actor); // ends every connection and handler
void *actor_user(const struct actor *actor);
unsigned actor_port(const struct actor *actor);

// For the test's thread. Calls are numbered from 0.
size_t actor_calls(struct actor *actor);
const struct actor_call *actor_wait_call(struct actor *actor, size_t number);

// Guards what handlers and the test share; actor_wait() waits for the next actor_changed().
void actor_lock(struct actor *actor);
void actor_unlock(struct actor *actor);
void actor_changed(struct actor *actor); // locked
bool actor_wait(struct actor *actor); // locked; false when the server stops or the time is over

// For handlers. extra: more header lines, each ended by CR LF; NULL.
void actor_answer(struct actor_conn *conn, int status, const char *extra, const char *body);
void actor_stream(struct actor_conn *conn); // the head of an answer that comes in pieces
void actor_write(struct actor_conn *conn, const char *text); // a piece
void actor_end(struct actor_conn *conn); // in order
void actor_break(struct actor_conn *conn); // the connection
void actor_silence(struct actor *actor); // until actor_stop()
void actor_tunnel(struct actor_conn *conn, unsigned port); // accepts a CONNECT: what comes goes to that port here, and back, until the end

// Bytes as they are, behind the call: for protocols that only begin as HTTP. False at the connection's end.
void actor_send(struct actor_conn *conn, const void *data, size_t len);
bool actor_receive(struct actor_conn *conn, void *data, size_t size); // exactly size bytes
