// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Reads why the API server does not let the StatefulSet controller make a pod: only an event FailedCreate on the StatefulSet tells it. Pure.
// Source: Event v1; pkg/controller/statefulset/stateful_pod_control.go.

#include <stdbool.h>
#include <stdint.h>

#include <yyjson.h>

#include "base/arena.h"

struct failed_create {
	const char *pod;   // the pod that could not be made, or whose claim could not
	const char *words; // the API server's words
	int64_t at_ms;	   // wall clock, of the last event; 0: the event does not say
};

// False for an event that names no pod of this StatefulSet. Strings belong to the arena or to the event.
bool failed_create_read(yyjson_val *event, const char *set, struct arena *arena, struct failed_create *ret);

// What a user can do, judged by the API server's words.
const char *failed_create_cure(const char *words);
