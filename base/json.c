// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "base/json.h"

#include <string.h>

static void *alc_malloc(void *ctx, size_t size)
{
	return arena_alloc(ctx, size);
}

static void *alc_realloc(void *ctx, void *ptr, size_t old_size, size_t size)
{
	void *copy = arena_alloc(ctx, size);

	memcpy(copy, ptr, old_size < size ? old_size : size);
	return copy;
}

static void alc_free(void *ctx, void *ptr)
{
	(void)ctx;
	(void)ptr;
}

yyjson_alc json_alc(struct arena *arena)
{
	return (yyjson_alc){.malloc = alc_malloc, .realloc = alc_realloc, .free = alc_free, .ctx = arena};
}

// Out of memory aborts inside the arena, so a NULL from yyjson means input that is no JSON.
static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

yyjson_mut_doc *json_doc_new(struct arena *arena)
{
	yyjson_alc alc = json_alc(arena);

	return must(yyjson_mut_doc_new(&alc));
}

yyjson_val *json_parse(struct arena *arena, const char *text, size_t len)
{
	yyjson_alc alc = json_alc(arena);
	char *copy = arena_memdup0(arena, text, len);

	return yyjson_doc_get_root(yyjson_read_opts(copy, len, 0, &alc, NULL));
}

const char *json_text(struct arena *arena, const yyjson_mut_doc *doc)
{
	yyjson_alc alc = json_alc(arena);

	return must(yyjson_mut_write_opts(doc, 0, &alc, NULL, NULL));
}

const char *json_val_text(struct arena *arena, const yyjson_val *val)
{
	yyjson_alc alc = json_alc(arena);

	return must(yyjson_val_write_opts(val, 0, &alc, NULL, NULL));
}
