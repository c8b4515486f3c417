// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/object/data_volume.h"

#include <string.h>

#include "api/quantity.h"
#include "base/json.h"

bool data_volume_read(yyjson_val *root, const struct dbms *dbms, const struct names *names, struct data_volume *ret)
{
	static const char prefix[] = DATA_VOLUME "-";
	yyjson_val *metadata = yyjson_obj_get(root, "metadata");
	yyjson_val *annotations = yyjson_obj_get(metadata, "annotations");
	const char *name = yyjson_get_str(yyjson_obj_get(metadata, "name"));
	int ordinal = name && strncmp(name, prefix, strlen(prefix)) == 0 ? names_ordinal(names, name + strlen(prefix)) : -1;

	if (ordinal < 0)
		return false;
	*ret = (struct data_volume){
		.name = name,
		.uid = yyjson_get_str(yyjson_obj_get(metadata, "uid")),
		.size = yyjson_get_str(yyjson_ptr_get(root, "/spec/resources/requests/storage")),
		.class = yyjson_get_str(yyjson_ptr_get(root, "/spec/storageClassName")),
		.volume = yyjson_get_str(yyjson_ptr_get(root, "/spec/volumeName")),
		.capacity = yyjson_get_str(yyjson_ptr_get(root, "/status/capacity/storage")),
		.ordinal = ordinal,
		.leaving = yyjson_equals_str(yyjson_obj_get(annotations, DATA_VOLUME_LEAVING_ANNOTATION), dbms->metadata.uid),
		.deleting = yyjson_obj_get(metadata, "deletionTimestamp") != NULL,
		.pending = yyjson_equals_str(yyjson_ptr_get(root, "/status/phase"), "Pending"),
	};
	// No server has the empty id, so a mark without an id tells of no server.
	if (ret->leaving && yyjson_get_len(yyjson_obj_get(annotations, DATA_VOLUME_DEALLOCATED_ANNOTATION)) > 0)
		ret->deallocated = yyjson_get_str(yyjson_obj_get(annotations, DATA_VOLUME_DEALLOCATED_ANNOTATION));
	return true;
}

const struct data_volume *data_volume_of(const struct data_volume *volumes, size_t n, int ordinal)
{
	for (size_t i = 0; i < n; i++) {
		if (volumes[i].ordinal == ordinal)
			return &volumes[i];
	}
	return NULL;
}

bool data_volume_must_grow(const struct data_volume *volume, const struct dbms *dbms)
{
	uint64_t present, wanted;

	return !volume->deallocated && !volume->deleting && !volume->pending && volume->size && quantity_parse(volume->size, &present) &&
	       quantity_parse(dbms->storage.size, &wanted) && wanted > present;
}

bool data_volume_is_growing(const struct data_volume *volume)
{
	uint64_t present, wanted;

	return !volume->deallocated && !volume->deleting && !volume->pending && volume->size && volume->capacity &&
	       quantity_parse(volume->capacity, &present) && quantity_parse(volume->size, &wanted) && wanted > present;
}

// The patch applies to this very claim and fails on a new one of the same name.
static yyjson_mut_val *patch_of(yyjson_mut_doc *doc, const struct data_volume *volume, yyjson_mut_val **ret_metadata)
{
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	*ret_metadata = yyjson_mut_obj_add_obj(doc, root, "metadata");
	yyjson_mut_obj_add_str(doc, *ret_metadata, "uid", volume->uid);
	return root;
}

const char *data_volume_growth_patch(const struct data_volume *volume, const struct dbms *dbms, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *metadata, *root = patch_of(doc, volume, &metadata), *spec;

	spec = yyjson_mut_obj_add_obj(doc, root, "spec");
	yyjson_mut_obj_add_str(doc,
			       yyjson_mut_obj_add_obj(doc, yyjson_mut_obj_add_obj(doc, spec, "resources"), "requests"),
			       "storage", dbms->storage.size);
	return json_text(arena, doc);
}

static const char *marks_patch(const struct data_volume *volume, const struct dbms *dbms, const char *server_id, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *metadata, *annotations;

	(void)patch_of(doc, volume, &metadata);
	annotations = yyjson_mut_obj_add_obj(doc, metadata, "annotations");
	if (server_id)
		yyjson_mut_obj_add_str(doc, annotations, DATA_VOLUME_DEALLOCATED_ANNOTATION, server_id);
	else // an earlier deployment's mark says nothing of this one
		yyjson_mut_obj_add_null(doc, annotations, DATA_VOLUME_DEALLOCATED_ANNOTATION);
	yyjson_mut_obj_add_str(doc, annotations, DATA_VOLUME_LEAVING_ANNOTATION, dbms->metadata.uid);
	return json_text(arena, doc);
}

const char *data_volume_leaving_patch(const struct data_volume *volume, const struct dbms *dbms, struct arena *arena)
{
	return marks_patch(volume, dbms, NULL, arena);
}

const char *data_volume_deallocated_patch(const struct data_volume *volume, const struct dbms *dbms, const char *server_id, struct arena *arena)
{
	return marks_patch(volume, dbms, server_id, arena);
}
