// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What admission and the operator would say of manifests, found without asking either. Pure.

#include <stdbool.h>
#include <stddef.h>

#include "cli/manifest.h"
#include "cli/schema.h"

struct inspection_finding {
	bool error;	     // it would be refused; else it is worth to know
	const struct manifest_object *object; // NULL: of no object, such as a text that is no YAML
	const char *source;
	int line; // 0: unknown
	const char *path, *text;
};

struct inspection {
	struct arena *arena;
	const struct manifest *manifest;
	const char *namespace; // of objects that name none
	struct inspection_finding *findings; // in the order of the objects, after those that were added before
	size_t n, room;
	struct schemas schemas; // filled by inspection_run()
	size_t good, refused, others; // objects: of ours, and of other kinds
};

// Adds a finding that is of no object.
void inspection_add(struct inspection *inspection, const struct inspection_finding *finding);

// Looks at all objects of the manifest.
void inspection_run(struct inspection *inspection);

// "Neo4jEnterpriseCluster shop/orders".
const char *inspection_subject(const struct inspection *inspection, const struct manifest_object *object);
