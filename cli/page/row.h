// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A deployment in a line of the page, as a JSON text.

#include <yyjson.h>

#include "cli/program.h"

// workload: its StatefulSet; NULL: there is none, or it may not be read.
const char *row_text(struct program *program, yyjson_val *object, bool cluster, yyjson_val *workload, bool workloads_known);
