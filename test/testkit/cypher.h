// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Testkit's JSON for Cypher's values, both ways. Source: testkit's nutkit/protocol/cypher.py.

#include <yyjson.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/value.h"

// {"name": "CypherInt", "data": {"value": 1}}. ERR_INVALID: a time zone that this system does not know, or a structure that
// testkit has no words for.
int cypher_write(yyjson_mut_doc *doc, const struct bolt_value *value, yyjson_mut_val **ret, struct err *err);

// {"key": {"name": ...}} without the map around it; NULL and other types than maps give null.
int cypher_write_map(yyjson_mut_doc *doc, const struct bolt_value *map, yyjson_mut_val **ret, struct err *err);

// The bare JSON of a value, for what the protocol passes on as it is (plans).
yyjson_mut_val *cypher_plain(yyjson_mut_doc *doc, const struct bolt_value *value);

// ERR_PROTOCOL: not what testkit sends.
int cypher_read(yyjson_val *json, struct arena *arena, struct bolt_value *ret, struct err *err);

// An object of such values; JSON's null, or none at all, gives null.
int cypher_read_map(yyjson_val *json, struct arena *arena, struct bolt_value *ret, struct err *err);
