// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/object/drift.h"

#include <stddef.h>
#include <string.h>

#include "base/json.h"

// The keys by which server-side apply merges the lists in our objects. A list whose items lack all of them is compared by position. mountPath
// stands before name, since one volume may be mounted twice.
static const char *const merge_keys[] = {"mountPath", "name", "containerPort", "port", "uid", "type", "key"};

// Members that server-side apply takes as a whole: what somebody adds inside goes with our next write, so it is drift at once.
static const char *const whole_members[] = {
	"selector", "labelSelector", "namespaceSelector", "nodeSelector", "configMapKeyRef", "secretKeyRef", "items", "tolerations", "nodeSelectorTerms",
	"preferredDuringSchedulingIgnoredDuringExecution", "requiredDuringSchedulingIgnoredDuringExecution",
};

static bool is_whole(const char *member)
{
	for (size_t i = 0; i < sizeof(whole_members) / sizeof(whole_members[0]); i++) {
		if (strcmp(whole_members[i], member) == 0)
			return true;
	}
	return false;
}

static const char *merge_key(yyjson_val *item)
{
	for (size_t i = 0; i < sizeof(merge_keys) / sizeof(merge_keys[0]); i++) {
		if (yyjson_obj_get(item, merge_keys[i]))
			return merge_keys[i];
	}
	return NULL;
}

// ret_index NULL: the caller does not need the place.
static yyjson_val *find_by_key(yyjson_val *list, const char *key, yyjson_val *value, size_t *ret_index)
{
	size_t index, max;
	yyjson_val *item;

	yyjson_arr_foreach(list, index, max, item) {
		if (!yyjson_equals(yyjson_obj_get(item, key), value))
			continue;
		if (ret_index)
			*ret_index = index;
		return item;
	}
	return NULL;
}

bool drift_is_keyed(yyjson_val *item)
{
	return merge_key(item) != NULL;
}

yyjson_val *drift_twin(yyjson_val *list, yyjson_val *item)
{
	const char *key = merge_key(item);

	return key ? find_by_key(list, key, yyjson_obj_get(item, key), NULL) : NULL;
}

static bool differs(yyjson_val *desired, yyjson_val *live, bool whole);

static bool list_differs(yyjson_val *desired, yyjson_val *live, bool whole)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(desired);
	bool keyed = !whole && merge_key(yyjson_arr_get_first(desired));
	yyjson_val *item, *twin;
	size_t i = 0;

	while ((item = yyjson_arr_iter_next(&iter))) {
		const char *key = whole ? NULL : merge_key(item);

		twin = key ? find_by_key(live, key, yyjson_obj_get(item, key), NULL) : yyjson_arr_get(live, i);
		if (!twin || differs(item, twin, whole))
			return true;
		i++;
	}
	return !keyed && yyjson_arr_size(desired) != yyjson_arr_size(live);
}

// The API server adds the version to a reference by itself.
static bool has_more(yyjson_val *desired, yyjson_val *live)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(live);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&iter))) {
		if (!yyjson_equals_str(key, "apiVersion") && !yyjson_obj_getn(desired, yyjson_get_str(key), yyjson_get_len(key)))
			return true;
	}
	return false;
}

static bool map_differs(yyjson_val *desired, yyjson_val *live, bool whole)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(desired);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&iter))) {
		yyjson_val *twin = yyjson_obj_getn(live, yyjson_get_str(key), yyjson_get_len(key));

		if (!twin || differs(yyjson_obj_iter_get_val(key), twin, whole || is_whole(yyjson_get_str(key))))
			return true;
	}
	return whole && has_more(desired, live);
}

static bool differs(yyjson_val *desired, yyjson_val *live, bool whole)
{
	if (yyjson_is_obj(desired))
		return !yyjson_is_obj(live) || map_differs(desired, live, whole);
	if (yyjson_is_arr(desired))
		return !yyjson_is_arr(live) || list_differs(desired, live, whole);
	if (yyjson_is_int(desired) && yyjson_is_int(live))
		return yyjson_get_sint(desired) != yyjson_get_sint(live);
	return !yyjson_equals(desired, live);
}

bool drift_found(yyjson_val *desired, yyjson_val *live)
{
	return differs(desired, live, false);
}

// apiVersion and kind: an API server leaves them out of a list's items, and the request's path tells them.
static bool is_type(yyjson_val *key)
{
	return yyjson_equals_str(key, "apiVersion") || yyjson_equals_str(key, "kind");
}

bool drift_of_object(yyjson_val *desired, yyjson_val *live)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(desired);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&iter))) {
		yyjson_val *twin = yyjson_obj_get(live, yyjson_get_str(key));

		if (!is_type(key) && (!twin || differs(yyjson_obj_iter_get_val(key), twin, is_whole(yyjson_get_str(key)))))
			return true;
	}
	return false;
}

