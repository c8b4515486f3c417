// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A deployment as a line of the page, in JSON.

#include <yyjson.h>

#include "cli/program.h"

// workload: its StatefulSet; NULL: there is none, or the user may not read it.
const char *row_text(struct program *program, yyjson_val *object, bool cluster, yyjson_val *workload, bool workloads_known);
