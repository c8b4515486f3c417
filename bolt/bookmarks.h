// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Bookmarks let later work see earlier work: of sessions that work one after another or side by side. Sessions of any threads may share them.

#include <stddef.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/err.h"

struct bolt_bookmarks;

struct bolt_bookmark_list {
	const char *const *items;
	size_t n;
};

// For bookmarks that come from elsewhere or go there (another process). Both may be NULL. The thread that needs them calls them, without a lock.
struct bolt_bookmark_hooks {
	// More bookmarks to begin with, in the arena.
	int (*supply)(void *user, struct arena *arena, struct bolt_bookmark_list *ret, struct err *err);
	// The present bookmarks, after a transaction.
	int (*consume)(void *user, const struct bolt_bookmark_list *now, struct err *err);
	void *user;
};

// hooks may be NULL; else they must outlive the bookmarks. first is copied; NULL: none.
struct bolt_bookmarks *bolt_bookmarks_new(const struct bolt_bookmark_list *first, const struct bolt_bookmark_hooks *hooks);
void bolt_bookmarks_free(struct bolt_bookmarks *bookmarks); // NULL is allowed
DEFINE_CLEANUP(struct bolt_bookmarks *, bolt_bookmarks_free);

// The present bookmarks and those that the hook supplies, each once; in the arena. Errors are the hook's.
int bolt_bookmarks_get(struct bolt_bookmarks *bookmarks, struct arena *arena, struct bolt_bookmark_list *ret, struct err *err);

// used are the bookmarks with which a transaction began; next is the one that it left.
int bolt_bookmarks_replace(struct bolt_bookmarks *bookmarks, const struct bolt_bookmark_list *used, const char *next, struct err *err);

// Adds more to a list, each once; all copied into the arena.
void bolt_bookmarks_join(struct arena *arena, const struct bolt_bookmark_list *more, struct bolt_bookmark_list *list);
