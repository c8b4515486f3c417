// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any bytes as a PackStream value: what was understood survives being packed and read again.

#include <string.h>

#include "bolt/pack.h"
#include "test/fuzz/fuzz.h"

#define INPUT_MAX ((size_t)64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_buf_ struct buf first = BUF_INIT(16 * INPUT_MAX), second = BUF_INIT(16 * INPUT_MAX);
	struct bolt_value value;
	struct err err = ERR_INIT;
	int r = unpack_value(data, size, arena, &value, &err);

	// 40 bytes for each byte of the encoding, and what a doubling block may leave over is not counted.
	must(arena_used(arena) <= 48 * size + 64);
	must(r == (int)err.class);
	if (r < 0)
		return 0;
	pack_value(&first, &value);
	must(unpack_value((const unsigned char *)first.data, first.len, arena, &value, &err) == 0);
	pack_value(&second, &value);
	must(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
	return 0;
}
