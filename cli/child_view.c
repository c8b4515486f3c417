// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Both sides of a comparison go through here. A field that both sides have and the operator does not write is a default of the API server, or
// somebody else's: it is no difference of ours, and may be a secret. A field of one side alone would come or go with the write.

#include "cli/child_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/yaml_text.h"
#include "operator/object/drift.h"

struct view {
	struct arena *arena;
	yyjson_mut_doc *doc;
	bool known; // the other side is
};

static yyjson_mut_val *see(const struct view *view, yyjson_val *side, yyjson_val *wanted, yyjson_val *other);

static int by_name(const void *a, const void *b)
{
	yyjson_val *const *one = a, *const *two = b;

	return strcmp(yyjson_get_str(*one), yyjson_get_str(*two));
}

static yyjson_val **sorted_keys(const struct view *view, yyjson_val *object)
{
	size_t index, max, n = 0;
	yyjson_val **keys = arena_new_array(view->arena, yyjson_val *, yyjson_obj_size(object) + 1), *key, *val;

	yyjson_obj_foreach(object, index, max, key, val)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), by_name);
	return keys;
}

static yyjson_mut_val *see_map(const struct view *view, yyjson_val *side, yyjson_val *wanted, yyjson_val *other)
{
	yyjson_mut_val *map = yyjson_mut_obj(view->doc), *one;
	yyjson_val **keys = sorted_keys(view, side);

	for (size_t i = 0; i < yyjson_obj_size(side); i++) {
		const char *name = yyjson_get_str(keys[i]);

		one = see(view, yyjson_obj_iter_get_val(keys[i]), yyjson_obj_get(wanted, name), yyjson_obj_get(other, name));
		if (one)
			(void)yyjson_mut_obj_add(map, yyjson_val_mut_copy(view->doc, keys[i]), one);
	}
	return map;
}

static void add(yyjson_mut_val *list, yyjson_mut_val *item)
{
	if (item)
		(void)yyjson_mut_arr_append(list, item);
}

// In the order of the wanted items; the others follow.
static yyjson_mut_val *see_list(const struct view *view, yyjson_val *side, yyjson_val *wanted, yyjson_val *other)
{
	yyjson_mut_val *list = yyjson_mut_arr(view->doc);
	size_t index, max;
	yyjson_val *item;

	yyjson_arr_foreach(wanted, index, max, item)
		add(list, see(view, drift_twin(side, item), item, drift_twin(other, item)));
	yyjson_arr_foreach(side, index, max, item) {
		if (!drift_twin(wanted, item))
			add(list, see(view, item, NULL, drift_twin(other, item)));
	}
	return list;
}

static yyjson_mut_val *see_all(const struct view *view, yyjson_val *side)
{
	yyjson_mut_val *copy = yyjson_mut_arr(view->doc);
	size_t index, max;
	yyjson_val *item;

	if (yyjson_is_obj(side))
		return see_map(view, side, side, NULL);
	if (!yyjson_is_arr(side))
		return yyjson_val_mut_copy(view->doc, side);
	yyjson_arr_foreach(side, index, max, item)
		add(copy, see_all(view, item));
	return copy;
}

// NULL: nothing to show.
static yyjson_mut_val *see(const struct view *view, yyjson_val *side, yyjson_val *wanted, yyjson_val *other)
{
	if (!side || (!wanted && (other || !view->known)))
		return NULL;
	if (yyjson_is_obj(side) && yyjson_is_obj(wanted))
		return see_map(view, side, wanted, other);
	if (yyjson_is_arr(side) && yyjson_is_arr(wanted) && drift_is_keyed(yyjson_arr_get_first(wanted)))
		return see_list(view, side, wanted, other);
	return see_all(view, side);
}

const char *child_view(yyjson_val *side, yyjson_val *wanted, yyjson_val *other, struct arena *arena)
{
	struct view view = {arena, json_doc_new(arena), other != NULL};
	yyjson_mut_val *root = see(&view, side, wanted, other);
	const char *json;
	char *text, *copy;
	size_t len;
	FILE *out;

	yyjson_mut_doc_set_root(view.doc, root);
	json = json_text(arena, view.doc);
	out = open_memstream(&text, &len);
	if (!out)
		abort();
	yaml_text_write(json_parse(arena, json, strlen(json)), out);
	(void)fclose(out);
	copy = arena_strdup(arena, text);
	free(text);
	return copy;
}
