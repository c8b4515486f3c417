// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/drift.h"

#include <stddef.h>

// The list-map keys of the lists in the objects that we apply. A list whose items lack all of them is compared by
// position. mountPath stands before name: one volume may be mounted twice.
static const char *const merge_keys[] = {"mountPath", "name", "containerPort", "port", "uid", "type", "key"};

static const char *merge_key(yyjson_val *item)
{
	for (size_t i = 0; i < sizeof(merge_keys) / sizeof(merge_keys[0]); i++) {
		if (yyjson_obj_get(item, merge_keys[i]))
			return merge_keys[i];
	}
	return NULL;
}

static yyjson_val *find_by_key(yyjson_val *list, const char *key, yyjson_val *value)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(list);
	yyjson_val *item;

	while ((item = yyjson_arr_iter_next(&iter))) {
		if (yyjson_equals(yyjson_obj_get(item, key), value))
			return item;
	}
	return NULL;
}

static bool list_drifted(yyjson_val *desired, yyjson_val *live)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(desired);
	yyjson_val *item, *twin;
	size_t i = 0;

	while ((item = yyjson_arr_iter_next(&iter))) {
		const char *key = merge_key(item);

		twin = key ? find_by_key(live, key, yyjson_obj_get(item, key)) : yyjson_arr_get(live, i);
		if (!twin || drift_found(item, twin))
			return true;
		i++;
	}
	return !merge_key(yyjson_arr_get_first(desired)) && yyjson_arr_size(desired) != yyjson_arr_size(live);
}

static bool map_drifted(yyjson_val *desired, yyjson_val *live)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(desired);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&iter))) {
		yyjson_val *twin = yyjson_obj_getn(live, yyjson_get_str(key), yyjson_get_len(key));

		if (!twin || drift_found(yyjson_obj_iter_get_val(key), twin))
			return true;
	}
	return false;
}

bool drift_found(yyjson_val *desired, yyjson_val *live)
{
	if (yyjson_is_obj(desired))
		return !yyjson_is_obj(live) || map_drifted(desired, live);
	if (yyjson_is_arr(desired))
		return !yyjson_is_arr(live) || list_drifted(desired, live);
	if (yyjson_is_int(desired) && yyjson_is_int(live))
		return yyjson_get_sint(desired) != yyjson_get_sint(live);
	return !yyjson_equals(desired, live);
}
