// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Whether a live object still says all that we want of it. Pure.
//
// Every member of desired must be in live with an equal value; anything more in live belongs to others or is a default. Lists of objects are
// matched by the key with which server-side apply merges them (name, containerPort, port, mountPath, type, key), other lists item by item. Where
// apply takes an object or a list as a whole (a selector, tolerations), anything more is drift. A
// value that the API server writes differently from us (a quantity such as "1024Mi") looks like a drift; that costs one apply without effect.

#include <stdbool.h>

#include <yyjson.h>

#include "base/arena.h"

bool drift_found(yyjson_val *desired, yyjson_val *live);

// The same for whole objects; apiVersion and kind do not count, since a list's items lack them.
bool drift_of_object(yyjson_val *desired, yyjson_val *live);

// Whether a key tells items such as this one apart, and the item of a list that server-side apply would merge with it; NULL: none.
bool drift_is_keyed(yyjson_val *item);
yyjson_val *drift_twin(yyjson_val *list, yyjson_val *item);

// A JSON patch that restores what server-side apply cannot; NULL when there is nothing of that. An apply adds ours beside what others have put
// there, and the API server refuses two ports of one name, which apply merges by number, and two members of a one-of (a probe's handlers, a
// volume's sources). A port gets its number and protocol back. An object that lacks a member of ours, or has another type, gets ours back and
// loses what others have added to it. The patch applies only to this version of live.
const char *drift_patch(yyjson_val *desired, yyjson_val *live, struct arena *arena);
