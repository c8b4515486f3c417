// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Files as a whole, up to a maximum; wiped with the arena.

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

// The bytes, with a NUL behind them, in the arena; "-" is standard input. ERR_INVALID: it cannot be read, or is larger.
int textfile_bytes(const char *path, size_t max, struct arena *arena, const char **ret, size_t *ret_size, struct err *err);

// The same; ERR_INVALID also for a NUL in it.
int textfile_text(const char *path, size_t max, struct arena *arena, const char **ret, struct err *err);
