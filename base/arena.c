// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "base/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/arena_take.h"
#include "base/exhausted.h"
#include "base/must.h"

// Blocks are chained. Each new block is twice the last until 32 KiB, so small allocations cost few mallocs. The first block is part of the arena,
// and both together are as small as a malloc that the C library has at hand, so a short exchange costs one malloc. A request larger than a block
// gets a block of its own. A wiped arena clears its memory block by block, so freed heap holds nothing of a secret.

#define ARENA_SIZE ((size_t)1024) // with its first block
#define SECOND_BLOCK ((size_t)2048)
#define LARGEST_BLOCK ((size_t)32 * 1024) // of those for several requests: the free rest of a block serves nobody else
#define LARGEST_KEPT ((size_t)256 * 1024)
#define RESERVE_STEP ((size_t)16 * 1024)

// The debt of an arena to its budget.
struct debt {
	struct budget *budget;
	size_t own;   // bytes that are free of charge
	size_t held;  // of all blocks
	size_t taken; // of the budget
};

#define FIRST_BLOCK (ARENA_SIZE - sizeof(struct arena))

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

static void debt_free(struct debt *debt)
{
	budget_give(debt->budget, debt->taken);
	free(debt);
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	while (arena->head)
		block_drop(arena);
	if (arena->debt)
		debt_free(arena->debt);
	free(arena);
}

static void debt_lower(struct debt *debt, size_t held)
{
	size_t due = held > debt->own ? held - debt->own : 0;

	debt->held = held;
	if (due >= debt->taken)
		return;
	budget_give(debt->budget, debt->taken - due);
	debt->taken = due;
}

static void debt_raise(struct debt *debt, size_t size)
{
	debt->held += size;
	if (debt->held <= debt->own + debt->taken)
		return;
	budget_charge(debt->budget, debt->held - debt->own - debt->taken);
	debt->taken = debt->held - debt->own;
}

// Keeps the newest block, which is the largest unless a single request made a larger one. Without a newer block it keeps the first, which costs
// nothing.
void arena_reset(struct arena *arena)
{
	struct block *newest, *kept;

	if (!arena)
		return;
	newest = arena->head;
	// A row of a stream, again and again.
	if (!newest->next && newest->size <= LARGEST_KEPT && !arena->wipe && !arena->debt) {
		newest->used = arena->total = 0;
		return;
	}
	kept = newest->size <= LARGEST_KEPT ? newest : &arena->first;
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
	if (arena->debt)
		debt_lower(arena->debt, kept == &arena->first ? 0 : kept->size);
}

struct block *arena_block_add(struct arena *arena, size_t need)
{
	size_t size = need > arena->next_size ? need : arena->next_size;
	struct block *block = must(malloc(sizeof(*block) + size));

	block->size = size;
	block->used = 0;
	block->next = arena->head;
	arena->head = block;
	if (arena->debt)
		debt_raise(arena->debt, size);
	if (arena->next_size < LARGEST_BLOCK)
		arena->next_size *= 2;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	return arena ? memset(arena_take(arena, size ? size : 1), 0, size) : NULL;
}

static bool is_newest(const struct arena *arena, const void *p, size_t size)
{
	const struct block *block = arena->head;

	return block->used >= size && (const char *)p == (const char *)block->data + block->used - size;
}

void *arena_resize(struct arena *arena, void *p, size_t old_size, size_t size)
{
	size_t had = arena_round(old_size ? old_size : 1), wanted = arena_round(size ? size : 1);
	struct block *block;
	void *copy;

	if (!arena || !p)
		return arena_alloc(arena, size);
	block = arena->head;
	if (is_newest(arena, p, had) && wanted <= block->size - (block->used - had)) {
		if (arena->wipe && wanted < had)
			explicit_bzero((char *)p + wanted, had - wanted);
		block->used += wanted - had;
		arena->total += wanted - had;
		return p;
	}
	if (wanted <= had)
		return p;
	copy = arena_take(arena, size);
	return memcpy(copy, p, old_size);
}

void *arena_alloc_array(struct arena *arena, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		memory_is_exhausted();
	return arena_alloc(arena, n * size);
}

void *arena_grow_array(struct arena *arena, void *items, size_t n, size_t *room, size_t size)
{
	void *grown;

	if (!arena || !room)
		return NULL;
	if (n < *room)
		return items;
	*room = *room ? 2 * *room : 16;
	grown = arena_alloc_array(arena, *room, size);
	if (n && items)
		memcpy(grown, items, n * size);
	return grown;
}

char *arena_memdup0(struct arena *arena, const void *data, size_t size)
{
	char *copy;

	if (!arena || (size && !data))
		return NULL;
	copy = arena_take(arena, size + 1);
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

	if (!arena || !fmt)
		return NULL;
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		memory_is_exhausted();
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
	return arena ? arena->total : 0;
}

void arena_bind(struct arena *arena, struct budget *budget, size_t own_bytes)
{
	if (!arena || !budget || arena->debt)
		return;
	arena->debt = must(malloc(sizeof(*arena->debt)));
	*arena->debt = (struct debt){.budget = budget, .own = own_bytes};
	for (const struct block *block = arena->head; block; block = block->next)
		debt_raise(arena->debt, block == &arena->first ? 0 : block->size);
}

bool arena_reserve(struct arena *arena, size_t bytes)
{
	struct debt *debt = arena ? arena->debt : NULL;
	size_t more;

	if (!debt || bytes <= debt->own + debt->taken)
		return true;
	more = (bytes - debt->own - debt->taken + RESERVE_STEP - 1) / RESERVE_STEP * RESERVE_STEP;
	if (!budget_take(debt->budget, more))
		return false;
	debt->taken += more;
	return true;
}

void arena_settle(struct arena *arena)
{
	if (arena && arena->debt)
		debt_lower(arena->debt, arena->debt->held);
}

size_t arena_held(const struct arena *arena)
{
	return arena && arena->debt ? arena->debt->held : 0;
}

void arena_wipe_on_free(struct arena *arena)
{
	if (arena)
		arena->wipe = true;
}
