// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A deployment as a line of the page, in JSON.

#include <yyjson.h>

#include "cli/program.h"

struct row_parts {
	yyjson_val *workload; // its StatefulSet; NULL: there is none, or the user may not read it
	yyjson_val *plugin;   // one that failed; NULL: none that is known
	bool workloads_known;
};

const char *row_text(struct program *program, yyjson_val *object, bool cluster, const struct row_parts *parts);
