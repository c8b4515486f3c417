// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the API server checks of our kinds: the schemas of deploy/crds, which are part of the program, and the rules in them. Pure.

#include <stdbool.h>

#include <yyjson.h>

#include "base/arena.h"

// One thing that is wrong: the path of the field, "" for the object itself, and a sentence without a full stop.
typedef void (*schema_report)(void *user, const char *path, const char *text);

#define SCHEMA_KINDS 3

struct schemas {
	const char *kinds[SCHEMA_KINDS];
	yyjson_val *roots[SCHEMA_KINDS];
};

// Reads them, once for many objects. They live in the arena.
void schemas_load(struct arena *arena, struct schemas *ret);

// The schema of a kind; NULL: it is none of ours.
yyjson_val *schemas_find(const struct schemas *schemas, const char *kind);

// Reports all that is wrong with a value. A member that is null counts as absent, as it does for the API server, and a field that the schema does
// not know is wrong. Rules that compare with a former version of the object are passed over.
void schema_check(yyjson_val *schema, yyjson_val *val, struct arena *arena, schema_report report, void *user);

// Whether a rule of a schema is one that schema_check() knows or passes over: for a test that holds both together.
bool schema_knows_rule(const char *rule);
