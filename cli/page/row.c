// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/page/row.h"

#include <string.h>

#include "base/json.h"
#include "cli/overview.h"
#include "cli/rendering.h"

static const char *tone(enum colour colour)
{
	static const char *const tones[] = {
		[COLOUR_NONE] = "none", [COLOUR_GOOD] = "good", [COLOUR_BUSY] = "busy", [COLOUR_BAD] = "bad", [COLOUR_FAINT] = "faint"};

	return tones[colour];
}

// When a condition last changed.
static const char *last_change(struct program *program, yyjson_val *object)
{
	const char *last = "";
	size_t index, max;
	yyjson_val *item;

	yyjson_arr_foreach(yyjson_ptr_get(object, "/status/conditions"), index, max, item) {
		const char *time = yyjson_get_str(yyjson_obj_get(item, "lastTransitionTime"));

		if (time && strcmp(time, last) > 0)
			last = time;
	}
	return rendering_shown(program->arena, last, "");
}

struct filling {
	yyjson_mut_doc *doc;
	yyjson_mut_val *root;
};

static void put(const struct filling *filling, const char *key, const char *text)
{
	if (text && *text)
		yyjson_mut_obj_add_strcpy(filling->doc, filling->root, key, text);
}

static void put_state(const struct filling *filling, const struct overview_row *row, struct arena *arena)
{
	enum colour colour;
	const char *trouble = overview_trouble(row, arena, &colour);

	put(filling, "phase", row->phase);
	put(filling, "hold", row->hold);
	put(filling, "tone", tone(overview_phase_colour(row)));
	put(filling, "message", row->message);
	put(filling, "fleet", row->fleet);
	put(filling, "fleetTone", tone(row->fleet_colour));
	put(filling, "fleetMessage", row->fleet_message);
	put(filling, "connected", row->connected);
	put(filling, "connectedMessage", row->connected_message);
	put(filling, "expires", row->expires);
	put(filling, "project", row->project);
	put(filling, "trouble", trouble);
	put(filling, "troubleTone", trouble ? tone(colour) : NULL);
}

const char *row_text(struct program *program, yyjson_val *object, bool cluster, const struct row_parts *parts)
{
	yyjson_mut_doc *doc = json_doc_new(program->arena);
	const struct filling filling = {doc, yyjson_mut_obj(doc)};
	struct overview_row row;

	yyjson_mut_doc_set_root(doc, filling.root);
	overview_read_object(program, object, &row);
	if (parts->workloads_known)
		row.ready = 0;
	if (parts->workload)
		overview_read_workload(parts->workload, &row);
	if (parts->plugin)
		overview_read_plugin(program->arena, parts->plugin, &row);
	put(&filling, "kind", cluster ? "cluster" : "standalone");
	put(&filling, "namespace", row.namespace);
	put(&filling, "name", row.name);
	put(&filling, "image", row.image);
	put(&filling, "version", row.version);
	put(&filling, "created", rendering_shown(program->arena, yyjson_get_str(yyjson_ptr_get(object, "/metadata/creationTimestamp")), ""));
	put(&filling, "changed", last_change(program, object));
	put_state(&filling, &row, program->arena);
	yyjson_mut_obj_add_int(doc, filling.root, "wanted", row.wanted);
	yyjson_mut_obj_add_int(doc, filling.root, "ready", row.ready);
	yyjson_mut_obj_add_int(doc, filling.root, "updated", row.updated);
	yyjson_mut_obj_add_int(doc, filling.root, "replicas", row.replicas);
	return json_text(program->arena, doc);
}
