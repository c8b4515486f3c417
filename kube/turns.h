// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The order of the work queue: members of groups that take turns, and those of them that are worked on. However many members of one group are due,
// the first of another is next. All zero at first but for places and workers. One thread at a time.
//
// A group may have no more members worked on than there are places free, so that there is always one for the next group. And the workers are
// shared out evenly among the groups that have something to do. A group alone is not held back. A member that has been worked on for
// TURNS_PATIENCE_MS waits rather than works, and counts no more for that.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TURNS_PATIENCE_MS 2000

struct turn_group;

// A member: it lies in what waits to be worked on.
struct turn {
	struct turn_group *group;  // while it is due or worked on; else NULL
	struct turn *next_due;
	struct turn *prev, *next; // among those of its group that are worked on
	int64_t taken_ms;	   // while it is worked on: since when
};

struct turns {
	int places;  // members that can be worked on at a time; 0: any number, and no group is held back
	int workers; // to be shared out among the groups; 0: nothing is shared out
	struct turn_group *groups, *ring;
	size_t due;  // members
	int running; // members that are worked on
};

// Puts a member at the end of its group.
void turns_append(struct turns *turns, struct turn *turn, const char *group);

// The next one to be worked on, until turns_leave(). NULL: none is due, or may be taken now; if time alone keeps one, *ret_wait_ms is made as small
// as that time is (negative: none yet).
struct turn *turns_take(struct turns *turns, int64_t now_ms, int64_t *ret_wait_ms);

// Whether turns_take() would give one.
bool turns_may_take(const struct turns *turns, int64_t now_ms);

// It is not worked on any more: there is a place more, which a group may have waited for.
void turns_leave(struct turns *turns, struct turn *turn);

// Frees the groups, not their members.
void turns_release(struct turns *turns);
