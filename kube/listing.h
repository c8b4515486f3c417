// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Reads the answer to a list as it comes: hands out each object of "items" as soon as it is complete, and keeps the text around them. So a page
// of a list takes no more memory than its largest object. Pure.

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct listing {
	struct buf item; // the unfinished object
	struct buf head; // the rest of the text, with an empty list of items
	unsigned depth;	 // of braces and brackets
	bool in_items, in_string, escaped;
};

void listing_init(struct listing *listing, bool secret);
void listing_deinit(struct listing *listing);

// Forgets everything and gives the memory back; a new answer begins.
void listing_begin(struct listing *listing);

// Takes bytes of the answer and calls on_item with each complete object, whose text on_item may change. Stops at a negative result of on_item
// and returns it. ERR_TOO_LARGE.
int listing_feed(struct listing *listing, const char *data, size_t len, int (*on_item)(void *user, struct buf *item, struct err *err),
		 void *user, struct err *err);
