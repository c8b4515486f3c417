// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Keeps secrets out of what is handed on. Two nets, one behind the other: of an object the places are left out in which people put secrets, and of
// every text each value that is known to be secret: as it is, in base64, escaped as in JSON, as a terminal is shown it. Pure.

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

// A value of a Secret, without the line's end that it may have; of "neo4j/PASSWORD" the password alone, too. A text of fewer than four bytes is too short
// to be told from others, and the user's name is no secret.
void blackout_add(struct blackout *scrub, const char *value, size_t len);

// All values of a Secret but key username; of a registration token and of a registry's login what is secret in them, too.
void blackout_add_secret(struct blackout *scrub, yyjson_val *data);

// The text without them, in the arena; itself where none is in it.
const char *blackout_text(const struct blackout *scrub, struct arena *arena, const char *text, size_t len, size_t *ret_len);

// The same for every string of a tree, names of members, too.
void blackout_tree(const struct blackout *scrub, struct arena *arena, yyjson_mut_val *node);

// Leaves out of an object: annotations but the operator's own, managedFields, values of environment variables, and settings and words of commands that
// name a secret.
void blackout_object(yyjson_mut_val *object);
