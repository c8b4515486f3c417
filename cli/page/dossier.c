// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/page/dossier.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/dbms.h"
#include "base/json.h"
#include "cli/kinds.h"
#include "cli/page/journey.h"
#include "cli/page/row.h"
#include "cli/permission.h"
#include "cli/portrait.h"
#include "cli/yaml_text.h"

static void put_journey(yyjson_mut_doc *doc, yyjson_mut_val *root, yyjson_val *object)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, root, "journey");
	struct journey journey;

	journey_read(object, &journey);
	yyjson_mut_obj_add_bool(doc, root, "fleetOff", journey.off);
	for (size_t i = 0; i < JOURNEY_STEPS; i++) {
		yyjson_mut_val *step = yyjson_mut_arr_add_obj(doc, list);

		yyjson_mut_obj_add_str(doc, step, "name", journey.steps[i].name);
		yyjson_mut_obj_add_str(doc, step, "state", journey_state_name(journey.steps[i].state));
		yyjson_mut_obj_add_strcpy(doc, step, "message", journey.steps[i].message);
	}
}

static void put_yaml(yyjson_mut_doc *doc, yyjson_mut_val *root, yyjson_val *object)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	if (!file)
		abort();
	yaml_text_write(object, file);
	if (fclose(file) != 0)
		abort();
	yyjson_mut_obj_add_strcpy(doc, root, "yaml", text);
}

// A right that cannot be checked counts as missing.
static void put_rights(const struct view *view, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	const struct kube_resource *kind = view->cluster ? &kinds_clusters : &kinds_standalones;
	yyjson_mut_val *may = yyjson_mut_obj_add_obj(doc, root, "may");
	struct err err = ERR_INIT;
	bool registers = false, changes = false;

	(void)permission_ask(view->program, &(struct permission){"patch", kind, "status", view->namespace}, &registers, &err);
	err_clear(&err);
	(void)permission_ask(view->program, &(struct permission){"patch", kind, NULL, view->namespace}, &changes, &err);
	yyjson_mut_obj_add_bool(doc, may, "register", registers);
	yyjson_mut_obj_add_bool(doc, may, "change", changes);
}

static void put_pause(yyjson_mut_doc *doc, yyjson_mut_val *root, yyjson_val *object)
{
	struct dbms_metadata metadata;

	dbms_decode_metadata(object, &metadata);
	yyjson_mut_obj_add_bool(doc, root, "paused", metadata.paused);
}

int dossier_write(const struct view *view, struct buf *out, struct err *err)
{
	yyjson_val *object;
	yyjson_mut_doc *doc;
	yyjson_mut_val *root;
	int r = portrait_find(view->program, view->reference, &object, err);

	if (r < 0)
		return r;
	doc = portrait_make(view->program, object);
	root = yyjson_mut_doc_get_root(doc);
	yyjson_mut_obj_add_val(doc, root, "allConditions", yyjson_val_mut_copy(doc, yyjson_ptr_get(object, "/status/conditions")));
	put_journey(doc, root, object);
	put_rights(view, doc, root);
	put_pause(doc, root, object);
	put_yaml(doc, root, object);
	buf_add(out, json_text(view->program->arena, doc));
	return 0;
}
