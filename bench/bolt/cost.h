// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a piece of work costs this process. Source: getrusage(2), proc_pid_status(5).

#include <stdint.h>

struct cost {
	double cpu_us; // user and system
	int64_t wall_ms;
};

struct cost cost_begin(void);

// Prints what each of n costs since then, in the form that bench/bolt/run and bench/bolt/compare read, and the peak of memory.
void cost_print(const struct cost *since, const char *name, int64_t n);
