// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Counts how long something took, by bounds from 5 ms to 60 s, for metrics in the Prometheus text format. Zeroed memory is an empty histogram.
// Any thread.

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"

#define HISTOGRAM_BOUNDS 13

struct histogram {
	_Atomic uint64_t counts[HISTOGRAM_BOUNDS + 1]; // by the smallest bound that holds it; the last entry counts what is beyond all bounds
	_Atomic uint64_t sum_ms;
};

void histogram_add(struct histogram *histogram, int64_t ms);
uint64_t histogram_count(const struct histogram *histogram);

// Appends the lines of one series: NAME_bucket{LABELS,le="..."}, NAME_sum and NAME_count. labels: `a="b"`, or "" for none.
void histogram_write(const struct histogram *histogram, const char *name, const char *labels, struct buf *out);
