// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A Bolt server on loopback that acts out a script, for tests of what talks Bolt. One thread runs the script for each
// connection, one after the other. What the script finds wrong is a fault; peer_server_stop() asserts that there was none.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "bolt/value.h"

enum peer_tag {
	PEER_HELLO = 0x01,
	PEER_GOODBYE = 0x02,
	PEER_RESET = 0x0F,
	PEER_RUN = 0x10,
	PEER_BEGIN = 0x11,
	PEER_PULL = 0x3F,
	PEER_LOGON = 0x6A,
	PEER_SUCCESS = 0x70,
	PEER_RECORD = 0x71,
	PEER_IGNORED = 0x7E,
	PEER_FAILURE = 0x7F,
};

struct peer; // one connection; of the server's thread
struct peer_server;

typedef void (*peer_script)(struct peer *peer, void *user);

struct pki; // test/unit/pki.h

// Plain TCP, or TLS as this.
struct peer_tls {
	const struct pki *identity;
	bool no_tickets; // nothing is sent on the server's own account behind the handshake
};

struct peer_server *peer_server_start(peer_script script, void *user, const struct peer_tls *tls);
struct peer_server *peer_server_start_at(const char *host, uint16_t port, peer_script script, void *user, const struct peer_tls *tls);
uint16_t peer_server_port(const struct peer_server *server);

// Waits until the script of the present connection has ended; asserts that there was no fault and as many connections.
void peer_server_stop(struct peer_server *server, unsigned n_connections);

// For scripts. Each returns false once the connection is gone; a silence of 10 s is a fault.
bool peer_receive(struct peer *peer, void *data, size_t size); // exactly size bytes
bool peer_send(struct peer *peer, const void *data, size_t size);
void peer_wait_end(struct peer *peer);	// reads and drops until the client closes
void peer_cork(struct peer *peer, bool on); // what is sent meanwhile goes out at once when it is switched off
void peer_reset_socket(struct peer *peer); // the close will be a TCP reset
bool peer_ticket(struct peer *peer); // over TLS: a session ticket, which is no content
void peer_fault(struct peer *peer, const char *text);
struct arena *peer_arena(struct peer *peer); // lives as long as the connection

bool peer_handshake(struct peer *peer, unsigned major, unsigned minor);

// Messages. peer_expect() makes another tag, or the connection's end, a fault.
bool peer_read(struct peer *peer, struct bolt_value *ret);
bool peer_expect(struct peer *peer, enum peer_tag tag, struct bolt_value *ret);
bool peer_success(struct peer *peer, const struct bolt_entry *entries, uint32_t n);
bool peer_record(struct peer *peer, const struct bolt_value *values, uint32_t n);
bool peer_failure(struct peer *peer, const char *code, const char *message);
bool peer_ignored(struct peer *peer);
bool peer_noop(struct peer *peer);

// The handshake for 5.8, HELLO and LOGON, all answered with success.
bool peer_welcome(struct peer *peer);

// The answer to one query, in the order of the queries.
struct peer_reply {
	const char *statement;		// how the query's text must begin
	const struct bolt_entry *row;	// one row of these fields; n 0: a result without rows
	uint32_t n;
	const char *code, *message;	// a failure instead
	bool drop;			// the connection is closed instead
	bool echo;			// the message, or the row's first value, is the query's $token
};

// Scripts may share one over several connections: a connection goes on where the one before has ended. The log has a line
// "database statement token" for each query.
struct peer_book {
	const struct peer_reply *replies;
	size_t n;
	size_t next;
	const char *refuse_code; // the logon fails with this code
	struct buf log;
};

void peer_play_book(struct peer *peer, void *book);
