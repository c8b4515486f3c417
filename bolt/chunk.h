// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Chunks: a message is cut into pieces of a 16-bit length each and ended by an empty one; an empty one between messages
// is a keep-alive. Pure. Source: Bolt message transfer encoding.

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

// Appends a message as chunks.
void chunk_write(struct buf *out, const struct buf *message);

struct dechunker {
	struct buf message; // what has come of the present message
	unsigned char head[2];
	unsigned n_head; // bytes of the present chunk's head
	size_t left;	 // bytes of the present chunk still to come
	bool complete;	 // message is whole; the next feed begins a new one
};

void dechunker_init(struct dechunker *dechunker, size_t max_bytes);
void dechunker_release(struct dechunker *dechunker);

// Takes up to len bytes and says in *ret_used how many; stops behind a whole message, with dechunker->complete set. ERR_TOO_LARGE
// when a message is larger than the maximum.
int dechunker_feed(struct dechunker *dechunker, const unsigned char *data, size_t len, size_t *ret_used, struct err *err);
