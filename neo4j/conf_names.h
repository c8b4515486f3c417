// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The names that settings had before: in 4.x, and early in 5.x. The servers still take them, so whatever is decided by a setting's name
// must be decided by its present one. Pure.

#include <stdbool.h>

#define CONF_NAME_MAX 256

// The name by which a server knows the setting: name itself, text of the program, or made in buffer, which lives as long as the caller's.
// What a server drops keeps its name, and so does what it gives another value.
const char *conf_present_name(const char *name, char buffer[static CONF_NAME_MAX]);
