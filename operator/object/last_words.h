// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Why a container ended, read from the end of what it said. Pure.

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

// The line of a log's end that names the cause, without time and level: the end of a stack trace, else the last error, else the last line that
// is neither a remark nor a frame of a trace. NULL: the log says nothing. The function knows the logs of Neo4j, of its start-up tool, of Java
// and of the image's entrypoint. *ret_cut: only the end of a stack trace is there, or the rest of the line before it; more of the log would say more.
const char *last_words(const char *log, bool *ret_cut, struct arena *arena);

// The same of a log as it was written: any bytes, NUL too.
const char *last_words_of_bytes(const char *log, size_t len, bool *ret_cut, struct arena *arena);
