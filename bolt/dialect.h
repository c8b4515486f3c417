// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Converts between the forms of structures that callers see (5.0 and later; bolt/structure.h) and those on the wire. Pure. Source: Bolt
// structure semantics, and the "utc" patch of 4.4.

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/value.h"
#include "bolt/protocol.h"

enum structure_tag {
	STRUCTURE_NODE = 0x4E,
	STRUCTURE_RELATIONSHIP = 0x52,
	STRUCTURE_UNBOUND = 0x72,
	STRUCTURE_PATH = 0x50,
	STRUCTURE_DATE = 0x44,
	STRUCTURE_TIME = 0x54,
	STRUCTURE_LOCAL_TIME = 0x74,
	STRUCTURE_DATE_TIME = 0x49,
	STRUCTURE_ZONED = 0x69,
	STRUCTURE_WALL_DATE_TIME = 0x46, // without "utc": the seconds count by the clock on the wall
	STRUCTURE_WALL_ZONED = 0x66,
	STRUCTURE_LOCAL_DATE_TIME = 0x64,
	STRUCTURE_DURATION = 0x45,
	STRUCTURE_POINT_2D = 0x58,
	STRUCTURE_POINT_3D = 0x59,
	STRUCTURE_VECTOR = 0x56,
	STRUCTURE_UNSUPPORTED = 0x3F,
};

struct dialect {
	struct bolt_version version;
	bool utc;
};

// The form in which to send a parameter: *ret is v itself where nothing changes, else it lives in the arena. ERR_INVALID: this version has no
// form for it, or it can never be sent; the text says what and since when.
int dialect_to_wire(const struct dialect *dialect, const struct bolt_value *v, struct arena *arena, const struct bolt_value **ret,
		    struct err *err);

// Changes a value that unpack_value() made in this arena. A malformed structure stays as it came.
void dialect_from_wire(const struct dialect *dialect, struct bolt_value *v, struct arena *arena);

// Whether the answer to HELLO grants the patch "utc", which a server before 5.0 may.
bool dialect_grants_utc(const struct bolt_value *meta);
