// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// yyjson on an arena: documents that live and die with it and are never freed one by one.

#include <stddef.h>

#include <yyjson.h>

#include "base/arena.h"

// The allocator to hand to yyjson; valid as long as the arena.
yyjson_alc json_alc(struct arena *arena);

// A mutable document to build in.
yyjson_mut_doc *json_doc_new(struct arena *arena);

// For yyjson_obj_foreach(), which must have an object (it adds to a null pointer otherwise): an empty one where val is none.
yyjson_val *json_members(yyjson_val *val);

// Reads a text into the arena. NULL when it is no JSON.
yyjson_val *json_parse(struct arena *arena, const char *text, size_t len);

// The same, but a number that fits no integer of 64 bits and no float is raw (yyjson_is_raw()) instead of the float that is near it.
yyjson_val *json_parse_exact(struct arena *arena, const char *text, size_t len);

// The document's compact text, in the arena. What is no UTF-8 in it (a peer's words, or words cut short) becomes "?".
const char *json_text(struct arena *arena, const yyjson_mut_doc *doc);
const char *json_val_text(struct arena *arena, const yyjson_val *val);

// Appends a step to a JSON patch (RFC 6902), e.g. "test" or "replace"; value NULL: a step without one. The texts are not copied.
void json_patch_step(yyjson_mut_doc *doc, yyjson_mut_val *patch, const char *op, const char *path, yyjson_val *value);
