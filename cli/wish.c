// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/wish.h"

#include "base/json.h"
#include "cli/kinds.h"
#include "cli/portrait.h"
#include "kube/client.h"

int wish_make(struct program *program, const char *reference, const char *annotation, const char *value, struct dbms *ret, struct err *err)
{
	yyjson_mut_doc *doc = json_doc_new(program->arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *annotations;
	struct err invalid = ERR_INIT;
	yyjson_val *object;
	int r;

	if ((r = program_connect(program, err)) < 0 || (r = portrait_find(program, reference, &object, err)) < 0)
		return r;
	// The operator itself reports an invalid spec.
	(void)dbms_decode(object, program->arena, ret, &invalid);
	yyjson_mut_doc_set_root(doc, root);
	annotations = yyjson_mut_obj_add_obj(doc, yyjson_mut_obj_add_obj(doc, root, "metadata"), "annotations");
	yyjson_mut_obj_add_val(doc, annotations, annotation, value ? yyjson_mut_str(doc, value) : yyjson_mut_null(doc));
	return kube_patch(program->client, ret->kind == DBMS_CLUSTER ? &kinds_clusters : &kinds_standalones,
			  (struct kube_name){ret->metadata.namespace, ret->metadata.name}, NULL, KUBE_PATCH_MERGE, json_text(program->arena, doc), NULL, err);
}
