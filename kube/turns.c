// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Each group has a list of its due members, and one of its running members. The groups with due members stand in a ring. The first group that
// may run another member gives its first member and goes to the end. A group may not when it already runs as many members as there are free
// places, or its share of the workers, so the search skips few. A share grows when another group has nothing left to do, and with time, when a
// member has run for so long that it no longer counts.

#include "kube/turns.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>
#include <utlist.h>

#include "base/must.h"

// Exists while it has members that are due or running.
struct turn_group {
	UT_hash_handle hh;
	struct turn_group *prev, *next; // in the ring, while members are due
	struct turn *order, **order_end;
	struct turn *worked_on; // the running members, the oldest first
	int running;		// of running members
	char name[];
};

static struct turn_group *group_of(struct turns *turns, const char *name)
{
	struct turn_group *group;

	HASH_FIND_STR(turns->groups, name, group);
	if (group)
		return group;
	group = must(calloc(1, sizeof(*group) + strlen(name) + 1));
	memcpy(group->name, name, strlen(name) + 1);
	group->order_end = &group->order;
	HASH_ADD_STR(turns->groups, name, group);
	return group;
}

static void group_settle(struct turns *turns, struct turn_group *group)
{
	assert(group->running >= 0);
	if (group->order || group->running > 0)
		return;
	HASH_DEL(turns->groups, group);
	free(group);
}

void turns_append(struct turns *turns, struct turn *turn, const char *group)
{
	assert(!turn->group);
	turn->group = group_of(turns, group);
	turn->next_due = NULL;
	if (!turn->group->order)
		DL_APPEND(turns->ring, turn->group);
	*turn->group->order_end = turn;
	turn->group->order_end = &turn->next_due;
	turns->due++;
}

// How many workers a group may have: all existing groups have something to do.
static int share(const struct turns *turns)
{
	int n = (int)HASH_COUNT(turns->groups);

	if (turns->workers == 0 || n == 1)
		return INT_MAX;
	return turns->workers > n ? turns->workers / n : 1;
}

// The milliseconds until one of a group's counted members stops counting; 0: its share is not used up.
static int64_t share_wait(const struct turns *turns, const struct turn_group *group, int64_t now_ms)
{
	int more = group->running - share(turns);
	const struct turn *turn;

	if (more < 0)
		return 0;
	// The list begins with the oldest: so many of them must be old.
	for (turn = group->worked_on; more > 0; more--)
		turn = turn->next;
	return turn->taken_ms + TURNS_PATIENCE_MS > now_ms ? turn->taken_ms + TURNS_PATIENCE_MS - now_ms : 0;
}

static bool has_place(const struct turns *turns, const struct turn_group *group)
{
	return turns->places == 0 || group->running < turns->places - turns->running;
}

// Whether the group may run another member. If only time prevents it, lowers *ret_wait_ms to that time.
static bool may_run(const struct turns *turns, const struct turn_group *group, int64_t now_ms, int64_t *ret_wait_ms)
{
	int64_t wait_ms;

	if (group->running == 0)
		return true;
	if (!has_place(turns, group))
		return false;
	wait_ms = share_wait(turns, group, now_ms);
	if (wait_ms > 0 && (*ret_wait_ms < 0 || wait_ms < *ret_wait_ms))
		*ret_wait_ms = wait_ms;
	return wait_ms == 0;
}

// The group whose turn it is; NULL: see turns_take().
static struct turn_group *next_group(const struct turns *turns, int64_t now_ms, int64_t *ret_wait_ms)
{
	struct turn_group *group = turns->ring;

	while (group && !may_run(turns, group, now_ms, ret_wait_ms))
		group = group->next;
	return group;
}

bool turns_may_take(const struct turns *turns, int64_t now_ms)
{
	int64_t wait_ms = -1;

	return next_group(turns, now_ms, &wait_ms) != NULL;
}

struct turn *turns_take(struct turns *turns, int64_t now_ms, int64_t *ret_wait_ms)
{
	struct turn_group *group = next_group(turns, now_ms, ret_wait_ms);
	struct turn *turn;

	if (!group)
		return NULL;
	turn = group->order;
	assert(turn && turn->group == group && turns->due > 0);
	group->order = turn->next_due;
	if (!group->order)
		group->order_end = &group->order;
	DL_DELETE(turns->ring, group);
	if (group->order)
		DL_APPEND(turns->ring, group);
	turn->taken_ms = now_ms;
	DL_APPEND(group->worked_on, turn);
	group->running++;
	turns->running++;
	turns->due--;
	return turn;
}

void turns_leave(struct turns *turns, struct turn *turn)
{
	struct turn_group *group = turn->group;

	// A second call for one run would break the counts.
	assert(group && group->running > 0 && turns->running > 0);
	turn->group = NULL;
	DL_DELETE(group->worked_on, turn);
	group->running--;
	turns->running--;
	group_settle(turns, group);
}

void turns_release(struct turns *turns)
{
	struct turn_group *group, *next;

	HASH_ITER(hh, turns->groups, group, next)
	{
		HASH_DEL(turns->groups, group);
		free(group);
	}
	turns->ring = NULL;
}
