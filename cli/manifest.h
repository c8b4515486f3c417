// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The objects in YAML and JSON texts, with the lines of their fields: several documents, Lists taken apart. It reads YAML as kubectl does
// (cli/yaml_scalar.h), but refuses a key that stands twice. Pure.

#include <stddef.h>

#include <yyjson.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/err.h"

#define MANIFEST_MAX_BYTES ((size_t)16 * 1024 * 1024)

struct manifest; // owns what was read

struct manifest_object {
	const char *source; // the text's name
	int line;	    // where it begins, counted from 1
	yyjson_val *root;   // an object
	// Used only by cli/manifest.c.
	size_t document;
	const char *prefix;
};

struct manifest *manifest_new(struct arena *arena);
void manifest_free(struct manifest *manifest);
DEFINE_CLEANUP(struct manifest *, manifest_free);

// Adds the objects of a text. ERR_INVALID, with the line in *ret_line: the rest from there on could not be read; the objects before it are
// added.
int manifest_read(struct manifest *manifest, const char *source, const char *text, size_t len, int *ret_line, struct err *err);

// In the order of the texts.
const struct manifest_object *manifest_objects(const struct manifest *manifest, size_t *ret_n);

// The line of the field with a path such as "spec.config.server.memory" or "spec.env[2].name", or of the nearest existing field.
int manifest_line(const struct manifest *manifest, const struct manifest_object *object, const char *path);

// The object as the API server keeps it: without members that are null, except in the free part of spec.podTemplate; items of lists stay. In the
// arena.
yyjson_val *manifest_without_nulls(yyjson_val *root, struct arena *arena);
