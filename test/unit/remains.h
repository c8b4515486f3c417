// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Whether a word is left anywhere in this process's memory. A test lets another process say it, and looks for it when all who dealt with it
// are done. The word itself stands nowhere in the program: it is kept in a cipher.

#include <stddef.h>

#define REMAINS_SIZE 20

// Writes "aHVudGVyMi1odW50ZXIy", with its NUL.
void remains_word(char ret[REMAINS_SIZE + 1]);

// How often it stands in writable memory.
size_t remains_search(void);

// A cmocka test: the search finds what is there.
void remains_test(void **state);
