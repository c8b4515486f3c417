// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which settings have values of a grammar that neo4j/conf_value.h knows, and why such a value is wrong. Pure.

#include "base/arena.h"
#include "neo4j/version.h"

enum conf_type {
	CONF_OTHER, // unknown: the server judges any value
	CONF_SIZE,
	CONF_DURATION,
	CONF_BOOLEAN,
	CONF_INTEGER,
	CONF_LONG,
	CONF_ADDRESS,
};

enum conf_type conf_type_of(const char *setting);

// Why a server of this version refuses the value, with the cure: "'512Mi' is not a size for Neo4j, which ...; write 512m". NULL: it takes the
// value.
const char *conf_type_problem(const char *setting, const char *value, const struct version *version, struct arena *arena);
