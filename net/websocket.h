// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A client's WebSocket: HTTP/1.1 that becomes a stream of messages either way. One thread at a time. Opening waits; after that no call waits,
// and the caller polls. Source: RFC 6455.

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "net/frame.h"
#include "net/http.h"

struct websocket;

// Asks the request's server for this one subprotocol, within timeout_ms. Where the server answers with anything else than that, *ret is NULL,
// and response has its status and its words, which the caller releases. The request's method, body and max_bytes are not used. Errors: those of
// http_perform(); ERR_PROTOCOL: the server answers neither in HTTP/1.1 nor with this subprotocol.
int websocket_open(const struct http_request *request, const char *protocol, struct websocket **ret, struct http_response *response,
		   struct err *err);

// Says goodbye without waiting.
void websocket_close(struct websocket *websocket); // NULL is allowed
DEFINE_CLEANUP(struct websocket *, websocket_close);

int websocket_fd(const struct websocket *websocket);
bool websocket_wants_output(const struct websocket *websocket); // poll for POLLOUT, too, and call websocket_flush()

// Appends a binary message of at most WEBSOCKET_MESSAGE_MAX bytes, which the flush sends. Call it only while the WebSocket wants no output.
#define WEBSOCKET_MESSAGE_MAX ((size_t)64 * 1024)
int websocket_add(struct websocket *websocket, const void *data, size_t len, struct err *err);

int websocket_flush(struct websocket *websocket, struct err *err);

// The next piece of a message, of at most WEBSOCKET_PIECE_MAX bytes, valid until the next call. FRAME_WANTS_INPUT: there is none now; FRAME_CLOSE: the server ends it in order. It
// answers pings by itself. ERR_IO; ERR_PROTOCOL.
#define WEBSOCKET_PIECE_MAX ((size_t)32 * 1024)
int websocket_receive(struct websocket *websocket, struct frame_piece *ret, struct err *err);
