// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/discovery.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"

// How long a "no" counts.
#define ABSENT_MS INT64_C(10000)

struct group {
	struct group *next;
	char *path;
	struct kube_object *list; // the APIResourceList; NULL: the server has none
	int64_t asked_ms;
};

struct discovery {
	struct kube_client *client;
	const struct clock *clock;
	struct group *groups;
};

struct discovery *discovery_new(struct kube_client *client, const struct clock *clock)
{
	struct discovery *discovery = must(calloc(1, sizeof(*discovery)));

	*discovery = (struct discovery){.client = client, .clock = clock ? clock : &clock_system};
	return discovery;
}

void discovery_free(struct discovery *discovery)
{
	if (!discovery)
		return;
	for (struct group *group = discovery->groups, *next; group; group = next) {
		next = group->next;
		kube_object_unref(group->list);
		free(group->path);
		free(group);
	}
	free(discovery);
}

static struct group *group_of(struct discovery *discovery, const char *path)
{
	struct group *group = discovery->groups;

	while (group && strcmp(group->path, path) != 0)
		group = group->next;
	if (group)
		return group;
	group = must(calloc(1, sizeof(*group)));
	group->path = must(strdup(path));
	group->next = discovery->groups;
	return discovery->groups = group;
}

static bool has(const struct group *group, const char *plural)
{
	yyjson_val *resources = group->list ? kube_object_get(group->list, "/resources") : NULL, *item;
	yyjson_arr_iter iter = yyjson_arr_iter_with(resources);

	while ((item = yyjson_arr_iter_next(&iter))) {
		if (yyjson_equals_str(yyjson_obj_get(item, "name"), plural))
			return true;
	}
	return false;
}

static int ask(struct discovery *discovery, struct group *group, struct err *err)
{
	struct kube_object *list = NULL;
	int r = kube_get_path(discovery->client, group->path, &list, err);

	if (r < 0 && r != ERR_NOT_FOUND)
		return r;
	err_clear(err);
	kube_object_unref(group->list);
	group->list = list;
	group->asked_ms = clock_monotonic_ms(discovery->clock);
	return 0;
}

int discovery_has(struct discovery *discovery, const struct kube_resource *resource, bool *ret, struct err *err)
{
	_cleanup_buf_ struct buf path = BUF_INIT(1024);
	struct group *group;
	int r;

	buf_addf(&path, *resource->group ? "/apis/%s/%s" : "/api%s/%s", resource->group, resource->version);
	group = group_of(discovery, buf_str(&path));
	*ret = has(group, resource->plural);
	if (*ret || (group->asked_ms && clock_monotonic_ms(discovery->clock) - group->asked_ms < ABSENT_MS))
		return 0;
	r = ask(discovery, group, err);
	*ret = has(group, resource->plural);
	return r;
}
