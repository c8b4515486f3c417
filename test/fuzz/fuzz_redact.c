// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any JSON of the API server, whose annotations go before it is parsed (E3): what is left is the same JSON without them, however their
// keys were written. The first byte says at which depth.

#include <stdbool.h>
#include <string.h>

#include "base/json.h"
#include "kube/redact.h"
#include "test/fuzz/fuzz.h"

static bool is_dropped(yyjson_val *key)
{
	return yyjson_equals_str(key, "annotations") || yyjson_equals_str(key, "managedFields");
}

// A value of less than four bytes has no room for null, nor for a secret.
static bool is_blank(yyjson_val *value, struct arena *arena)
{
	return yyjson_is_null(value) || strlen(json_val_text(arena, value)) < 4;
}

static void compare(yyjson_val *before, yyjson_val *after, unsigned depth, struct arena *arena);

static void compare_map(yyjson_val *before, yyjson_val *after, unsigned depth, struct arena *arena)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(before), twins = yyjson_obj_iter_with(after);
	yyjson_val *key, *twin;

	while ((key = yyjson_obj_iter_next(&iter))) {
		twin = yyjson_obj_iter_next(&twins);
		must(yyjson_equals(key, twin));
		if (depth == 0 && is_dropped(key))
			must(is_blank(yyjson_obj_iter_get_val(twin), arena));
		// A key with an escape is none of Kubernetes', so that it may lose its value, too.
		else if (depth != 0 || !yyjson_is_null(yyjson_obj_iter_get_val(twin)))
			compare(yyjson_obj_iter_get_val(key), yyjson_obj_iter_get_val(twin), depth, arena);
	}
}

// depth counts down to the members that are dropped.
static void compare(yyjson_val *before, yyjson_val *after, unsigned depth, struct arena *arena)
{
	size_t index, max;
	yyjson_val *item;

	must(yyjson_get_type(before) == yyjson_get_type(after));
	if (!yyjson_is_ctn(before)) {
		must(yyjson_equals(before, after));
		return;
	}
	must(yyjson_get_len(before) == yyjson_get_len(after));
	if (yyjson_is_obj(before))
		compare_map(before, after, depth - 1, arena);
	yyjson_arr_foreach(before, index, max, item)
		compare(item, yyjson_arr_get(after, index), depth - 1, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	unsigned depth = size ? (*data & 1 ? REDACT_EVENT : REDACT_OBJECT) : 0;
	yyjson_val *before, *after;
	char *text, *again;

	if (size < 2)
		return 0;
	data++, size--;
	// Memory that ends with the text, so that each step beyond is seen.
	text = malloc(size);
	again = malloc(size);
	must(text && again);
	memcpy(text, data, size);
	redact(text, size, depth);
	memcpy(again, text, size);
	redact(again, size, depth);
	before = json_parse(arena, (const char *)data, size);
	if (before) {
		after = json_parse(arena, text, size);
		must(after != NULL && memcmp(text, again, size) == 0);
		compare(before, after, depth, arena);
	}
	free(text);
	free(again);
	return 0;
}
