// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The few texts against which a store's objects are squeezed. A text that resembles none of them becomes a dictionary, too, while there is room.
// After that it replaces the dictionary with the fewest users, once more unlike texts have come than that one has users. So odd texts that come
// first keep nobody else out. Pure, one thread at a time.

#include <stdbool.h>
#include <stddef.h>

#include "base/squeeze.h"

#define DICTIONARIES 4
#define DICTIONARY_MAX (SQUEEZE_REACH / 2)

struct dictionaries {
	struct squeeze_text texts[DICTIONARIES]; // malloc'ed
	size_t users[DICTIONARIES];
	int n;
	size_t unlike; // texts that resembled no dictionary, since the last one was made
};

void dictionaries_release(struct dictionaries *dictionaries);

// The text of a dictionary; empty for -1.
struct squeeze_text dictionaries_get(const struct dictionaries *dictionaries, int dictionary);

// Squeezes into out with the best dictionary and returns it; -1: none. *ret_like: the dictionary resembles the text.
int dictionaries_squeeze(const struct dictionaries *dictionaries, struct squeeze_text text, void *out, size_t *ret_len, bool *ret_like);

// A place for a text that resembles no dictionary: a free one, or one whose users must first be squeezed without it (dictionaries_set() forgets
// its text); -1: no place.
int dictionaries_place(struct dictionaries *dictionaries, struct squeeze_text text);
void dictionaries_set(struct dictionaries *dictionaries, int place, struct squeeze_text text); // takes a copy
