// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The inside of an arena, for base/arena.c and for the one reader that takes a piece for each value of a stream: inline, and not zeroed.

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/exhausted.h"

struct block {
	struct block *next;
	size_t size;
	size_t used;
	alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct block *head;
	size_t total;
	struct debt *debt; // NULL: not bound
	uint32_t next_size;
	bool wipe;
	struct block first;
};

#define ARENA_ALIGN alignof(max_align_t)

// A new head with room for so many bytes.
struct block *arena_block_add(struct arena *arena, size_t need);

static inline size_t arena_round(size_t size)
{
	if (size > SIZE_MAX / 2)
		memory_is_exhausted();
	return (size + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1);
}

// A piece of the newest block, of a multiple of ARENA_ALIGN bytes; NULL: it has too little left.
static inline void *arena_take_here(struct arena *arena, size_t size)
{
	struct block *block = arena->head;
	void *p = block->data + block->used;

	if (__builtin_expect(block->size - block->used < size, 0))
		return NULL;
	block->used += size;
	arena->total += size;
	return p;
}

// Not zeroed, and aligned for any type. The piece has a multiple of ARENA_ALIGN bytes. size at least 1.
static inline void *arena_take(struct arena *arena, size_t size)
{
	size_t whole = arena_round(size);

	if (__builtin_expect(arena->head->size - arena->head->used < whole, 0))
		(void)arena_block_add(arena, whole);
	return arena_take_here(arena, whole);
}
