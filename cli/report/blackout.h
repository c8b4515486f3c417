// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Keeps secrets out of what is handed on, by two nets, one behind the other. In objects it removes the places where people put secrets. In every
// text it removes each value that is known to be secret: plain, in base64, escaped as in JSON, as a terminal is shown it. Pure.

#include <stddef.h>

#include <yyjson.h>

#include "base/arena.h"

#define BLACKOUT_LEFT_OUT "(left out)"

struct blackout_value {
	const char *text;
	size_t len;
	struct blackout_value *next; // the next value that begins with the same byte
};

struct blackout {
	struct arena *arena; // wiped
	struct blackout_value *values[256]; // by their first byte
};

// Adds a value of a Secret, without a newline at its end; of "neo4j/PASSWORD" also the password alone. A text of fewer than four bytes is too
// common to be removed, and the user's name is no secret.
void blackout_add(struct blackout *scrub, const char *value, size_t len);

// Adds all values of a Secret except key username; and the secret parts of a registration token and of a registry's login.
void blackout_add_secret(struct blackout *scrub, yyjson_val *data);

// The text without these values, in the arena; the text itself when it holds none.
const char *blackout_text(const struct blackout *scrub, struct arena *arena, const char *text, size_t len, size_t *ret_len);

// The same for every string of a tree, including names of members.
void blackout_tree(const struct blackout *scrub, struct arena *arena, yyjson_mut_val *node);

// Removes from an object: other people's annotations, managedFields, values of environment variables, and settings and words of commands that
// name a secret.
void blackout_object(yyjson_mut_val *object);
