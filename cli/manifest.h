// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The objects of YAML and JSON texts, with the lines that their fields stand in: several documents, Lists taken apart, YAML read as kubectl reads
// it (cli/yaml_scalar.h), but a key that stands twice is refused. Pure.

#include <stddef.h>

#include <yyjson.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/err.h"

#define MANIFEST_MAX_BYTES ((size_t)16 * 1024 * 1024)

struct manifest; // what was read

struct manifest_object {
	const char *source; // the text's name
	int line;	    // that it begins in, from 1 on
	yyjson_val *root;   // an object
	// Of the manifest alone.
	size_t document;
	const char *prefix;
};

struct manifest *manifest_new(struct arena *arena);
void manifest_free(struct manifest *manifest);
DEFINE_CLEANUP(struct manifest *, manifest_free);

// Adds the objects of a text. ERR_INVALID, with the line in *ret_line: what follows there could not be read; the objects before it are there.
int manifest_read(struct manifest *manifest, const char *source, const char *text, size_t len, int *ret_line, struct err *err);

// In the order of the texts.
const struct manifest_object *manifest_objects(const struct manifest *manifest, size_t *ret_n);

// The line of the field with a path such as "spec.config.server.memory" or "spec.env[2].name", or of the nearest one that is there.
int manifest_line(const struct manifest *manifest, const struct manifest_object *object, const char *path);

// The object as the API server keeps it: members that are null are gone, wherever they stand but in the free part of
// spec.podTemplate; items of lists stay. In the arena.
yyjson_val *manifest_without_nulls(yyjson_val *root, struct arena *arena);
