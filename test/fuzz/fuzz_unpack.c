// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any bytes as a PackStream value: what was understood survives being packed and read again, and no limit on memory is passed.

#include <string.h>

#include "bolt/pack.h"
#include "test/fuzz/fuzz.h"

#define INPUT_MAX ((size_t)64 * 1024)

// Within half of what the bytes may be worth, and with a budget of a quarter that is all given back.
static void run_within(const uint8_t *data, size_t size, int without)
{
	struct arena *arena = arena_new();
	size_t memory = size * PACK_COST_MAX / 2;
	struct budget budget = BUDGET_INIT(memory / 2);
	struct bolt_value value;
	struct err err = ERR_INIT;
	int r;

	arena_bind(arena, &budget, 0);
	r = unpack_value_within(data, size, memory, arena, &value, &err);
	must(r == (int)err.class);
	must(r == without || r == ERR_TOO_LARGE || r == ERR_TOO_MANY);
	must(arena_used(arena) <= memory);
	// Memory beyond the request is the rest of a block.
	must(budget_taken(&budget) <= budget.max + (size_t)32 * 1024);
	arena_free(arena);
	must(budget_taken(&budget) == 0);
}

// A message is read as any value is, but that its field lies elsewhere.
static void run_message(const uint8_t *data, size_t size, const struct bolt_value *whole, int without)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_buf_ struct buf first = BUF_INIT(16 * INPUT_MAX), second = BUF_INIT(16 * INPUT_MAX);
	struct bolt_value value, field;
	struct err err = ERR_INIT;
	int r = unpack_message(data, size, arena, &value, &field, &err);

	must(r == without && r == (int)err.class);
	if (r < 0)
		return;
	pack_value(&first, whole);
	pack_value(&second, &value);
	must(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
}

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
	run_within(data, size, r);
	run_message(data, size, &value, r);
	if (r < 0)
		return 0;
	pack_value(&first, &value);
	must(unpack_value((const unsigned char *)first.data, first.len, arena, &value, &err) == 0);
	pack_value(&second, &value);
	must(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
	return 0;
}
