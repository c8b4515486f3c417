// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/waiting.h"

#include <assert.h>
#include <stdlib.h>

#include "base/must.h"

static void heap_set(struct waiting_heap *heap, size_t place, struct waiting *member)
{
	heap->members[place] = member;
	member->place = place;
}

// Moves a member from a place towards the root while it is due earlier than its parent.
static void heap_rise(struct waiting_heap *heap, size_t place, struct waiting *member)
{
	while (place > 0 && member->due_ms < heap->members[(place - 1) / 2]->due_ms) {
		heap_set(heap, place, heap->members[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	heap_set(heap, place, member);
}

static void heap_sink(struct waiting_heap *heap, size_t place, struct waiting *member)
{
	size_t child;

	while ((child = 2 * place + 1) < heap->n) {
		if (child + 1 < heap->n && heap->members[child + 1]->due_ms < heap->members[child]->due_ms)
			child++;
		if (member->due_ms <= heap->members[child]->due_ms)
			break;
		heap_set(heap, place, heap->members[child]);
		place = child;
	}
	// The last member may belong above the gap it fills, in another branch.
	heap_rise(heap, place, member);
}

void waiting_add(struct waiting_heap *heap, struct waiting *member, int64_t due_ms)
{
	assert(!member->is_in);
	if (heap->n == heap->room) {
		heap->room = heap->room ? heap->room * 2 : 16;
		heap->members = must(reallocarray(heap->members, heap->room, sizeof(struct waiting *)));
	}
	member->due_ms = due_ms;
	member->is_in = true;
	heap->n++;
	heap_rise(heap, heap->n - 1, member);
}

void waiting_remove(struct waiting_heap *heap, struct waiting *member)
{
	struct waiting *last;

	if (!member->is_in)
		return;
	assert(member->place < heap->n && heap->members[member->place] == member);
	member->is_in = false;
	last = heap->members[--heap->n];
	if (last != member)
		heap_sink(heap, member->place, last);
}

struct waiting *waiting_first(const struct waiting_heap *heap)
{
	return heap->n > 0 ? heap->members[0] : NULL;
}

void waiting_release(struct waiting_heap *heap)
{
	free(heap->members);
	*heap = (struct waiting_heap){0};
}
