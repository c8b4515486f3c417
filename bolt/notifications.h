// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <stddef.h>

#include "base/arena.h"

// Which notifications are wanted (5.2 and later).
struct bolt_notifications {
	const char *minimum_severity;	    // "OFF", "WARNING", "INFORMATION"; NULL: the server's setting
	const char *const *disabled;	    // unwanted categories (before 5.5) or classifications; NULL: the server's setting
	size_t n_disabled;		    // 0 with disabled not NULL: all are wanted
};

// A copy with all that it points at; NULL for NULL.
const struct bolt_notifications *bolt_notifications_copy(const struct bolt_notifications *notifications, struct arena *arena);
