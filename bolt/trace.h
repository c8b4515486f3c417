// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The lines of a program's log (bolt/logging.h). Each does nothing where there is none.

#include <stddef.h>

#include "base/cleanup.h"
#include "bolt/logging.h"

// A line; control characters become spaces, and a long one is cut.
_printf_(2, 3) void trace_line(const struct bolt_log *log, const char *fmt, ...);

// A request of n bytes on the connection of this name, and the statement of a RUN, of which only the beginning is told: all up to what may be a
// literal or a comment. text NULL: it is none.
void trace_sent(const struct bolt_log *log, const char *name, const char *request, size_t n, const char *text);

// An answer to a request, and the code of a failure; NULL: it is none.
void trace_received(const struct bolt_log *log, const char *name, const char *answer, const char *request, const char *code);
