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

void pod_rules_check(yyjson_val *spec, struct arena *arena, schema_report report, void *user)
{
	check_sources(spec, arena, report, user);
	check_requests(spec, arena, report, user);
	check_tolerations(spec, arena, report, user);
	// The template is free for admission, and the operator tries it by a dry run.
	schema_check_pod(yyjson_ptr_get(spec, "/podTemplate/spec"), "spec.podTemplate.spec", arena, report, user);
}
