// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Keeps secrets out of what is handed on. Two nets, one behind the other: of an object the places are left out in which people put secrets, and of
// every text each value that is known to be secret, as it is and in base64. Pure.

#include <stddef.h>

#include <yyjson.h>

#include "base/arena.h"

#define BLACKOUT_LEFT_OUT "(left out)"

struct blackout_value {
	const char *text;
	size_t len;
	struct blackout_value *next; // that begins with the same byte
};

struct blackout {
	struct arena *arena; // wiped
	struct blackout_value *values[256]; // by their first byte
};

// A value of a Secret, and the same in base64; of a registration token its key, too. A text of fewer than four bytes is too short to be told from others.
void blackout_add(struct blackout *scrub, const char *value, size_t len);
void blackout_add_secret(struct blackout *scrub, yyjson_val *data);

// The text without them, in the arena; itself where none is in it.
const char *blackout_text(const struct blackout *scrub, struct arena *arena, const char *text, size_t len, size_t *ret_len);

// Leaves out of an object: annotations but the operator's own, managedFields, values of environment variables, and settings that are named like a secret.
void blackout_object(yyjson_mut_val *object);
