// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A child of a deployment as a text to compare: only what the operator writes of it. Pure.

#include <yyjson.h>

#include "base/arena.h"

// One side as YAML, with its members in alphabetical order: the fields of wanted, which is the object that the operator writes; and, where the
// other side is known, the fields that the other lacks. other NULL: unknown.
const char *child_view(yyjson_val *side, yyjson_val *wanted, yyjson_val *other, struct arena *arena);
