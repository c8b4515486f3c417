// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The API server's checks of our kinds: the schemas of deploy/crds, which are part of the program, and their rules. Pure.

#include <stdbool.h>

#include <yyjson.h>

#include "base/arena.h"

// One fault: the path of the field, "" for the object itself, and a sentence without a full stop.
typedef void (*schema_report)(void *user, const char *path, const char *text);

#define SCHEMA_KINDS 3

struct schemas {
	const char *kinds[SCHEMA_KINDS];
	yyjson_val *roots[SCHEMA_KINDS];
};

// Reads the schemas, once for many objects. They live in the arena.
void schemas_load(struct arena *arena, struct schemas *ret);

// The schema of a kind; NULL: the kind is not ours.
yyjson_val *schemas_find(const struct schemas *schemas, const char *kind);

// Whether a field is there for manifests of the Go operator only, and has no effect: it is taken with values that say what is so anyway.
bool schema_is_foreign(yyjson_val *schema);

// Reports everything that is wrong with a value. As for the API server, a null member counts as absent. A field that the schema does not know is
// wrong. Skips rules that compare with an earlier version of the object.
void schema_check(yyjson_val *schema, yyjson_val *val, struct arena *arena, schema_report report, void *user);

// The same for a pod's spec, whose types are Kubernetes' own: fields and types alone, since the API server's rules on them are many. Paths begin
// with path.
void schema_check_pod(yyjson_val *val, const char *path, struct arena *arena, schema_report report, void *user);

// Whether schema_check() knows a rule of a schema or skips it: for a test that compares both.
bool schema_knows_rule(const char *rule);
