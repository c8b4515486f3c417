// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The frames of a WebSocket, as a client reads and writes them, without I/O. A message comes in pieces as its bytes come, so its size has no
// limit and needs no memory. Source: RFC 6455, section 5.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define FRAME_CONTROL_MAX 125
#define FRAME_HEAD_MAX 10

enum frame_event {
	FRAME_WANTS_INPUT, // feed more bytes
	FRAME_DATA,	   // a piece of a message
	FRAME_PING,	   // a whole one: answer it
	FRAME_CLOSE,	   // the server says goodbye
};

struct frame_reader {
	unsigned char head[FRAME_HEAD_MAX], control[FRAME_CONTROL_MAX];
	size_t head_len, control_len;
	uint64_t left; // bytes of the present frame
	bool inside;   // the head of a frame is read, and its payload is not
	bool message;  // a message has begun, and its last frame has not come
	bool begun;    // and a piece of it was handed out
};

struct frame_piece {
	enum frame_event event;
	size_t used; // bytes that it took
	bool first;  // of FRAME_DATA: its message begins with it
	const unsigned char *data; // of FRAME_DATA and FRAME_PING; lies in what was fed, or in the reader
	size_t len;
};

// Takes bytes up to the next event. ERR_PROTOCOL: the peer does not speak as a server of RFC 6455 does.
int frame_read(struct frame_reader *reader, const unsigned char *data, size_t len, struct frame_piece *ret, struct err *err);

enum frame_kind { FRAME_KIND_BINARY = 2, FRAME_KIND_CLOSE = 8, FRAME_KIND_PONG = 10 };

// Appends a frame that is a whole message, its data hidden by the mask, which must be one that nobody can guess.
void frame_write(struct buf *out, enum frame_kind kind, const unsigned char mask[4], const void *data, size_t len);
