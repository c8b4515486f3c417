// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The first exchange, which agrees on a version. Pure and incremental. Source: Bolt handshake, manifest v1.

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "bolt/protocol.h"

struct handshake {
	struct buf answer; // what the server has sent so far
	struct bolt_version version; // once done
	bool done;
};

void handshake_init(struct handshake *handshake);
void handshake_release(struct handshake *handshake);

// Appends the client's opening.
void handshake_open(struct buf *out);

// Takes bytes of the server; *ret_used says how many belong to the handshake. Sets handshake->done once a version is agreed on, and appends the
// reply to out. ERR_PROTOCOL: the server speaks no Bolt, or there is no common version; the text names both offers.
int handshake_feed(struct handshake *handshake, const unsigned char *data, size_t len, size_t *ret_used, struct buf *out,
		   struct err *err);
