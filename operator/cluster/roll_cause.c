// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/cluster/roll_cause.h"

#include <string.h>

#include "api/dbms.h"
#include "operator/object/labels.h"
#include "operator/object/live_set.h"
#include "operator/object/names.h"

#define KUBECTL_RESTARTED_ANNOTATION "kubectl.kubernetes.io/restartedAt"

static const char *image_of(yyjson_val *spec)
{
	yyjson_val *container;
	size_t index, max;

	yyjson_arr_foreach(yyjson_obj_get(spec, "containers"), index, max, container) {
		if (yyjson_equals_str(yyjson_obj_get(container, "name"), CONTAINER_NAME))
			return yyjson_get_str(yyjson_obj_get(container, "image"));
	}
	return NULL;
}

static bool is_other(yyjson_val *pod, yyjson_val *template, const char *annotation)
{
	yyjson_val *now = yyjson_obj_get(yyjson_ptr_get(pod, "/metadata/annotations"), annotation);
	yyjson_val *wanted = yyjson_obj_get(yyjson_ptr_get(template, "/metadata/annotations"), annotation);

	return (now || wanted) && !(now && wanted && yyjson_equals(now, wanted));
}

const char *roll_cause(yyjson_val *pod, yyjson_val *workload, struct arena *arena)
{
	yyjson_val *template = yyjson_ptr_get(workload, "/spec/template");
	const char *now = image_of(yyjson_obj_get(pod, "spec")), *wanted = image_of(yyjson_obj_get(template, "spec"));

	if (now && wanted && strcmp(now, wanted) != 0)
		return arena_printf(arena, "image %.300s instead of %.300s", wanted, now);
	if (is_other(pod, template, CONFIG_DIGEST_ANNOTATION))
		return "another configuration";
	if (is_other(pod, template, CERTIFICATE_ANNOTATION))
		return "another certificate";
	if (is_other(pod, template, RESTARTED_ANNOTATION) || is_other(pod, template, KUBECTL_RESTARTED_ANNOTATION))
		return "a restart was asked for";
	return "another pod template";
}
