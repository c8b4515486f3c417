// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/permission.h"

#include "base/json.h"
#include "kube/client.h"

static const struct kube_resource reviews = {"authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false};

int permission_ask(struct program *program, const struct permission *permission, bool *ret, struct err *err)
{
	yyjson_mut_doc *doc = json_doc_new(program->arena);
	_cleanup_(kube_object_unrefp) struct kube_object *answer = NULL;
	yyjson_mut_val *root = yyjson_mut_obj(doc), *attributes;
	int r;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "apiVersion", "authorization.k8s.io/v1");
	yyjson_mut_obj_add_str(doc, root, "kind", reviews.kind);
	attributes = yyjson_mut_obj_add_obj(doc, yyjson_mut_obj_add_obj(doc, root, "spec"), "resourceAttributes");
	yyjson_mut_obj_add_str(doc, attributes, "verb", permission->verb);
	yyjson_mut_obj_add_str(doc, attributes, "group", permission->resource->group);
	yyjson_mut_obj_add_str(doc, attributes, "resource", permission->resource->plural);
	if (permission->subresource)
		yyjson_mut_obj_add_str(doc, attributes, "subresource", permission->subresource);
	if (permission->namespace)
		yyjson_mut_obj_add_str(doc, attributes, "namespace", permission->namespace);
	r = kube_create(program->client, &reviews, NULL, json_text(program->arena, doc), &answer, err);
	if (r == 0)
		*ret = yyjson_is_true(kube_object_get(answer, "/status/allowed"));
	return r;
}

const char *permission_name(const struct kube_resource *resource, struct arena *arena)
{
	return *resource->group ? arena_printf(arena, "%s.%s", resource->plural, resource->group) : resource->plural;
}
