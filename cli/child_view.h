// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A child of a deployment as a text to compare: what the operator writes of it and no more. Pure.

#include <yyjson.h>

#include "base/arena.h"

// Of one side, as YAML with its members in the order of the alphabet: what is in wanted, the object that the operator writes; and, where the other side
// is known, what that one lacks. other NULL: unknown.
const char *child_view(yyjson_val *side, yyjson_val *wanted, yyjson_val *other, struct arena *arena);
