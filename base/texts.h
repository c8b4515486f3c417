// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Keeps each text once, numbered from 0. A text that many rows repeat costs each row one pointer. One thread.

#include <stddef.h>

#include "base/arena.h"

struct texts_item;

struct texts {
	struct arena *arena; // of the texts
	struct texts_item *items;
	const char **list; // by number
	size_t n, room;
};

#define TEXTS_INIT(of) ((struct texts){.arena = (of)})

// The number of a text; a new text is copied.
size_t texts_add(struct texts *texts, const char *text);

// The copy; NULL for NULL.
const char *texts_keep(struct texts *texts, const char *text);

// Forgets the numbers; the copies stay as long as the arena.
void texts_release(struct texts *texts);
#define _cleanup_texts_ _cleanup_(texts_release)
