// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/object/finalizer.h"

#include <stdbool.h>
#include <string.h>

#define NAMED_MAX 5 // an object may have any number

// The garbage collector's two, and that of a claim which a pod still uses.
static bool ends_by_itself(const char *finalizer)
{
	return !strcmp(finalizer, "foregroundDeletion") || !strcmp(finalizer, "orphan") || !strcmp(finalizer, "kubernetes.io/pvc-protection");
}

const char *finalizer_list(yyjson_val *object, struct arena *arena)
{
	yyjson_val *metadata = yyjson_obj_get(object, "metadata");
	yyjson_arr_iter iter = yyjson_arr_iter_with(yyjson_obj_get(metadata, "finalizers"));
	const char *list = NULL;
	yyjson_val *item;
	int n = 0;

	if (!yyjson_obj_get(metadata, "deletionTimestamp"))
		return NULL;
	while (n < NAMED_MAX && (item = yyjson_arr_iter_next(&iter))) {
		const char *finalizer = yyjson_get_str(item);

		if (!finalizer || ends_by_itself(finalizer))
			continue;
		list = arena_printf(arena, "%s%s'%.253s'", list ? list : "", list ? ", " : "", finalizer);
		n++;
	}
	return list;
}
