// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/pod_rules.h"

#include <stdint.h>
#include <string.h>

#include "api/quantity.h"
#include "base/json.h"

static void check_sources(yyjson_val *spec, struct arena *arena, schema_report report, void *user)
{
	yyjson_val *item;
	size_t index, max;

	yyjson_arr_foreach(yyjson_obj_get(spec, "env"), index, max, item) {
		yyjson_val *source = yyjson_obj_get(item, "valueFrom");

		if (source && yyjson_obj_size(source) != 1)
			report(user, arena_printf(arena, "spec.env[%zu].valueFrom", index),
			       "must have one of fieldRef, resourceFieldRef, configMapKeyRef and secretKeyRef, and no second one");
	}
}

// A number or a quantity.
static bool amount_of(yyjson_val *val, uint64_t *ret)
{
	if (yyjson_is_uint(val)) {
		*ret = yyjson_get_uint(val);
		return true;
	}
	return yyjson_is_str(val) && quantity_parse(yyjson_get_str(val), ret);
}

static void check_requests(yyjson_val *spec, struct arena *arena, schema_report report, void *user)
{
	yyjson_val *limits = yyjson_ptr_get(spec, "/resources/limits"), *key, *val;
	size_t index, max;

	yyjson_obj_foreach(json_members(yyjson_ptr_get(spec, "/resources/requests")), index, max, key, val) {
		uint64_t request, limit;

		if (amount_of(val, &request) && amount_of(yyjson_obj_get(limits, yyjson_get_str(key)), &limit) && request > limit)
			report(user, arena_printf(arena, "spec.resources.requests.%s", yyjson_get_str(key)), "must not be more than its limit");
	}
}

static void check_tolerations(yyjson_val *spec, struct arena *arena, schema_report report, void *user)
{
	yyjson_val *item;
	size_t index, max;

	yyjson_arr_foreach(yyjson_obj_get(spec, "tolerations"), index, max, item) {
		const char *key = yyjson_get_str(yyjson_obj_get(item, "key")), *value = yyjson_get_str(yyjson_obj_get(item, "value"));
		bool exists = yyjson_equals_str(yyjson_obj_get(item, "operator"), "Exists");

		if (exists && value && *value)
			report(user, arena_printf(arena, "spec.tolerations[%zu].value", index), "must be left out where operator is Exists");
		if (!exists && !(key && *key))
			report(user, arena_printf(arena, "spec.tolerations[%zu].operator", index), "must be Exists where there is no key");
	}
}

// For a volume mount: add here the fields that a later Kubernetes adds.
static const char *mount_problem(const char *key, yyjson_val *val)
{
	static const char *const texts[] = {"name", "mountPath", "subPath", "subPathExpr", "mountPropagation", "recursiveReadOnly"};

	if (strcmp(key, "readOnly") == 0)
		return yyjson_is_bool(val) || yyjson_is_null(val) ? NULL : "must be true or false";
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(key, texts[i]) == 0)
			return yyjson_is_str(val) || yyjson_is_null(val) ? NULL : "must be a string";
	}
	return "there is no such field";
}

struct mounts {
	struct arena *arena;
	schema_report report;
	void *user;
	const char *path; // of the container
};

static void check_mounts(const struct mounts *mounts, yyjson_val *container)
{
	size_t index, max, member, members;
	yyjson_val *mount, *key, *val;

	yyjson_arr_foreach(yyjson_obj_get(container, "volumeMounts"), index, max, mount) {
		yyjson_obj_foreach(json_members(mount), member, members, key, val) {
			const char *problem = mount_problem(yyjson_get_str(key), val);

			if (problem)
				mounts->report(mounts->user,
					       arena_printf(mounts->arena, "%s.volumeMounts[%zu].%s", mounts->path, index, yyjson_get_str(key)), problem);
		}
	}
}

static void check_kinds_of_values(yyjson_val *pod, struct arena *arena, schema_report report, void *user)
{
	static const char *const lists[] = {"containers",  "initContainers",	      "volumes",	"imagePullSecrets",
					    "tolerations", "topologySpreadConstraints", "hostAliases", "readinessGates"};
	static const char *const maps[] = {"affinity", "securityContext", "nodeSelector", "dnsConfig"};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		yyjson_val *val = yyjson_obj_get(pod, lists[i]);

		if (val && !yyjson_is_null(val) && !yyjson_is_arr(val))
			report(user, arena_printf(arena, "spec.podTemplate.spec.%s", lists[i]), "must be a list");
	}
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		yyjson_val *val = yyjson_obj_get(pod, maps[i]);

		if (val && !yyjson_is_null(val) && !yyjson_is_obj(val))
			report(user, arena_printf(arena, "spec.podTemplate.spec.%s", maps[i]), "must be a map");
	}
}

// The template is free for admission, and the operator tries it by a dry run.
static void check_template(yyjson_val *spec, struct arena *arena, schema_report report, void *user)
{
	static const char *const lists[] = {"containers", "initContainers"};
	struct mounts mounts = {.arena = arena, .report = report, .user = user};
	yyjson_val *pod = yyjson_ptr_get(spec, "/podTemplate/spec"), *item;
	size_t index, max;

	check_kinds_of_values(pod, arena, report, user);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		yyjson_arr_foreach(yyjson_obj_get(pod, lists[i]), index, max, item) {
			mounts.path = arena_printf(arena, "spec.podTemplate.spec.%s[%zu]", lists[i], index);
			check_mounts(&mounts, item);
		}
	}
}

void pod_rules_check(yyjson_val *spec, struct arena *arena, schema_report report, void *user)
{
	check_sources(spec, arena, report, user);
	check_requests(spec, arena, report, user);
	check_tolerations(spec, arena, report, user);
	check_template(spec, arena, report, user);
}