struct repair {
	struct arena *arena;
	yyjson_mut_doc *doc;
	yyjson_mut_val *patch;
};

static void repair(struct repair *r, yyjson_val *desired, yyjson_val *live, const char *path);

static bool is_port_key(const char *member)
{
	return strcmp(member, "port") == 0 || strcmp(member, "containerPort") == 0 || strcmp(member, "protocol") == 0;
}

// A member of ours is away, or a "type" of ours is another: of a one-of somebody may have taken another member.
static bool is_switched(yyjson_val *desired, yyjson_val *live)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(desired);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&iter))) {
		yyjson_val *twin = yyjson_obj_get(live, yyjson_get_str(key));

		if (!twin || (yyjson_equals_str(key, "type") && !yyjson_equals(twin, yyjson_obj_iter_get_val(key))))
			return true;
	}
	return false;
}

// Leaves of this object what is ours alone: which of the other members stands in the way of ours, no schema tells.
static void switch_back(struct repair *r, yyjson_val *desired, yyjson_val *live, const char *path)
{
	yyjson_obj_iter ours = yyjson_obj_iter_with(desired), theirs = yyjson_obj_iter_with(live);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&theirs))) {
		if (!yyjson_obj_get(desired, yyjson_get_str(key)))
			json_patch_step(r->doc, r->patch, "remove", arena_printf(r->arena, "%s/%s", path, yyjson_get_str(key)), NULL);
	}
	while ((key = yyjson_obj_iter_next(&ours)))
		json_patch_step(r->doc, r->patch, "add", arena_printf(r->arena, "%s/%s", path, yyjson_get_str(key)), yyjson_obj_iter_get_val(key));
}

static bool has_plain_names(yyjson_val *map)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(map);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&iter))) {
		if (strpbrk(yyjson_get_str(key), "~/"))
			return false;
	}
	return true;
}

static bool is_port(yyjson_val *item)
{
	return yyjson_obj_get(item, "name") && (yyjson_obj_get(item, "port") || yyjson_obj_get(item, "containerPort"));
}

static void repair_port(struct repair *r, yyjson_val *desired, yyjson_val *live, const char *path)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(desired);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&iter))) {
		const char *member = yyjson_get_str(key);
		yyjson_val *value = yyjson_obj_iter_get_val(key), *twin = yyjson_obj_get(live, member);

		if (twin && is_port_key(member) && drift_found(value, twin))
			json_patch_step(r->doc, r->patch, "replace", arena_printf(r->arena, "%s/%s", path, member), value);
	}
}

// No one-of is at the top of an object, in metadata, or in a map of free names (data, labels).
static void repair_map(struct repair *r, yyjson_val *desired, yyjson_val *live, const char *path)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(desired);
	yyjson_val *key;

	if (*path && has_plain_names(live) && is_switched(desired, live)) {
		switch_back(r, desired, live, path);
		return;
	}
	while ((key = yyjson_obj_iter_next(&iter))) {
		const char *member = yyjson_get_str(key);
		yyjson_val *twin = yyjson_obj_get(live, member);

		if (twin && strcmp(member, "metadata") != 0 && strcmp(member, "data") != 0 && !strpbrk(member, "~/"))
			repair(r, yyjson_obj_iter_get_val(key), twin, arena_printf(r->arena, "%s/%s", path, member));
	}
}

static void repair(struct repair *r, yyjson_val *desired, yyjson_val *live, const char *path)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(desired);
	yyjson_val *item, *twin;
	size_t index;

	if (is_port(desired))
		repair_port(r, desired, live, path);
	else if (yyjson_is_obj(desired) && yyjson_is_obj(live))
		repair_map(r, desired, live, path);
	while (yyjson_is_arr(live) && (item = yyjson_arr_iter_next(&iter))) {
		const char *key = merge_key(item);

		twin = key ? find_by_key(live, key, yyjson_obj_get(item, key), &index) : NULL;
		if (twin)
			repair(r, item, twin, arena_printf(r->arena, "%s/%zu", path, index));
	}
}

const char *drift_patch(yyjson_val *desired, yyjson_val *live, struct arena *arena)
{
	static const char version[] = "/metadata/resourceVersion";
	struct repair r = {.arena = arena, .doc = json_doc_new(arena)};

	r.patch = yyjson_mut_arr(r.doc);
	yyjson_mut_doc_set_root(r.doc, r.patch);
	// The paths name items by position, so the patch tests the version first.
	json_patch_step(r.doc, r.patch, "test", version, yyjson_ptr_get(live, version));
	repair(&r, desired, live, "");
	return yyjson_mut_arr_size(r.patch) > 1 ? json_text(arena, r.doc) : NULL;
}
