// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/comparison.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "cli/child_view.h"
#include "cli/kinds.h"
#include "cli/line_diff.h"
#include "kube/client.h"
#include "operator/object/adoption.h"
#include "operator/object/labels.h"

// A child of ours is smaller, but others may write to it, too.
#define CHILD_MAX_BYTES ((size_t)1024 * 1024)

static yyjson_val *kept(const struct comparison *comparison, const struct kube_object *object)
{
	const char *text = json_val_text(comparison->program->arena, kube_object_root(object));

	return json_parse(comparison->program->arena, text, strlen(text));
}

// NULL: there is none.
static int read_live(const struct comparison *comparison, const struct kube_resource *resource, struct kube_name name, yyjson_val **ret, struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *object = NULL;
	struct kube_limits limits = {.max_bytes = CHILD_MAX_BYTES};
	int r = kube_get_within(comparison->program->client, resource, name, &limits, &object, err);

	*ret = NULL;
	if (r == ERR_NOT_FOUND) {
		err_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	*ret = kept(comparison, object);
	return 0;
}

struct live_plugins {
	struct comparison *comparison;
	const struct draft_source *source;
	yyjson_val **items;
	size_t n, room;
};

// A plugin in the manifests replaces the live one of the same name.
static void add_plugin(void *user, yyjson_val *root)
{
	struct live_plugins *list = user;
	struct arena *arena = list->comparison->program->arena;
	const char *text = json_val_text(arena, root);

	for (size_t i = 0; i < list->source->n_plugins; i++) {
		if (yyjson_equals(yyjson_ptr_get(list->source->plugins[i], "/metadata/name"), yyjson_ptr_get(root, "/metadata/name")))
			return;
	}
	list->items = arena_grow(arena, list->items, list->n, &list->room);
	list->items[list->n++] = json_parse(arena, text, strlen(text));
}

static void read_plugins(struct comparison *comparison, struct draft_source *source)
{
	struct live_plugins list = {.comparison = comparison, .source = source};
	struct kube_selection selection = {.namespace = source->namespace};
	struct arena *arena = comparison->program->arena;
	struct err fault = ERR_INIT;
	yyjson_val **all;

	if (kube_list(comparison->program->client, &kinds_plugins, &selection, &(struct kube_reader){add_plugin, &list}, &fault) < 0)
		program_note(comparison->program, "only the Neo4jPlugins of the manifests count: %s", fault.text);
	all = arena_new_array(arena, yyjson_val *, source->n_plugins + list.n + 1);
	for (size_t i = 0; i < source->n_plugins; i++)
		all[i] = source->plugins[i];
	for (size_t i = 0; i < list.n; i++)
		all[source->n_plugins + i] = list.items[i];
	source->plugins = all;
	source->n_plugins += list.n;
}

// The owner of the children.
static yyjson_val *with_uid(const struct comparison *comparison, yyjson_val *root)
{
	yyjson_mut_doc *doc = json_doc_new(comparison->program->arena);
	yyjson_mut_val *copy = yyjson_val_mut_copy(doc, root), *metadata = yyjson_mut_obj_get(copy, "metadata");
	const char *text;

	(void)yyjson_mut_obj_remove_key(metadata, "uid");
	yyjson_mut_obj_add_val(doc, metadata, "uid", yyjson_val_mut_copy(doc, yyjson_ptr_get(comparison->object, "/metadata/uid")));
	yyjson_mut_doc_set_root(doc, copy);
	text = json_text(comparison->program->arena, doc);
	return json_parse(comparison->program->arena, text, strlen(text));
}

int comparison_begin(struct comparison *comparison, const struct dbms *dbms, struct draft_source *source, struct err *err)
{
	const struct kube_resource *kind = dbms->kind == DBMS_CLUSTER ? &kinds_clusters : &kinds_standalones;
	struct names names;
	yyjson_val *workload;
	int r = read_live(comparison, kind, (struct kube_name){source->namespace, dbms->metadata.name}, &comparison->object, err);

	if (r < 0)
		return r;
	read_plugins(comparison, source);
	if (!comparison->object)
		return 0;
	source->root = with_uid(comparison, source->root);
	names_of(dbms, comparison->program->arena, &names);
	r = read_live(comparison, &kube_statefulsets, (struct kube_name){source->namespace, names.workload}, &workload, err);
	if (r < 0 || !workload)
		return r;
	live_set_read(workload, &comparison->live);
	source->live = &comparison->live;
	source->certificate = yyjson_get_str(yyjson_obj_get(yyjson_ptr_get(workload, "/spec/template/metadata/annotations"), CERTIFICATE_ANNOTATION));
	return 0;
}

static const struct kube_resource *resource_of(yyjson_val *child)
{
	static const struct kube_resource *const resources[] = {&kube_serviceaccounts, &kube_services, &kube_configmaps, &kube_poddisruptionbudgets,
								&kube_statefulsets};
	size_t i = 0, last = sizeof(resources) / sizeof(resources[0]) - 1;

	while (i < last && !yyjson_equals_str(yyjson_obj_get(child, "kind"), resources[i]->kind))
		i++;
	assert(yyjson_equals_str(yyjson_obj_get(child, "kind"), resources[i]->kind));
	return resources[i];
}

// As the operator applies it: with the digest of the last apply, which is no part of the spec.
static const char *to_apply(const struct comparison *comparison, yyjson_val *child, yyjson_val *live)
{
	yyjson_mut_doc *doc = json_doc_new(comparison->program->arena);
	yyjson_mut_val *copy = yyjson_val_mut_copy(doc, child), *metadata = yyjson_mut_obj_get(copy, "metadata");
	yyjson_mut_val *annotations = yyjson_mut_obj_get(metadata, "annotations");
	yyjson_val *digest = yyjson_obj_get(yyjson_ptr_get(live, "/metadata/annotations"), DIGEST_ANNOTATION);

	if (!annotations)
		annotations = yyjson_mut_obj_add_obj(doc, metadata, "annotations");
	if (digest)
		yyjson_mut_obj_add_val(doc, annotations, DIGEST_ANNOTATION, yyjson_val_mut_copy(doc, digest));
	yyjson_mut_doc_set_root(doc, copy);
	return json_text(comparison->program->arena, doc);
}

// The API server's prediction; NULL: it makes none.
static int try(struct comparison *comparison, struct kube_name name, yyjson_val *child, yyjson_val *live, yyjson_val **ret, struct err *err)
{
	const struct kube_apply_options options = {.field_manager = FIELD_MANAGER, .force = true, .dry_run = true};
	_cleanup_(kube_object_unrefp) struct kube_object *object = NULL;
	struct program *program = comparison->program;
	int r = kube_apply(program->client, resource_of(child), name, to_apply(comparison, child, live), &options, &object, err);

	*ret = NULL;
	if (r == 0)
		*ret = kept(comparison, object);
	if (r == ERR_INVALID) {
		program_note(program, "%s '%s': the API server would not take it: %s", resource_of(child)->kind, name.name, err->text);
	} else if (r == ERR_FORBIDDEN) {
		if (!comparison->by_fields)
			program_note(program, "compared by the fields that the operator writes alone, so one that would go is not seen: %s", err->text);
		comparison->by_fields = true;
	} else {
		return r;
	}
	err_clear(err);
	return 0;
}

// Whether the operator may write over it; otherwise says why not.
static bool may_take(const struct comparison *comparison, const struct draft *draft, struct kube_name name, const char *kind, yyjson_val *live)
{
	struct adoption_case one = {kind, name.name, adoption_judge(live, &draft->dbms), live};
	const char *refusal = adoption_refusal(&one, 1, &draft->dbms, comparison->program->arena);

	if (refusal)
		program_note(comparison->program, "%s", refusal);
	else if (one.adoption == ADOPTION_LEAVING)
		program_note(comparison->program, "%s '%s' of a deleted deployment of this name is still to go", kind, name.name);
	return one.adoption == ADOPTION_OURS || one.adoption == ADOPTION_ORPHAN;
}

static int compare(struct comparison *comparison, const struct draft *draft, yyjson_val *child, struct err *err)
{
	struct arena *arena = comparison->program->arena;
	const struct kube_resource *resource = resource_of(child);
	struct kube_name name = {draft->dbms.metadata.namespace, yyjson_get_str(yyjson_ptr_get(child, "/metadata/name"))};
	const char *place = arena_printf(arena, "%s%s%s.%s.%s.%s", resource->group, *resource->group ? "." : "", resource->version, resource->kind,
					 name.namespace, name.name);
	struct line_diff diff = {.from_name = arena_printf(arena, "LIVE/%s", place), .to_name = arena_printf(arena, "MERGED/%s", place)};
	yyjson_val *live, *merged = NULL;
	int r = read_live(comparison, resource, name, &live, err);

	if (r < 0)
		return r;
	if (live && !may_take(comparison, draft, name, resource->kind, live)) {
		comparison->differing++;
		return 0;
	}
	r = live ? try(comparison, name, child, live, &merged, err) : 0;
	if (r < 0)
		return err_wrap(err, "%s '%s'", resource->kind, name.name);
	diff.from = live ? child_view(live, child, merged, arena) : NULL;
	diff.to = merged ? child_view(merged, child, live, arena) : child_view(child, child, NULL, arena);
	comparison->differing += line_diff_write(&diff, arena, comparison->program->streams.out);
	return 0;
}

int comparison_run(struct comparison *comparison, const struct draft *draft, struct err *err)
{
	const char *children[CHILD_COUNT];
	size_t n = draft_children(draft, comparison->program->arena, children);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = compare(comparison, draft, json_parse(comparison->program->arena, children[i], strlen(children[i])), err);
	return r;
}
