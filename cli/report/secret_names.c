// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/report/secret_names.h"

#include <string.h>

#include "base/json.h"

#define DEPTH_MAX 32

static bool is_one_of(const char *key, const char *const *list)
{
	for (; *list; list++) {
		if (strcmp(*list, key) == 0)
			return true;
	}
	return false;
}

static void add(struct secret_names *names, yyjson_val *name)
{
	const char *text = yyjson_get_str(name);

	for (size_t i = 0; text && i < names->n; i++) {
		if (strcmp(names->names[i], text) == 0)
			return;
	}
	if (!text || !*text)
		return;
	if (names->n == SECRET_NAMES_MAX)
		names->more = true;
	else
		names->names[names->n++] = text;
}

static void add_list(struct secret_names *names, yyjson_val *list)
{
	size_t index, max;
	yyjson_val *item;

	yyjson_arr_foreach(list, index, max, item)
		add(names, yyjson_is_str(item) ? item : yyjson_obj_get(item, "name"));
}

static void add_member(struct secret_names *names, const char *key, yyjson_val *val)
{
	static const char *const plain[] = {"adminSecret", "certificateSecret", "secretName", NULL};
	static const char *const references[] = {"tokenSecretRef", "credentialsSecretRef", "secretKeyRef", "secretRef", "secret", NULL};
	static const char *const lists[] = {"pullSecrets", "imagePullSecrets", NULL};

	if (is_one_of(key, plain))
		add(names, val);
	else if (is_one_of(key, references))
		add(names, yyjson_obj_get(val, "name"));
	else if (is_one_of(key, lists))
		add_list(names, val);
}

static void walk(struct secret_names *names, yyjson_val *node, unsigned depth)
{
	// Maps with the user's own words: they may look like a field and name nothing.
	static const char *const words[] = {"config", "podAnnotations", "annotations", "labels", NULL};
	size_t index, max;
	yyjson_val *key, *val;

	if (!yyjson_is_ctn(node))
		return;
	if (depth > DEPTH_MAX) {
		names->more = true;
		return;
	}
	yyjson_arr_foreach(node, index, max, val)
		walk(names, val, depth + 1);
	if (!yyjson_is_obj(node))
		return;
	yyjson_obj_foreach(node, index, max, key, val) {
		if (is_one_of(yyjson_get_str(key), words))
			continue;
		add_member(names, yyjson_get_str(key), val);
		walk(names, val, depth + 1);
	}
}

void secret_names_collect(yyjson_val *spec, struct secret_names *ret)
{
	*ret = (struct secret_names){.n = 0};
	walk(ret, spec, 0);
}
