// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a helper wants to see: deployments, what belongs to them, what is wrong with them, logs.

#include "cli/program.h"
#include "cli/report/tarball.h"

struct bundle_options {
	const char *reference; // NULL: all deployments of the namespace, or of all namespaces
	bool logs;
};

// Fills the archive. Its file missing.txt names what could not be read. ERR_TOO_MANY: more deployments than a report takes.
int bundle_make(struct program *program, const struct bundle_options *options, struct tarball *archive, struct err *err);
