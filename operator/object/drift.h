// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Whether a live object still says all that we want of it. Pure.
//
// Every member of desired must be in live with an equal value; what live has beyond that belongs to others or is
// a default. Lists of objects are matched by the key that server-side apply merges them by (name, containerPort,
// port, mountPath, type, key), other lists item by item. A value that the API server writes differently from us (a
// quantity such as "1024Mi") looks like a drift; that costs one apply without effect.

#include <stdbool.h>

#include <yyjson.h>

#include "base/arena.h"

bool drift_found(yyjson_val *desired, yyjson_val *live);

// The same for whole objects; apiVersion and kind do not count, since an item of a list has none.
bool drift_of_object(yyjson_val *desired, yyjson_val *live);

// A JSON patch that gives entries of port lists their number and protocol back; NULL when none has another. Server-side apply
// cannot: it merges ports by number, so it would add ours beside the changed one, and two of one name are invalid. It holds
// for the very version of live only.
const char *drift_ports_patch(yyjson_val *desired, yyjson_val *live, struct arena *arena);
