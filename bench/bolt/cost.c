// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bench/bolt/cost.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/clock.h"

static double cpu_us(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

// The peak of this program alone: that of getrusage() would begin with its parent's.
static long peak_kib(void)
{
	_cleanup_(fclosep) FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	long peak = -1;

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "VmHWM:", 6) == 0)
			peak = strtol(line + 6, NULL, 10);
	}
	return peak;
}

struct cost cost_begin(void)
{
	return (struct cost){.cpu_us = cpu_us(), .wall_ms = clock_monotonic_ms(&clock_system)};
}

void cost_print(const struct cost *since, const char *name, int64_t n)
{
	double cpu = cpu_us() - since->cpu_us;
	int64_t wall = clock_monotonic_ms(&clock_system) - since->wall_ms;

	(void)printf("%s %" PRId64 " cpu_us %.3f wall_us %.3f peak_kib %ld\n", name, n, cpu / (double)n, (double)wall * 1000 / (double)n,
		     peak_kib());
}
