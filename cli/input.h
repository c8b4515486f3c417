// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The input of a command: a file, or standard input for "-".

#include "base/buf.h"
#include "cli/program.h"

// Appends the whole input to ret. ERR_INVALID: it cannot be read, or is larger than ret's maximum; the text names it. No copy stays in memory.
int input_read(struct program *program, const char *path, struct buf *ret, struct err *err);

// The path for people: "standard input" for "-".
const char *input_name(const char *path);
