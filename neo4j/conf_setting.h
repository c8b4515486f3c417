// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "base/arena.h"

#define CONF_PASSWORD_LENGTH "dbms.security.auth_minimum_password_length"

// One setting as somebody wrote it. field says where, for errors: "spec.config[server.http.enabled]".
struct conf_setting {
	const char *name;
	const char *value;
	const char *field;
};

// The setting that the entrypoint makes of an environment variable (NEO4J_server_memory_heap_max__size -> server.memory.heap.max_size); NULL
// when it makes none (its own variables, *_FILE, other names).
const char *conf_setting_of_env(const char *variable, struct arena *arena);
