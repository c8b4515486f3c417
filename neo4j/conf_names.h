// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The names that settings had before: in 4.x, and early in 5.x. The servers still take them, so each decision by a setting's name must use its
// present name. Pure.

#include <stdbool.h>

#define CONF_NAME_MAX 256

// The name by which a server knows the setting: name itself, a static text, or a text in buffer, which lives as long as the caller's. A setting
// that servers drop keeps its name, and so does one to which they give another value.
const char *conf_present_name(const char *name, char buffer[static CONF_NAME_MAX]);
