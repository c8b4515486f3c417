// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// PackStream v1, both ways. Pure: bytes in, bytes out. Source: PackStream specification, version 1.

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "bolt/value.h"

// Limits on what a peer may send. A value costs at most PACK_COST_MAX bytes of memory for each byte of its encoding.
#define PACK_COST_MAX ((size_t)41)
#define PACK_DEPTH_MAX 64
#define PACK_VALUES_MAX ((size_t)1024 * 1024)

// Appends a value; sizes above 2^31-1 do not occur since buffers are bounded. Overflow of out is sticky (base/buf.h).
void pack_value(struct buf *out, const struct bolt_value *value);

// For messages: a structure's head, to be followed by n_fields values.
void pack_struct(struct buf *out, uint8_t tag, uint8_t n_fields);
void pack_map_head(struct buf *out, uint32_t n);
void pack_list_head(struct buf *out, uint32_t n);
void pack_str(struct buf *out, const char *text);

// Reads exactly one value that fills data. What it points at is copied into the arena. ERR_PROTOCOL: not PackStream, or
// bytes are left over or missing; ERR_TOO_LARGE: one of the limits.
int unpack_value(const unsigned char *data, size_t len, struct arena *arena, struct bolt_value *ret, struct err *err);

// As above, for a value that may cost no more than so many bytes of memory; looked at before memory is asked for. ERR_TOO_LARGE: it
// would; ERR_TOO_MANY: the arena's budget (base/arena.h) has not so much left.
int unpack_value_within(const unsigned char *data, size_t len, size_t memory, struct arena *arena, struct bolt_value *ret,
			struct err *err);
