// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The files of the page, which are part of the program.

#include <stdbool.h>
#include <stddef.h>

struct asset {
	const char *type; // Content-Type
	const char *text;
	size_t len;
};

// By its name, which is "" for the page itself; false: there is none.
bool asset_find(const char *name, struct asset *ret);
