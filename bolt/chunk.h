// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A message is cut into chunks, each with a 16-bit length, and ends with an empty chunk; an empty chunk between messages is a keep-alive. Pure.
// Source: Bolt message transfer encoding.

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

// Appends a message as chunks.
void chunk_write(struct buf *out, const struct buf *message);

// The same in place: the bytes appended to out between the two calls become the message. start is the result of chunk_begin(). The caller checks
// out->overflow and takes back the whole.
size_t chunk_begin(struct buf *out);
void chunk_end(struct buf *out, size_t start);

struct dechunker {
	struct buf message; // the received part of the present message
	unsigned char head[2];
	unsigned n_head; // bytes of the present chunk's head
	size_t left;	 // bytes of the present chunk still to come
	bool complete;	 // message is whole; the next feed begins a new one
	unsigned keepalives; // received so far; the caller bounds them and resets the count
};

void dechunker_init(struct dechunker *dechunker, size_t max_bytes);
void dechunker_release(struct dechunker *dechunker);

// Whether the next byte is in the middle of a message, or of a chunk's head.
bool dechunker_is_inside(const struct dechunker *dechunker);

// Takes up to len bytes and says in *ret_used how many; stops after a whole message, with dechunker->complete set. ERR_TOO_LARGE when a message
// is larger than the maximum.
int dechunker_feed(struct dechunker *dechunker, const unsigned char *data, size_t len, size_t *ret_used, struct err *err);

// Finds a message that begins with data and lies whole in it, in one chunk: its place, without a copy, and how many bytes to skip. False: use
// dechunker_feed().
struct chunk_view {
	const unsigned char *message;
	size_t len, used;
};

bool dechunker_peek(const struct dechunker *dechunker, const unsigned char *data, size_t len, struct chunk_view *ret);
