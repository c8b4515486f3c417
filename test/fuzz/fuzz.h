// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Every fuzz target needs this. A target defines LLVMFuzzerTestOneInput(); besides what the sanitizers see, it states
// properties with must().

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// A property of the code under test. Its failure is a finding.
#define must(holds) must_at(holds, #holds, __FILE__, __LINE__)

static inline void must_at(int holds, const char *text, const char *file, int line)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, text);
	abort();
}

// Cuts a text off the input, up to a NUL or the input's end. NULL when there is no more.
static inline const char *take_text(const uint8_t **data, size_t *size, struct arena *arena)
{
	size_t n = 0;
	const char *text;

	if (*size == 0)
		return NULL;
	while (n < *size && (*data)[n] != 0)
		n++;
	text = arena_memdup0(arena, *data, n);
	n += n < *size ? 1 : 0;
	*data += n;
	*size -= n;
	return text;
}
