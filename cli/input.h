// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a command reads: a file, or standard input for "-".

#include "base/buf.h"
#include "cli/program.h"

// Appends all of it to ret. ERR_INVALID: it cannot be read, or is larger than ret's maximum; the text names it. Nothing that was read stays
// elsewhere in memory.
int input_read(struct program *program, const char *path, struct buf *ret, struct err *err);

// The path for people: "standard input" for "-".
const char *input_name(const char *path);
