// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Members that wait for a time, the earliest first: a heap of structs that lie in the waiting things. All zero at first. One thread at a time.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct waiting {
	int64_t due_ms;
	size_t place; // in the heap
	bool is_in;
};

struct waiting_heap {
	struct waiting **members;
	size_t n, room;
};

// The member must be in no heap.
void waiting_add(struct waiting_heap *heap, struct waiting *member, int64_t due_ms);

// Does nothing when the member is not in the heap.
void waiting_remove(struct waiting_heap *heap, struct waiting *member);

// NULL: nothing waits.
struct waiting *waiting_first(const struct waiting_heap *heap);

// Frees the heap, not its members.
void waiting_release(struct waiting_heap *heap);
