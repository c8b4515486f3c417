// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "base/histogram.h"

static const int64_t bounds_ms[HISTOGRAM_BOUNDS] = {5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000};

void histogram_add(struct histogram *histogram, int64_t ms)
{
	size_t i = 0;

	while (i < HISTOGRAM_BOUNDS && ms > bounds_ms[i])
		i++;
	atomic_fetch_add(&histogram->counts[i], 1);
	atomic_fetch_add(&histogram->sum_ms, ms > 0 ? (uint64_t)ms : 0);
}

uint64_t histogram_count(const struct histogram *histogram)
{
	uint64_t n = 0;

	for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
		n += atomic_load(&histogram->counts[i]);
	return n;
}

void histogram_write(const struct histogram *histogram, const char *name, const char *labels, struct buf *out)
{
	const char *comma = *labels ? "," : "";
	uint64_t n = 0, sum = atomic_load(&histogram->sum_ms);

	for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
		n += atomic_load(&histogram->counts[i]);
		buf_addf(out, "%s_bucket{%s%sle=\"%g\"} %llu\n", name, labels, comma, (double)bounds_ms[i] / 1000, (unsigned long long)n);
	}
	n += atomic_load(&histogram->counts[HISTOGRAM_BOUNDS]);
	buf_addf(out, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, labels, comma, (unsigned long long)n);
	buf_addf(out, "%s_sum{%s} %llu.%03llu\n", name, labels, (unsigned long long)sum / 1000, (unsigned long long)sum % 1000);
	buf_addf(out, "%s_count{%s} %llu\n", name, labels, (unsigned long long)n);
}
