// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The manifests that --filename names: files, folders, standard input.

#include "cli/inspection.h"
#include "cli/program.h"

extern const struct flag flag_filename;

// Reads all of them. What is no YAML becomes a finding of the inspection; where that is NULL, an error. ERR_INVALID: a file cannot be read, or none is named.
int manifest_files_read(struct program *program, struct manifest *manifest, struct inspection *inspection, struct err *err);
