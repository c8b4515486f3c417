// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Reads the admin Secret of a deployment and refuses what the server would not take. Pure.

#include <stdbool.h>

#include <yyjson.h>

#include "base/arena.h"

// The length that the server asks of a password where no setting says otherwise.
#define ADMIN_SECRET_LEAST_CHARACTERS 8

struct admin_secret {
	const char *user;     // always "neo4j"
	const char *password; // the secret itself, in the arena, which is wiped when freed
};

// Reads a Secret object of either form: key password (and, optionally, username), or the one key NEO4J_AUTH, neo4j/password. It takes every
// password that the server takes: text in UTF-8 of at least so many characters, but not "neo4j". Returns true when the Secret is usable; else
// ret_problem says what is wrong and how to mend it, without a piece of the secret.
bool admin_secret_read(yyjson_val *secret, int least_characters, struct arena *arena, struct admin_secret *ret,
		       const char **ret_problem);

// Decodes one key of a Secret's data into the arena (wiped when freed) with a NUL behind; NULL when the key is absent.
const char *secret_value(yyjson_val *secret, const char *key, struct arena *arena, size_t *ret_len);

// "'password', 'username'", or "none": the keys that exist, for messages.
const char *secret_keys(yyjson_val *secret, struct arena *arena);
