// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Counts requests by method and result, for metrics. Zeroed memory is an empty count. Any thread.

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRAFFIC_KINDS 64

struct traffic {
	struct {
		_Atomic uint32_t kind; // 0: unused
		_Atomic uint64_t n;
	} counts[TRAFFIC_KINDS];
};

struct traffic_count {
	const char *method;
	int status; // 0: no answer came
	uint64_t n;
};

// The method must be one of the API's HTTP methods. Kinds beyond the table's size are not counted.
void traffic_count(struct traffic *traffic, const char *method, int status);

// Adds the counts of another.
void traffic_add(struct traffic *traffic, const struct traffic *other);

// The counts one after the other, in the order in which they began; false beyond the last.
bool traffic_get(const struct traffic *traffic, size_t i, struct traffic_count *ret);
