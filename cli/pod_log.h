// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Reads a container's log.

#include "base/buf.h"
#include "cli/program.h"

struct pod_log {
	const char *namespace, *pod;
	const char *container; // NULL: the only one
	const char *tail;      // how many lines
	bool previous;	       // of the run before the present one
};

// Appends the path of the request; follow: also what comes later.
void pod_log_path(const struct pod_log *log, bool follow, struct buf *ret);

// The caller releases the text.
int pod_log_read(struct program *program, const struct pod_log *log, struct buf *ret, struct err *err);
