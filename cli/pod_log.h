// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a container has logged so far.

#include "base/buf.h"
#include "cli/program.h"

struct pod_log {
	const char *namespace, *pod;
	const char *container; // NULL: the only one
	const char *tail;      // so many lines
	bool previous;	       // of the run before the present one
};

// Appends the path of the request; follow: with what comes.
void pod_log_path(const struct pod_log *log, bool follow, struct buf *ret);

// The text is the caller's to release.
int pod_log_read(struct program *program, const struct pod_log *log, struct buf *ret, struct err *err);
