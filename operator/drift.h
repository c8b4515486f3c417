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

bool drift_found(yyjson_val *desired, yyjson_val *live);
