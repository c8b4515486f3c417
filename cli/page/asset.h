// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The page's files, which are part of the program.

#include <stdbool.h>
#include <stddef.h>

struct asset {
	const char *type; // Content-Type
	const char *text;
	size_t len;
};

// Finds a file by its name; "" is the page itself. False: there is none.
bool asset_find(const char *name, struct asset *ret);
