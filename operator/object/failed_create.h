// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the StatefulSet controller says of a pod that the API server does not let it make: an event FailedCreate on the StatefulSet, and
// nothing else. Pure. Source: Event v1; pkg/controller/statefulset/stateful_pod_control.go.

#include <stdbool.h>
#include <stdint.h>

#include <yyjson.h>

#include "base/arena.h"

struct failed_create {
	const char *pod;   // that could not be made, or whose claim could not
	const char *words; // the API server's
	int64_t at_ms;	   // wall clock, when it was told last; 0: the event does not say
};

// False for an event that tells of no pod of this StatefulSet. Strings belong to the arena or to the event.
bool failed_create_read(yyjson_val *event, const char *set, struct arena *arena, struct failed_create *ret);

// What a user can do, by the API server's words.
const char *failed_create_cure(const char *words);
