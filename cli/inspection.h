// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What admission and the operator would say about manifests, found without asking either. Pure.

#include <stdbool.h>
#include <stddef.h>

#include "cli/manifest.h"
#include "cli/schema.h"

struct inspection_finding {
	bool error;	     // it would be refused; else it is only worth knowing
	const struct manifest_object *object; // NULL: not about an object, such as a text that is no YAML
	const char *source;
	int line; // 0: unknown
	const char *path, *text;
};

struct inspection {
	struct arena *arena;
	const struct manifest *manifest;
	const char *namespace; // for objects that name none
	struct inspection_finding *findings; // first those of inspection_add(), then in the order of the objects
	size_t n, room;
	struct schemas schemas; // filled by inspection_run()
	size_t good, refused, others; // objects: ours, ours that would be refused, and those of other kinds
};

// Adds a finding that is not about an object.
void inspection_add(struct inspection *inspection, const struct inspection_finding *finding);

// Inspects all objects of the manifest.
void inspection_run(struct inspection *inspection);

// "Neo4jEnterpriseCluster shop/orders".
const char *inspection_subject(const struct inspection *inspection, const struct manifest_object *object);
