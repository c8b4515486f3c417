// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// PackStream v1, and the UUIDs that came with Bolt 6.1, both ways. Pure: bytes in, bytes out. Source: PackStream specification, version 1; for
// UUIDs what Neo4j 2026.08.1 and the official drivers write, a marker E0 and 16 bytes.

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "bolt/value.h"

// Limits on a peer's values. A value costs at most PACK_COST_MAX bytes of memory for each byte of its encoding.
#define PACK_COST_MAX ((size_t)41)
#define PACK_DEPTH_MAX 64
#define PACK_VALUES_MAX ((size_t)1024 * 1024)

// Appends a value. Sizes above 2^31-1 do not occur, since buffers are bounded. Overflow of out is sticky (base/buf.h).
void pack_value(struct buf *out, const struct bolt_value *value);

// For messages: a structure's head, which n_fields values must follow.
void pack_struct(struct buf *out, uint8_t tag, uint8_t n_fields);
void pack_map_head(struct buf *out, uint32_t n);
void pack_list_head(struct buf *out, uint32_t n);
void pack_str(struct buf *out, const char *text);

// Reads exactly one value that fills data, and copies what it points at into the arena. ERR_PROTOCOL: not PackStream, or bytes are left over or
// missing; ERR_TOO_LARGE: a limit is exceeded.
int unpack_value(const unsigned char *data, size_t len, struct arena *arena, struct bolt_value *ret, struct err *err);

// The same for a message: the only field of a structure is put into *field, which ret->items is then, and not into the arena.
int unpack_message(const unsigned char *data, size_t len, struct arena *arena, struct bolt_value *ret, struct bolt_value *field,
		   struct err *err);

// The same for a value that may cost at most so many bytes of memory, checked before memory is asked for. ERR_TOO_LARGE: it would cost more;
// ERR_TOO_MANY: the arena's budget (base/arena.h) has too little left.
int unpack_value_within(const unsigned char *data, size_t len, size_t memory, struct arena *arena, struct bolt_value *ret,
			struct err *err);
