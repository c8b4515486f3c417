// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Manifests of the Go operator of the same group, made into ours. Pure.

#include <stdbool.h>
#include <stddef.h>

#include "cli/manifest.h"
#include "cli/schema.h"

struct conversion_note {
	bool lost; // something has no counterpart; else it is only worth knowing
	const struct manifest_object *object;
	const char *path, *text;
};

struct conversion {
	struct arena *arena;
	struct schemas schemas; // filled by conversion_begin()
	struct conversion_note *notes;
	size_t n, room;
};

void conversion_begin(struct conversion *conversion, struct arena *arena);

// Our manifest of an object, in the arena; NULL: it has none, or is of another group and needs none. Notes tell what is lost, and what else
// there is to say.
yyjson_val *conversion_make(struct conversion *conversion, const struct manifest_object *object);
