// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The ending of a counted noun: "1 server", "2 servers".

static inline const char *plural(unsigned long long n)
{
	return n == 1 ? "" : "s";
}
