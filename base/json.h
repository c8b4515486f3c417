// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// yyjson on an arena: documents live and die with the arena and are never freed one by one.

#include <stddef.h>

#include <yyjson.h>

#include "base/arena.h"

// The allocator to hand to yyjson; valid as long as the arena.
yyjson_alc json_alc(struct arena *arena);

// A mutable document to build in.
yyjson_mut_doc *json_doc_new(struct arena *arena);

// yyjson_obj_foreach() needs an object (it adds to a null pointer otherwise): returns an empty one where val is not an object.
yyjson_val *json_members(yyjson_val *val);

// The first item of a list of objects whose member "key" is this text: a container by its name, a condition by its type. NULL: there is none.
yyjson_val *json_item(yyjson_val *list, const char *key, const char *text);

// Reads a text into the arena. NULL when it is no JSON.
yyjson_val *json_parse(struct arena *arena, const char *text, size_t len);

// The same, but a number that fits neither a 64-bit integer nor a float stays raw (yyjson_is_raw()) and is not rounded to a float.
yyjson_val *json_parse_exact(struct arena *arena, const char *text, size_t len);

// The document's compact text, in the arena. Bytes that are no UTF-8 (a peer's words, or words cut short) become "?".
const char *json_text(struct arena *arena, const yyjson_mut_doc *doc);
const char *json_val_text(struct arena *arena, const yyjson_val *val);

// Appends a step to a JSON patch (RFC 6902), such as "test" or "replace". value NULL makes a step without one. The texts are not copied.
void json_patch_step(yyjson_mut_doc *doc, yyjson_mut_val *patch, const char *op, const char *path, yyjson_val *value);
