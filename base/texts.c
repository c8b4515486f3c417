// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "base/texts.h"

#include <string.h>

#include <uthash.h>

struct texts_item {
	UT_hash_handle hh;
	size_t number;
	char text[];
};

static void list_add(struct texts *texts, const char *text)
{
	texts->list = arena_grow(texts->arena, texts->list, texts->n, &texts->room);
	texts->list[texts->n++] = text;
}

size_t texts_add(struct texts *texts, const char *text)
{
	struct texts_item *item;
	size_t size = strlen(text) + 1;

	HASH_FIND_STR(texts->items, text, item);
	if (item)
		return item->number;
	item = arena_alloc(texts->arena, sizeof(*item) + size);
	item->number = texts->n;
	memcpy(item->text, text, size);
	HASH_ADD_KEYPTR(hh, texts->items, item->text, size - 1, item);
	list_add(texts, item->text);
	return item->number;
}

const char *texts_keep(struct texts *texts, const char *text)
{
	size_t number;

	if (!text)
		return NULL;
	number = texts_add(texts, text); // texts_add() may move the list
	return texts->list[number];
}

void texts_release(struct texts *texts)
{
	HASH_CLEAR(hh, texts->items);
	texts->list = NULL;
	texts->n = texts->room = 0;
}
