// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The order of the work queue: the due members of groups that take turns, and the members that run. However many members of one group are due,
// the first of another group is next. All zero at first except places and workers. One thread at a time.
//
// A group may not run more members than there are free places, so that the next group always finds one. And the groups that have something to do
// share the workers evenly. A group that is alone is not held back. A member that has run for TURNS_PATIENCE_MS waits rather than works, and no
// longer counts.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TURNS_PATIENCE_MS 2000

struct turn_group;

// A member lies in the thing that takes its turn.
struct turn {
	struct turn_group *group;  // while it is due or runs; else NULL
	struct turn *next_due;
	struct turn *prev, *next; // among the running members of its group
	int64_t taken_ms;	   // while it runs: since when
};

struct turns {
	int places;  // how many members can run at a time; 0: any number, and no group is held back
	int workers; // shared out among the groups; 0: nothing is shared out
	struct turn_group *groups, *ring;
	size_t due;  // members
	int running; // members that run
};

// Puts a member at the end of its group.
void turns_append(struct turns *turns, struct turn *turn, const char *group);

// Takes the next member, which runs until turns_leave(). NULL: none is due, or none may run now; if only time prevents it, lowers *ret_wait_ms
// to that time (negative: no time yet).
struct turn *turns_take(struct turns *turns, int64_t now_ms, int64_t *ret_wait_ms);

// Whether turns_take() would return a member.
bool turns_may_take(const struct turns *turns, int64_t now_ms);

// The member no longer runs: its place is free, which a group may have waited for.
void turns_leave(struct turns *turns, struct turn *turn);

// Frees the groups, not their members.
void turns_release(struct turns *turns);
