// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// spec.podTemplate: what a user lays over the pods that the operator makes (G1). Pure. This file refuses what the operator must own, by its name
// and with the cure; the dry run of the StatefulSet finds what Kubernetes does not know.

#include <yyjson.h>

#include "api/field.h"

// The longest text of a whole template, so that a pod of it fits into the store of pods; and its deepest nesting.
#define POD_SHAPE_MAX_BYTES ((size_t)16 * 1024)
#define POD_SHAPE_MAX_DEPTH 24

// In a map: replaces our map by this one. It is the only directive of a strategic merge that we take.
#define POD_SHAPE_DIRECTIVE "$patch"
#define POD_SHAPE_REPLACE "replace"

struct pod_shape {
	struct field_pairs labels;
	struct field_pairs annotations;
	yyjson_val *spec; // NULL: none
};

void pod_shape_decode(struct field_reader *reader, struct field spec, struct pod_shape *ret);
