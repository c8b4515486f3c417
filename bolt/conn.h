// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The client's side of a Bolt connection without I/O: requests are appended to an output buffer, bytes of the server are fed
// in, events come out. A FIFO of expected replies tells which request an answer belongs to; an answer of an unexpected kind is
// ERR_PROTOCOL. Any event loop can drive it; bolt/link.h does so with blocking calls. Source: Bolt message specification.

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "bolt/chunk.h"
#include "bolt/handshake.h"
#include "bolt/value.h"

// What a server may send at most in one message, and what we keep to send.
#define CONN_MESSAGE_MAX ((size_t)16 * 1024 * 1024)
#define CONN_OUTPUT_MAX ((size_t)16 * 1024 * 1024)
#define CONN_PENDING_MAX 8

enum conn_request { CONN_HELLO, CONN_LOGON, CONN_RUN, CONN_PULL, CONN_RESET, CONN_REQUESTS };

struct conn {
	struct handshake handshake;
	struct dechunker dechunker;
	struct buf output; // to be sent; secret
	enum conn_request pending[CONN_PENDING_MAX];
	size_t n_pending;
};

enum conn_event_type {
	CONN_WANTS_INPUT, // feed more bytes
	CONN_AGREED,	  // the handshake is done: say HELLO
	CONN_RECORD,	  // a row of the present PULL: a list
	CONN_SUCCESS,	  // the request succeeded: a map
	CONN_FAILURE,	  // the request failed: code and message
	CONN_IGNORED,	  // the request was skipped after a failure
};

struct conn_event {
	enum conn_event_type type;
	enum conn_request request;
	struct bolt_value value;
	const char *code;    // Neo4j's
	const char *message; // control characters replaced
};

// Appends the opening of the handshake to the output.
void conn_init(struct conn *conn);
void conn_deinit(struct conn *conn); // wipes

// HELLO, and LOGON where the version has it. user_agent "name/version".
void conn_hello(struct conn *conn, const char *user_agent, const char *user, const char *password);

struct conn_run {
	const char *text;
	const struct bolt_value *params; // a map; NULL: none
	const char *database;
	const char *impersonated_user;
	int64_t tx_timeout_ms; // 0: none
	bool read;
};

void conn_run(struct conn *conn, const struct conn_run *run);
void conn_pull(struct conn *conn, int64_t n); // -1: all
void conn_reset(struct conn *conn);
void conn_goodbye(struct conn *conn); // has no answer

// Takes bytes up to the next event. *ret_used says how many; values live in the arena.
int conn_feed(struct conn *conn, const unsigned char *data, size_t len, size_t *ret_used, struct arena *arena,
	      struct conn_event *ret, struct err *err);
