// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The admin Secret of a deployment, checked for what the image's entrypoint would choke on. Pure.

#include <stdbool.h>

#include <yyjson.h>

#include "base/arena.h"

enum credentials_form {
	CREDENTIALS_PASSWORD,	// keys password and, optionally, username
	CREDENTIALS_NEO4J_AUTH, // the one key NEO4J_AUTH: neo4j/password
};

struct credentials {
	enum credentials_form form;
	bool has_username;    // the Secret has the key username
	const char *user;     // always "neo4j"
	const char *password; // the secret itself, in the arena, which is wiped when freed
};

// Reads a Secret object. Returns true when it is usable; else ret_problem says what is wrong and how to mend it, without
// a piece of the secret.
bool credentials_read(yyjson_val *secret, struct arena *arena, struct credentials *ret, const char **ret_problem);

// One key of a Secret's data, decoded into the arena (wiped when freed) with a NUL behind; NULL when the key is absent.
const char *secret_value(yyjson_val *secret, const char *key, struct arena *arena, size_t *ret_len);

// "'password', 'username'", or "none": the keys that exist, for messages.
const char *secret_keys(yyjson_val *secret, struct arena *arena);
