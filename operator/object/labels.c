// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/object/labels.h"

const char *labels_component(enum dbms_kind kind)
{
	return kind == DBMS_CLUSTER ? "cluster" : "standalone";
}

yyjson_mut_val *labels_selector(yyjson_mut_doc *doc, const struct dbms *dbms)
{
	yyjson_mut_val *labels = yyjson_mut_obj(doc);

	yyjson_mut_obj_add_str(doc, labels, LABEL_COMPONENT, labels_component(dbms->kind));
	yyjson_mut_obj_add_str(doc, labels, LABEL_INSTANCE, dbms->metadata.name);
	yyjson_mut_obj_add_str(doc, labels, LABEL_NAME, LABEL_NAME_VALUE);
	return labels;
}

yyjson_mut_val *labels_all(yyjson_mut_doc *doc, const struct dbms *dbms)
{
	yyjson_mut_val *labels = labels_selector(doc, dbms);

	yyjson_mut_obj_add_str(doc, labels, LABEL_MANAGED_BY, LABEL_MANAGED_BY_VALUE);
	return labels;
}

// blockOwnerDeletion stays false: to set it, the operator would need the right to update the owner's finalizers.
void labels_add_owner(yyjson_mut_doc *doc, yyjson_mut_val *metadata, const struct dbms *dbms)
{
	yyjson_mut_val *owner = yyjson_mut_arr_add_obj(doc, yyjson_mut_obj_add_arr(doc, metadata, "ownerReferences"));

	yyjson_mut_obj_add_str(doc, owner, "apiVersion", API_GROUP "/" API_VERSION);
	yyjson_mut_obj_add_bool(doc, owner, "blockOwnerDeletion", false);
	yyjson_mut_obj_add_bool(doc, owner, "controller", true);
	yyjson_mut_obj_add_str(doc, owner, "kind", dbms->api_kind);
	yyjson_mut_obj_add_str(doc, owner, "name", dbms->metadata.name);
	yyjson_mut_obj_add_str(doc, owner, "uid", dbms->metadata.uid);
}

yyjson_mut_val *labels_object(yyjson_mut_doc *doc, const struct dbms *dbms, const char *const type[2], const char *name,
			      yyjson_mut_val **ret_metadata)
{
	yyjson_mut_val *root = yyjson_mut_obj(doc), *metadata;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "apiVersion", type[0]);
	yyjson_mut_obj_add_str(doc, root, "kind", type[1]);
	metadata = yyjson_mut_obj_add_obj(doc, root, "metadata");
	yyjson_mut_obj_add_val(doc, metadata, "labels", labels_all(doc, dbms));
	yyjson_mut_obj_add_str(doc, metadata, "name", name);
	yyjson_mut_obj_add_str(doc, metadata, "namespace", dbms->metadata.namespace);
	labels_add_owner(doc, metadata, dbms);
	if (ret_metadata)
		*ret_metadata = metadata;
	return root;
}
