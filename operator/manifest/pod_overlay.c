// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The rules are those of Kubernetes' strategic merge: maps merge member by member, lists of named things item by item, and any other list
// replaces ours. Three rules are narrower or more exact, since no API server takes part:
//
// - Containers merge member by member; an item of another named list replaces ours whole, so that a variable or a volume never has two sources.
// - null removes a member only in a security context or an affinity, where leaving something unset has a meaning. Elsewhere it counts as absent,
// as the templates of charts write it.
// - Where the user names one of our items in a list, ours stands at that place. Otherwise ours come first, but last among the init containers,
// since what they need (a volume made ready, a secret fetched) comes before.

#include "operator/manifest/pod_overlay.h"

#include <string.h>

struct merged_list {
	const char *member;
	const char *keys[2]; // the keys that name an item
	bool by_member;	     // its items are maps, which merge
	bool ours_last;
};

static const struct merged_list lists[] = {
	{"containers", {"name", NULL}, true, false},
	{"env", {"name", NULL}, false, false},
	{"imagePullSecrets", {"name", NULL}, false, false},
	{"initContainers", {"name", NULL}, true, true},
	{"topologySpreadConstraints", {"topologyKey", "whenUnsatisfiable"}, false, false},
	{"volumeMounts", {"mountPath", NULL}, false, false},
	{"volumes", {"name", NULL}, false, false},
};

static const struct merged_list *find_list(const char *member)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (!strcmp(lists[i].member, member))
			return &lists[i];
	}
	return NULL;
}

static bool is_directive(yyjson_val *key)
{
	return yyjson_equals_str(key, POD_SHAPE_DIRECTIVE);
}

// Leaves out what means nothing to the API server: nulls and directives.
static yyjson_mut_val *copy(yyjson_mut_doc *doc, yyjson_val *val)
{
	yyjson_mut_val *made;
	size_t index, max;
	yyjson_val *key, *item;

	if (yyjson_is_arr(val)) {
		made = yyjson_mut_arr(doc);
		yyjson_arr_foreach(val, index, max, item) {
			yyjson_mut_arr_append(made, copy(doc, item));
		}
		return made;
	}
	if (!yyjson_is_obj(val))
		return yyjson_val_mut_copy(doc, val);
	made = yyjson_mut_obj(doc);
	yyjson_obj_foreach(val, index, max, key, item) {
		if (!yyjson_is_null(item) && !is_directive(key))
			yyjson_mut_obj_add(made, yyjson_val_mut_copy(doc, key), copy(doc, item));
	}
	return made;
}

static bool is_named_alike(const struct merged_list *list, yyjson_mut_val *ours, yyjson_val *users)
{
	for (size_t i = 0; i < 2 && list->keys[i]; i++) {
		const char *name = yyjson_mut_get_str(yyjson_mut_obj_get(ours, list->keys[i]));

		if (!name || !yyjson_equals_str(yyjson_obj_get(users, list->keys[i]), name))
			return false;
	}
	return true;
}

// Takes our item out of the list that it stands in.
static yyjson_mut_val *take_named_alike(const struct merged_list *list, yyjson_mut_val *ours, yyjson_val *users)
{
	size_t index, max;
	yyjson_mut_val *item;

	yyjson_mut_arr_foreach(ours, index, max, item) {
		if (is_named_alike(list, item, users))
			return yyjson_mut_arr_remove(ours, index);
	}
	return NULL;
}

static void move_all(yyjson_mut_val *from, yyjson_mut_val *to)
{
	yyjson_mut_val *item;

	while ((item = yyjson_mut_arr_remove_first(from)))
		yyjson_mut_arr_append(to, item);
}

static void merge_map(yyjson_mut_doc *doc, yyjson_mut_val *ours, yyjson_val *users, bool null_removes);

static yyjson_mut_val *merge_list(yyjson_mut_doc *doc, const struct merged_list *list, yyjson_mut_val *ours, yyjson_val *users)
{
	yyjson_mut_val *theirs = yyjson_mut_arr(doc), *made = yyjson_mut_arr(doc);
	size_t index, max;
	yyjson_val *item;

	yyjson_arr_foreach(users, index, max, item) {
		yyjson_mut_val *known = take_named_alike(list, ours, item);

		if (known && list->by_member)
			merge_map(doc, known, item, false);
		else
			known = copy(doc, item);
		yyjson_mut_arr_append(theirs, known);
	}
	move_all(list->ours_last ? theirs : ours, made);
	move_all(list->ours_last ? ours : theirs, made);
	return made;
}

static bool is_unset_by_null(const char *member)
{
	return !strcmp(member, "securityContext") || !strcmp(member, "affinity");
}

static yyjson_mut_val *merge_value(yyjson_mut_doc *doc, const char *member, yyjson_mut_val *ours, yyjson_val *users, bool null_removes)
{
	const struct merged_list *list = find_list(member);

	if (yyjson_mut_is_arr(ours) && yyjson_is_arr(users) && list)
		return merge_list(doc, list, ours, users);
	if (!yyjson_mut_is_obj(ours) || !yyjson_is_obj(users) || yyjson_obj_get(users, POD_SHAPE_DIRECTIVE))
		return copy(doc, users);
	merge_map(doc, ours, users, null_removes || is_unset_by_null(member));
	return ours;
}

static void merge_map(yyjson_mut_doc *doc, yyjson_mut_val *ours, yyjson_val *users, bool null_removes)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(users);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&iter))) {
		const char *member = yyjson_get_str(key);
		yyjson_val *val = yyjson_obj_iter_get_val(key);
		yyjson_mut_val *known = yyjson_mut_obj_get(ours, member), *made;

		if (is_directive(key) || (yyjson_is_null(val) && !null_removes))
			continue;
		if (yyjson_is_null(val)) {
			(void)yyjson_mut_obj_remove_key(ours, member);
			continue;
		}
		made = merge_value(doc, member, known, val, null_removes);
		if (made != known)
			yyjson_mut_obj_put(ours, yyjson_val_mut_copy(doc, key), made);
	}
}

static void add_pairs(yyjson_mut_doc *doc, yyjson_mut_val *metadata, const char *member, struct field_pairs pairs)
{
	yyjson_mut_val *map = yyjson_mut_obj_get(metadata, member);

	for (size_t i = 0; i < pairs.n; i++)
		yyjson_mut_obj_put(map, yyjson_mut_str(doc, pairs.items[i].name), yyjson_mut_str(doc, pairs.items[i].value));
}

void pod_overlay(yyjson_mut_doc *doc, yyjson_mut_val *template, const struct pod_shape *shape)
{
	yyjson_mut_val *metadata = yyjson_mut_obj_get(template, "metadata");

	add_pairs(doc, metadata, "annotations", shape->annotations);
	add_pairs(doc, metadata, "labels", shape->labels);
	if (shape->spec)
		merge_map(doc, yyjson_mut_obj_get(template, "spec"), shape->spec, false);
}
