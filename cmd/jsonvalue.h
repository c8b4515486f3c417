// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Values as JSON and JSON as values. What JSON has no word for becomes a string (times, bytes as base64, numbers that are none) or an
// object (nodes, relationships, paths, points).

#include <yyjson.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/value.h"

// In the document's memory; the value has to live as long.
yyjson_mut_val *jsonvalue_of(yyjson_mut_doc *doc, const struct bolt_value *value, struct arena *arena);

// A text for people: a string is itself, null is empty, all else is JSON. A string may hold U+0000: *ret_size is its length.
const char *jsonvalue_text(const struct bolt_value *value, struct arena *arena, size_t *ret_size);

// ERR_INVALID: it is no JSON, or nested deeper than a value can be, or a number in it fits no integer of 64 bits and no float.
int jsonvalue_parse(const char *text, struct arena *arena, struct bolt_value *ret, struct err *err);
