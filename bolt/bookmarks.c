// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/bookmarks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/exhausted.h"
#include "bolt/misuse.h"

struct bolt_bookmarks {
	pthread_mutex_t lock; // of what is below; never held while a hook is called
	char **items;
	size_t n, room;
	const struct bolt_bookmark_hooks *hooks;
};

static bool has(char *const *items, size_t n, const char *item)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(items[i], item) == 0)
			return true;
	}
	return false;
}

static void add(struct bolt_bookmarks *bookmarks, const char *item)
{
	if (has(bookmarks->items, bookmarks->n, item))
		return;
	if (bookmarks->n == bookmarks->room) {
		bookmarks->room = bookmarks->room ? 2 * bookmarks->room : 4;
		bookmarks->items = realloc(bookmarks->items, bookmarks->room * sizeof(char *));
		if (!bookmarks->items)
			memory_is_exhausted();
	}
	bookmarks->items[bookmarks->n] = strdup(item);
	if (!bookmarks->items[bookmarks->n++])
		memory_is_exhausted();
}

static void drop(struct bolt_bookmarks *bookmarks, const char *item)
{
	for (size_t i = 0; i < bookmarks->n; i++) {
		if (strcmp(bookmarks->items[i], item) != 0)
			continue;
		free(bookmarks->items[i]);
		bookmarks->items[i] = bookmarks->items[--bookmarks->n];
		return;
	}
}

struct bolt_bookmarks *bolt_bookmarks_new(const struct bolt_bookmark_list *first, const struct bolt_bookmark_hooks *hooks)
{
	struct bolt_bookmarks *bookmarks = calloc(1, sizeof(*bookmarks));

	if (!bookmarks || pthread_mutex_init(&bookmarks->lock, NULL) != 0)
		memory_is_exhausted();
	bookmarks->hooks = hooks;
	for (size_t i = 0; first && i < first->n; i++)
		add(bookmarks, first->items[i]);
	return bookmarks;
}

void bolt_bookmarks_free(struct bolt_bookmarks *bookmarks)
{
	if (!bookmarks)
		return;
	for (size_t i = 0; i < bookmarks->n; i++)
		free(bookmarks->items[i]);
	free(bookmarks->items);
	(void)pthread_mutex_destroy(&bookmarks->lock);
	free(bookmarks);
}

void bolt_bookmarks_join(struct arena *arena, const struct bolt_bookmark_list *more, struct bolt_bookmark_list *list)
{
	char **items;
	size_t n = 0;

	if (!arena || !more || !list)
		return;
	items = arena_new_array(arena, char *, list->n + more->n);
	for (size_t i = 0; i < list->n; i++)
		items[n++] = arena_strdup(arena, list->items[i]);
	for (size_t i = 0; i < more->n; i++) {
		if (!has(items, n, more->items[i]))
			items[n++] = arena_strdup(arena, more->items[i]);
	}
	list->items = (const char *const *)items;
	list->n = n;
}

int bolt_bookmarks_get(struct bolt_bookmarks *bookmarks, struct arena *arena, struct bolt_bookmark_list *ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = (struct bolt_bookmark_list){0};
	if (MISUSED(err, NEED(bookmarks), NEED(arena), NEED(ret)))
		return err->class;

	struct bolt_bookmark_list held, supplied = {0};
	int r = 0;

	*ret = (struct bolt_bookmark_list){0};
	(void)pthread_mutex_lock(&bookmarks->lock);
	held = (struct bolt_bookmark_list){(const char *const *)bookmarks->items, bookmarks->n};
	bolt_bookmarks_join(arena, &held, ret);
	(void)pthread_mutex_unlock(&bookmarks->lock);
	if (bookmarks->hooks && bookmarks->hooks->supply)
		r = bookmarks->hooks->supply(bookmarks->hooks->user, arena, &supplied, err);
	if (r != 0)
		return r;
	bolt_bookmarks_join(arena, &supplied, ret);
	return 0;
}

int bolt_bookmarks_replace(struct bolt_bookmarks *bookmarks, const struct bolt_bookmark_list *used, const char *next, struct err *err)
{
	ENTER(err);
	if (MISUSED(err, NEED(bookmarks), NEED(used), NEED(next)))
		return err->class;

	_cleanup_(arena_freep) struct arena *arena = NULL;
	struct bolt_bookmark_list held, now = {0};
	bool told = bookmarks->hooks && bookmarks->hooks->consume;

	(void)pthread_mutex_lock(&bookmarks->lock);
	for (size_t i = 0; i < used->n; i++)
		drop(bookmarks, used->items[i]);
	add(bookmarks, next);
	if (told) {
		arena = arena_new();
		held = (struct bolt_bookmark_list){(const char *const *)bookmarks->items, bookmarks->n};
		bolt_bookmarks_join(arena, &held, &now);
	}
	(void)pthread_mutex_unlock(&bookmarks->lock);
	return told ? bookmarks->hooks->consume(bookmarks->hooks->user, &now, err) : 0;
}
