// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The answer to a list, read as it comes: each object of "items" is handed out as soon as it is whole, and what is around them is
// kept. So a page of a list takes no more memory than its largest object. Pure.

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct listing {
	struct buf item; // the object that is being read
	struct buf head; // the rest of the text, with an empty list of items
	unsigned depth;	 // of braces and brackets
	bool in_items, in_string, escaped;
};

void listing_init(struct listing *listing, bool secret);
void listing_deinit(struct listing *listing);

// Forgets what was read: a new answer begins. Gives the memory back.
void listing_begin(struct listing *listing);

// Takes bytes of the answer and calls on_item with each whole object, whose text it may change; stops and passes on what that
// returns when it is negative. ERR_TOO_LARGE.
int listing_feed(struct listing *listing, const char *data, size_t len, int (*on_item)(void *user, struct buf *item, struct err *err),
		 void *user, struct err *err);
