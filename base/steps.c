// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "base/steps.h"

#include <stddef.h>

static _Thread_local struct steps *mine;

void steps_follow(struct steps *steps)
{
	mine = steps;
	if (steps)
		atomic_store(&steps->depth, 0);
}

int step_enter(const char *words)
{
	unsigned depth;

	if (!mine)
		return 0;
	depth = atomic_load(&mine->depth);
	if (depth < STEPS_MAX)
		atomic_store(&mine->words[depth], words);
	atomic_store(&mine->depth, depth + 1);
	return 1;
}

void step_leave(const int *entered)
{
	if (*entered && mine)
		atomic_fetch_sub(&mine->depth, 1);
}

void steps_write(const struct steps *steps, struct buf *out)
{
	unsigned depth = atomic_load(&steps->depth);

	for (unsigned i = 0; i < depth && i < STEPS_MAX; i++) {
		buf_add(out, i ? " > " : "");
		buf_add(out, atomic_load(&steps->words[i]));
	}
}
