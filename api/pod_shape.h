// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// spec.podTemplate: what a user lays over the pods that the operator makes (G1). Pure. What the operator must own is refused here, by its name
// and with what to do instead; what no server of Kubernetes knows is found by the dry run of the StatefulSet.

#include <yyjson.h>

#include "api/field.h"

// Of the whole template, as a text: a pod of it must fit into the store of pods. And how deep it may be nested.
#define POD_SHAPE_MAX_BYTES ((size_t)16 * 1024)
#define POD_SHAPE_MAX_DEPTH 24

// In a map: ours counts for nothing, and this map stands instead. Of the directives of a strategic merge the only one that is taken.
#define POD_SHAPE_DIRECTIVE "$patch"
#define POD_SHAPE_REPLACE "replace"

struct pod_shape {
	struct field_pairs labels;
	struct field_pairs annotations;
	yyjson_val *spec; // NULL: none
};

void pod_shape_decode(struct field_reader *reader, struct field spec, struct pod_shape *ret);
