// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Memory for many small pieces that stay, in pages of their own. From the common heap they would lie strewn between what passes allocate and free,
// and each would keep a page of it from going back to the system. One thread at a time: one shelf serves all stores, since only the loop's thread
// writes them; another is used under its owner's lock.

#include <stddef.h>

#include "base/cleanup.h"

struct shelf;

struct shelf *shelf_new(void);
// Every piece must have been given back. NULL is allowed.
void shelf_free(struct shelf *shelf);
DEFINE_CLEANUP(struct shelf *, shelf_free);

// Not zeroed, aligned for any type; never NULL. A shelf of NULL, and a large piece, are malloc() and free().
void *shelf_take(struct shelf *shelf, size_t size);
// The size that it was taken with; p of NULL is allowed.
void shelf_give(struct shelf *shelf, void *p, size_t size);

// The bytes of the pages in use.
size_t shelf_held(const struct shelf *shelf);
