// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Bytes to and from a server over TCP or TLS, each call bounded by a deadline (base/clock.h) and ended by a cancellation. A TLS wire
// is never replaced by a plain one. One thread at a time.

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bolt/cancel.h"
#include "bolt/target.h"

struct wire;

// ERR_IO: nobody listens, the name is unknown, or the TLS handshake failed; ERR_PROTOCOL: the certificate is not accepted; ERR_TIMEOUT; ERR_CANCELLED; ERR_INVALID: one of the PEM
// texts is none.
int wire_open(const struct bolt_target *target, int64_t deadline, struct wire **ret, struct err *err);

// Takes over a connected socket, without TLS: for tests and for callers that connect themselves.
int wire_from_fd(int fd, struct wire **ret, struct err *err);

// Whom later calls listen to; NULL: nobody.
void wire_set_cancel(struct wire *wire, struct bolt_cancel *cancel);

void wire_close(struct wire *wire);
DEFINE_CLEANUP(struct wire *, wire_close);

// The next read may sleep until so many bytes are there, or the peer's end is: for a caller that can do nothing with fewer. A wire
// with TLS takes no notice.
void wire_expect(struct wire *wire, size_t n);

// At least one byte; *ret_n 0 at the peer's orderly end. ERR_IO, ERR_TIMEOUT; ERR_PROTOCOL: TLS, without an end, in which nothing is.
int wire_read(struct wire *wire, void *data, size_t size, int64_t deadline, size_t *ret_n, struct err *err);

// All bytes.
int wire_write(struct wire *wire, const void *data, size_t len, int64_t deadline, struct err *err);
