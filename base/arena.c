// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "base/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

// Blocks are chained; a new one is at least twice the last, so n allocations cost O(log n) mallocs. The first is part of the arena,
// and both together as small as a malloc that the C library has at hand, so that a short exchange costs one malloc. A
// request larger than a block gets a block of its own. The memory of a wiped arena is cleared block by
// block, so nothing of a secret stays in freed heap.

#define ARENA_SIZE ((size_t)1024) // with its first block
#define SECOND_BLOCK ((size_t)2048)
#define LARGEST_BLOCK ((size_t)256 * 1024)

struct block {
	struct block *next;
	size_t size;
	size_t used;
	alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct block *head;
	size_t next_size;
	size_t total;
	bool wipe;
	struct block first;
};

#define FIRST_BLOCK (ARENA_SIZE - sizeof(struct arena))

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

struct arena *arena_new(void)
{
	struct arena *arena = must(malloc(ARENA_SIZE));

	*arena = (struct arena){.head = &arena->first, .next_size = SECOND_BLOCK, .first = {.size = FIRST_BLOCK}};
	return arena;
}

static void block_drop(struct arena *arena)
{
	struct block *block = arena->head;

	arena->head = block->next;
	if (arena->wipe)
		explicit_bzero(block->data, block->used);
	if (block != &arena->first)
		free(block);
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	while (arena->head)
		block_drop(arena);
	free(arena);
}

// The newest block is kept, which is the largest but for those that a single request made; without one the first, which costs
// nothing.
void arena_reset(struct arena *arena)
{
	struct block *newest = arena->head, *kept = newest->size <= LARGEST_BLOCK ? newest : &arena->first;

	if (kept == newest)
		arena->head = newest->next;
	while (arena->head)
		block_drop(arena);
	if (arena->wipe)
		explicit_bzero(kept->data, kept->used);
	kept->next = NULL;
	kept->used = 0;
	arena->head = kept;
	arena->total = 0;
}

static struct block *block_add(struct arena *arena, size_t need)
{
	size_t size = need > arena->next_size ? need : arena->next_size;
	struct block *block = must(malloc(sizeof(*block) + size));

	block->size = size;
	block->used = 0;
	block->next = arena->head;
	arena->head = block;
	if (arena->next_size < LARGEST_BLOCK)
		arena->next_size *= 2;
	return block;
}

// Not zeroed, and at least one byte.
static inline void *take(struct arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct block *block = arena->head;
	void *p;

	if (size > SIZE_MAX / 2)
		abort();
	size = (size + align - 1) & ~(align - 1);
	if (block->size - block->used < size)
		block = block_add(arena, size);
	p = block->data + block->used;
	block->used += size;
	arena->total += size;
	return p;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	return memset(take(arena, size ? size : 1), 0, size);
}

void *arena_alloc_array(struct arena *arena, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		abort();
	return arena_alloc(arena, n * size);
}

char *arena_memdup0(struct arena *arena, const void *data, size_t size)
{
	char *copy = take(arena, size + 1);

	if (size)
		memcpy(copy, data, size);
	copy[size] = '\0';
	return copy;
}

char *arena_strdup(struct arena *arena, const char *s)
{
	return s ? arena_memdup0(arena, s, strlen(s)) : NULL;
}

char *arena_vprintf(struct arena *arena, const char *fmt, va_list args)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		abort();
	text = arena_alloc(arena, (size_t)n + 1);
	(void)vsnprintf(text, (size_t)n + 1, fmt, args);
	return text;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = arena_vprintf(arena, fmt, args);
	va_end(args);
	return text;
}

size_t arena_used(const struct arena *arena)
{
	return arena->total;
}

void arena_wipe_on_free(struct arena *arena)
{
	arena->wipe = true;
}
