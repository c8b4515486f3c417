// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Several requests share this.

#include "bolt/conn.h"
#include "test/testkit/cypher.h"
#include "test/testkit/serve.h"

const char *read_text(yyjson_val *data, const char *key)
{
	return yyjson_get_str(yyjson_obj_get(data, key));
}

int64_t read_whole(yyjson_val *data, const char *key, int64_t otherwise)
{
	yyjson_val *value = yyjson_obj_get(data, key);

	return yyjson_is_int(value) ? yyjson_get_sint(value) : otherwise;
}

struct bolt_bookmark_list read_texts(yyjson_val *list, struct arena *arena)
{
	const char **items = arena_new_array(arena, const char *, yyjson_arr_size(list));
	size_t i, n;
	yyjson_val *item;

	yyjson_arr_foreach(list, i, n, item)
	{
		items[i] = yyjson_get_str(item);
	}
	return (struct bolt_bookmark_list){.items = items, .n = yyjson_arr_size(list)};
}

// Testkit: null is the server's limit and 0 none; for us 0 is the server's and -1 none. What is negative there stays wrong here.
static int64_t timeout(yyjson_val *data)
{
	const int64_t ms = read_whole(data, "timeout", INT64_MIN);

	return ms == INT64_MIN ? 0 : ms == 0 ? -1 : ms < 0 ? ms - 1 : ms;
}

static int read_metadata(yyjson_val *data, struct arena *arena, const struct bolt_value **ret, struct err *err)
{
	struct bolt_value *map = arena_new_array(arena, struct bolt_value, 1);
	const int r = cypher_read_map(yyjson_obj_get(data, "txMeta"), arena, map, err);

	*ret = map->type == BOLT_MAP ? map : NULL;
	return r;
}

int read_tx_options(yyjson_val *data, struct arena *arena, struct bolt_tx_options *ret, struct err *err)
{
	*ret = (struct bolt_tx_options){.timeout_ms = timeout(data)};
	return read_metadata(data, arena, &ret->metadata, err);
}

int read_statement(yyjson_val *data, struct arena *arena, struct bolt_statement *ret, struct err *err)
{
	struct bolt_value *params = arena_new_array(arena, struct bolt_value, 1);
	const int r = cypher_read_map(yyjson_obj_get(data, "params"), arena, params, err);

	if (r < 0)
		return r;
	*ret = (struct bolt_statement){
		.text = read_text(data, "cypher"), .params = params->type == BOLT_MAP ? params : NULL, .timeout_ms = timeout(data)};
	return read_metadata(data, arena, &ret->metadata, err);
}

const struct bolt_notifications *read_notifications(yyjson_val *data, struct arena *arena)
{
	yyjson_val *disabled = yyjson_obj_get(data, "notificationsDisabledCategories");
	const char *severity = read_text(data, "notificationsMinSeverity");
	struct bolt_notifications *notifications = arena_new_array(arena, struct bolt_notifications, 1);

	if (!severity && !yyjson_is_arr(disabled))
		return NULL;
	notifications->minimum_severity = severity;
	if (yyjson_is_arr(disabled)) {
		const struct bolt_bookmark_list names = read_texts(disabled, arena);

		notifications->disabled = names.items;
		notifications->n_disabled = names.n;
	}
	return notifications;
}

yyjson_mut_val *write_keys(yyjson_mut_doc *doc, const char *const *keys, uint32_t n)
{
	yyjson_mut_val *list = yyjson_mut_arr(doc);

	for (uint32_t i = 0; i < n; i++)
		yyjson_mut_arr_add_strcpy(doc, list, keys[i]);
	return list;
}

int write_row(yyjson_mut_doc *doc, const struct bolt_value *row, yyjson_mut_val **ret, struct err *err)
{
	yyjson_mut_val *values = yyjson_mut_arr(doc), *value;

	for (uint32_t i = 0; i < row->size; i++) {
		const int r = cypher_write(doc, &row->items[i], &value, err);

		if (r < 0)
			return r;
		yyjson_mut_arr_append(values, value);
	}
	*ret = yyjson_mut_obj(doc);
	yyjson_mut_obj_add_val(doc, *ret, "values", values);
	return 0;
}
