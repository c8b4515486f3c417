// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Why a container ended, read from the end of what it said. Pure.

#include "base/arena.h"

// The line of a log's end that says the cause, without time and level: what a stack trace ends in, else the last error, else the last line
// that is neither a remark nor a frame of a trace. NULL: it said nothing. The log of Neo4j, of its start-up tool, of Java and of the
// image's entrypoint are known.
const char *last_words(const char *log, struct arena *arena);
