// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "base/json.h"

#include <string.h>

#include "base/must.h"

static void *alc_malloc(void *ctx, size_t size)
{
	return arena_alloc(ctx, size);
}

static void *alc_realloc(void *ctx, void *ptr, size_t old_size, size_t size)
{
	return arena_resize(ctx, ptr, old_size, size);
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
yyjson_mut_doc *json_doc_new(struct arena *arena)
{
	yyjson_alc alc = json_alc(arena);

	return must(yyjson_mut_doc_new(&alc));
}

yyjson_val *json_members(yyjson_val *val)
{
	// yyjson_obj_foreach() points to a key and a value before it finds that there are none: they need room.
	static yyjson_val nothing[3] = {{.tag = YYJSON_TYPE_OBJ}};

	return yyjson_is_obj(val) ? val : nothing;
}

static yyjson_val *parse(struct arena *arena, const char *text, size_t len, yyjson_read_flag flags)
{
	yyjson_alc alc = json_alc(arena);
	// yyjson reads it where it lies, and the strings of what it returns lie in it.
	char *copy = arena_alloc(arena, len + YYJSON_PADDING_SIZE);

	if (len)
		memcpy(copy, text, len);
	return yyjson_doc_get_root(yyjson_read_opts(copy, len, flags | YYJSON_READ_INSITU, &alc, NULL));
}

yyjson_val *json_item(yyjson_val *list, const char *key, const char *text)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(list);
	yyjson_val *item;

	while ((item = yyjson_arr_iter_next(&iter))) {
		if (yyjson_equals_str(yyjson_obj_get(item, key), text))
			return item;
	}
	return NULL;
}

yyjson_val *json_parse(struct arena *arena, const char *text, size_t len)
{
	return parse(arena, text, len, 0);
}

yyjson_val *json_parse_exact(struct arena *arena, const char *text, size_t len)
{
	return parse(arena, text, len, YYJSON_READ_BIGNUM_AS_RAW);
}

// The length of the UTF-8 letter at text; 0 when there is none. The text ends with NUL, which continues no letter.
static size_t letter_length(const unsigned char *text)
{
	unsigned least = text[0] == 0xe0 ? 0xa0 : text[0] == 0xf0 ? 0x90 : 0x80; // no longer form than the letter needs
	unsigned most = text[0] == 0xed ? 0x9f : text[0] == 0xf4 ? 0x8f : 0xbf;	 // no surrogates, nothing above U+10FFFF
	size_t len = text[0] < 0x80 ? 1 : text[0] < 0xc2 ? 0 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : text[0] < 0xf5 ? 4 : 0;

	if (len > 1 && (text[1] < least || text[1] > most))
		return 0;
	for (size_t i = 2; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	return len;
}

// JSON itself is ASCII, so bytes that are no letters can stand only inside strings.
static const char *scrub(char *text)
{
	size_t len;

	for (char *at = text; *at; at += len ? len : 1) {
		len = letter_length((const unsigned char *)at);
		if (!len)
			*at = '?';
	}
	return text;
}

// The one text that yyjson writes, and the room that it took for it, which is a guess and more than the text needs.
struct writer {
	struct arena *arena;
	size_t room;
};

static void *writer_malloc(void *ctx, size_t size)
{
	struct writer *writer = ctx;

	writer->room = size;
	return arena_alloc(writer->arena, size);
}

static void *writer_realloc(void *ctx, void *ptr, size_t old_size, size_t size)
{
	struct writer *writer = ctx;

	writer->room = size;
	return arena_resize(writer->arena, ptr, old_size, size);
}

static yyjson_alc writer_alc(struct writer *writer)
{
	return (yyjson_alc){.malloc = writer_malloc, .realloc = writer_realloc, .free = alc_free, .ctx = writer};
}

static const char *written(const struct writer *writer, char *text, size_t len)
{
	return scrub(arena_resize(writer->arena, must(text), writer->room, len + 1));
}

const char *json_text(struct arena *arena, const yyjson_mut_doc *doc)
{
	struct writer writer = {.arena = arena};
	yyjson_alc alc = writer_alc(&writer);
	size_t len = 0;
	char *text = yyjson_mut_write_opts(doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &alc, &len, NULL);

	return written(&writer, text, len);
}

const char *json_val_text(struct arena *arena, const yyjson_val *val)
{
	struct writer writer = {.arena = arena};
	yyjson_alc alc = writer_alc(&writer);
	size_t len = 0;
	char *text = yyjson_val_write_opts(val, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &alc, &len, NULL);

	return written(&writer, text, len);
}

void json_patch_step(yyjson_mut_doc *doc, yyjson_mut_val *patch, const char *op, const char *path, yyjson_val *value)
{
	yyjson_mut_val *step = yyjson_mut_arr_add_obj(doc, patch);

	(void)yyjson_mut_obj_add_str(doc, step, "op", op);
	(void)yyjson_mut_obj_add_str(doc, step, "path", path);
	if (value)
		(void)yyjson_mut_obj_add_val(doc, step, "value", yyjson_val_mut_copy(doc, value));
}
