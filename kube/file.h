// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Reads a small file, whole.

#include "base/buf.h"
#include "base/err.h"

#define FILE_MAX_BYTES ((size_t)1024 * 1024)

// Appends the file to ret, and wipes its own copies. ERR_NOT_FOUND, ERR_INTERNAL with status errno, ERR_TOO_LARGE when the file is larger than
// ret's maximum.
int file_read(const char *path, struct buf *ret, struct err *err);
