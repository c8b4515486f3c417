// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The few texts that a store's objects are squeezed against. A text that is little like all of them becomes another one, while there is room;
// then it takes the place of the one with the fewest users, once more unlike texts have come than that has users. So odd ones that come first
// keep nobody else out. Pure, of one thread at a time.

#include <stdbool.h>
#include <stddef.h>

#include "base/squeeze.h"

#define DICTIONARIES 4
#define DICTIONARY_MAX (SQUEEZE_REACH / 2)

struct dictionaries {
	struct squeeze_text texts[DICTIONARIES]; // malloc'ed
	size_t users[DICTIONARIES];
	int n;
	size_t unlike; // texts that have come since a dictionary was made and that were little like any
};

void dictionaries_release(struct dictionaries *dictionaries);

// The text of one; empty for -1.
struct squeeze_text dictionaries_get(const struct dictionaries *dictionaries, int dictionary);

// Squeezes into out with the one that does best; returns it, -1: none. *ret_like: it does well.
int dictionaries_squeeze(const struct dictionaries *dictionaries, struct squeeze_text text, void *out, size_t *ret_len, bool *ret_like);

// A place for a text that is little like any: a free one, or one whose users are to be squeezed without it first (dictionaries_set() forgets its
// text); -1: it gets none.
int dictionaries_place(struct dictionaries *dictionaries, struct squeeze_text text);
void dictionaries_set(struct dictionaries *dictionaries, int place, struct squeeze_text text); // takes a copy
