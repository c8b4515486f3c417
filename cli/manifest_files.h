// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The manifests of --filename: files, folders, standard input.

#include "cli/inspection.h"
#include "cli/program.h"

extern const struct flag flag_filename;

// Reads all of them. A text that is no YAML becomes a finding of the inspection, or an error where inspection is NULL. ERR_INVALID: a file
// cannot be read, or no file is named.
int manifest_files_read(struct program *program, struct manifest *manifest, struct inspection *inspection, struct err *err);
