// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Bytes to and from a server over TCP or TLS; a deadline (base/clock.h) bounds each call, and a cancellation ends it. A plain wire never
// replaces a TLS wire. One thread at a time.

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bolt/cancel.h"
#include "bolt/target.h"

struct wire;

// ERR_IO: nobody listens, the name is unknown, or the TLS handshake failed; ERR_PROTOCOL: the certificate is refused; ERR_TIMEOUT;
// ERR_CANCELLED; ERR_INVALID: one of the PEM texts is malformed.
int wire_open(const struct bolt_target *target, int64_t deadline, struct wire **ret, struct err *err);

// The same on a connected socket, for callers that connect themselves: of the target's place it uses only the name that TLS asks for. It takes
// the socket over when it succeeds. target NULL: without TLS.
int wire_from_fd(int fd, const struct bolt_target *target, int64_t deadline, struct wire **ret, struct err *err);

// Later calls listen to cancel; NULL: to nobody.
void wire_set_cancel(struct wire *wire, struct bolt_cancel *cancel);

void wire_close(struct wire *wire);
DEFINE_CLEANUP(struct wire *, wire_close);

// Lets the next read sleep until so many bytes have come, or the peer has ended: for a caller that can use no fewer. A TLS wire ignores it.
void wire_expect(struct wire *wire, size_t n);

// Reads at least one byte; *ret_n is 0 at the peer's orderly end. ERR_IO, ERR_TIMEOUT; ERR_PROTOCOL: endless TLS without content.
int wire_read(struct wire *wire, void *data, size_t size, int64_t deadline, size_t *ret_n, struct err *err);

// Writes all bytes.
int wire_write(struct wire *wire, const void *data, size_t len, int64_t deadline, struct err *err);
