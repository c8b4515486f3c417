// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A region freed at once. One for each piece of work, a reconcile or a query: what is built there dies there, and
// builders free nothing. Out of memory aborts (small things); a size that a peer chooses is checked by
// the caller before it asks. Not thread-safe: one arena belongs to one thread at a time.

#include <stdarg.h>
#include <stddef.h>

#include "base/budget.h"
#include "base/cleanup.h"

struct arena;

struct arena *arena_new(void);

// Frees everything allocated from it; NULL is allowed.
void arena_free(struct arena *arena);
DEFINE_CLEANUP(struct arena *, arena_free);

// Frees everything allocated from it, but keeps one block, so that an arena that is reset again and again (for each row of a stream) asks the
// system for nothing. It does not keep a block larger than 256 KiB.
void arena_reset(struct arena *arena);

// Zeroed, aligned for any type; never NULL (a size of 0 gives a valid unique pointer).
void *arena_alloc(struct arena *arena, size_t size);
#define arena_new_array(arena, type, n) ((type *)arena_alloc_array((arena), (n), sizeof(type)))
void *arena_alloc_array(struct arena *arena, size_t n, size_t size);

// Makes room for one more item in an array of n items. Returns the array itself while *room says that the item fits, else a copy with twice the
// room. The old array lies in the arena until the arena ends. NULL with a room of 0 is the empty array.
#define arena_grow(arena, items, n, room) ((__typeof__(items))arena_grow_array((arena), (items), (n), (room), sizeof(*(items))))
void *arena_grow_array(struct arena *arena, void *items, size_t n, size_t *room, size_t size);

// Another size for what arena_alloc() gave with old_size, as realloc() does. In place for the newest piece while its block has room, and whenever
// it shrinks; else a copy, and the old piece lies in the arena until the arena ends. The bytes that are added are not zeroed.
void *arena_resize(struct arena *arena, void *p, size_t old_size, size_t size);

char *arena_strdup(struct arena *arena, const char *s);
char *arena_memdup0(struct arena *arena, const void *data, size_t size);
char *arena_printf(struct arena *arena, const char *fmt, ...) _printf_(2, 3);
char *arena_vprintf(struct arena *arena, const char *fmt, va_list args) _printf_(2, 0);

// Bytes handed out so far, since the last arena_reset(), for limits and metrics.
size_t arena_used(const struct arena *arena);

// For what a peer says: from now on the arena's memory counts against a budget, which must outlive the arena. The first own_bytes are free of
// charge. Freeing the memory gives it back to the budget. A second call changes nothing.
void arena_bind(struct arena *arena, struct budget *budget, size_t own_bytes);

// Whether the arena may hold so many bytes in all; true takes them from the budget. Ask before you follow a size that a peer chose: memory that
// nobody asked for is charged all the same. Always true for an arena that is not bound.
bool arena_reserve(struct arena *arena, size_t bytes);

// Gives back what was reserved and is not used.
void arena_settle(struct arena *arena);

// The bytes of all blocks of a bound arena; 0 for others.
size_t arena_held(const struct arena *arena);

// Overwrites all memory with zeros before freeing it: for exchanges that carry a secret.
void arena_wipe_on_free(struct arena *arena);
