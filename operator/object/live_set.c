// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/object/live_set.h"

#include "api/dbms.h"
#include "operator/object/names.h"

static yyjson_val *item_named(yyjson_val *list, const char *name)
{
	size_t index, max;
	yyjson_val *item;

	yyjson_arr_foreach(list, index, max, item) {
		if (yyjson_equals_str(yyjson_obj_get(item, "name"), name))
			return item;
	}
	return NULL;
}

static const char *volume_size_of(yyjson_val *spec)
{
	size_t index, max;
	yyjson_val *claim;

	yyjson_arr_foreach(yyjson_obj_get(spec, "volumeClaimTemplates"), index, max, claim) {
		if (yyjson_equals_str(yyjson_ptr_get(claim, "/metadata/name"), DATA_VOLUME))
			return yyjson_get_str(yyjson_ptr_get(claim, "/spec/resources/requests/storage"));
	}
	return NULL;
}

void live_set_read(yyjson_val *root, struct live_set *ret)
{
	yyjson_val *spec = yyjson_obj_get(root, "spec");
	yyjson_val *template = yyjson_obj_get(spec, "template");
	yyjson_val *container = item_named(yyjson_ptr_get(template, "/spec/containers"), CONTAINER_NAME);
	yyjson_val *plugins = item_named(yyjson_obj_get(container, "env"), "NEO4J_PLUGINS");
	yyjson_val *annotations = yyjson_ptr_get(root, "/metadata/annotations");
	yyjson_val *observed = yyjson_ptr_get(root, "/status/observedGeneration");

	*ret = (struct live_set){
		.current = yyjson_is_int(observed) &&
			   yyjson_get_sint(observed) == yyjson_get_sint(yyjson_ptr_get(root, "/metadata/generation")),
		.update_revision = yyjson_get_str(yyjson_ptr_get(root, "/status/updateRevision")),
		.plugins = yyjson_get_str(yyjson_obj_get(plugins, "value")),
		.plugins_ref = yyjson_obj_get(plugins, "valueFrom"),
		.declared = yyjson_get_str(yyjson_obj_get(annotations, DECLARED_PLUGINS_ANNOTATION)),
		.server_version = yyjson_get_str(yyjson_obj_get(annotations, SERVER_VERSION_ANNOTATION)),
		.fleet_entry = yyjson_get_str(yyjson_obj_get(annotations, FLEET_ENTRY_ANNOTATION)),
		.withdrawn = yyjson_get_str(yyjson_obj_get(annotations, FLEET_WITHDRAWN_ANNOTATION)),
		.unready = yyjson_get_str(yyjson_obj_get(annotations, UNREADY_ANNOTATION)),
		.restarted = yyjson_get_str(yyjson_obj_get(yyjson_ptr_get(template, "/metadata/annotations"), RESTARTED_ANNOTATION)),
		.volume_size = volume_size_of(spec),
		.image = yyjson_get_str(yyjson_obj_get(container, "image")),
		.digest = yyjson_get_str(
			yyjson_obj_get(yyjson_ptr_get(template, "/metadata/annotations"), CONFIG_DIGEST_ANNOTATION)),
		.replicas = (int)yyjson_get_sint(yyjson_obj_get(spec, "replicas")),
	};
}
