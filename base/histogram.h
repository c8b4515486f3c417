// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// How long something took, counted by bounds from 5 ms to 60 s, for metrics in the Prometheus text format. Zeroed memory is an
// empty one. Any thread.

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"

#define HISTOGRAM_BOUNDS 13

struct histogram {
	_Atomic uint64_t counts[HISTOGRAM_BOUNDS + 1]; // by the least bound that holds it; the last one: beyond all
	_Atomic uint64_t sum_ms;
};

void histogram_add(struct histogram *histogram, int64_t ms);
uint64_t histogram_count(const struct histogram *histogram);

// Appends the lines of one series: NAME_bucket{LABELS,le="..."}, NAME_sum and NAME_count. labels: `a="b"`, or "" for none.
void histogram_write(const struct histogram *histogram, const char *name, const char *labels, struct buf *out);
