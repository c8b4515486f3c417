// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Why a pod is outdated, in words. Pure.

#include <yyjson.h>

#include "base/arena.h"

// The first difference between a pod and its StatefulSet's template that has a word.
const char *roll_cause(yyjson_val *pod, yyjson_val *workload, struct arena *arena);
