// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Lengths of time as users write them: "0", "30m", "1h30m", "14d". Days, hours and minutes, in this order, each at most once. Pure.

#include <stdbool.h>
#include <stdint.h>

// False when text is no length of time. A number has one to four digits and no leading zero, so that only "0" is less than a minute.
bool duration_parse(const char *text, int64_t *ret_ms);
