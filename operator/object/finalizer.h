// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Finds out whose word an object waits for that is being deleted. Pure.

#include <yyjson.h>

#include "base/arena.h"

// The finalizers of somebody else that hold an object which is being deleted: "'a.example/x', 'b.example/y'". NULL: it is not being deleted, or
// Kubernetes' own work alone holds it, which ends by itself.
const char *finalizer_list(yyjson_val *object, struct arena *arena);
