// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/pass/apply.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "operator/object/drift.h"
#include "operator/object/labels.h"
#include "operator/object/names.h"

bool apply_is_owned(const struct kube_object *object, const char *owner_uid)
{
	return yyjson_equals_str(yyjson_obj_get(kube_object_controller(object), "uid"), owner_uid);
}

// Server-side apply makes an object that is not there whatever version it names, and no object has the first version of a store: where there is
// one of that name, the API server answers with a conflict.
#define NO_VERSION "1"

static const char *version_for(const struct child *child)
{
	if (child->fresh)
		return NO_VERSION;
	return child->guarded && child->live ? kube_object_resource_version(child->live) : NULL;
}

// The builder's object with the digest and the version over which it may be written.
static const char *with_marks(const struct child *child, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_val_mut_copy(doc, json_parse(arena, child->json, strlen(child->json)));
	yyjson_mut_val *metadata = yyjson_mut_obj_get(root, "metadata");
	yyjson_mut_val *annotations = yyjson_mut_obj_get(metadata, "annotations");
	const char *version = version_for(child);

	yyjson_mut_doc_set_root(doc, root);
	if (!annotations)
		annotations = yyjson_mut_obj_add_obj(doc, metadata, "annotations");
	yyjson_mut_obj_add_strcpy(doc, annotations, DIGEST_ANNOTATION, child->digest);
	if (version)
		yyjson_mut_obj_add_strcpy(doc, metadata, "resourceVersion", version);
	return json_text(arena, doc);
}

// Whether the object was last applied from the same text. The operator used to write the whole digest: it does
// not write such an object anew for that.
static bool applied_same(const struct child *child, const struct kube_object *live)
{
	yyjson_val *metadata = yyjson_obj_get(kube_object_root(live), "metadata");
	yyjson_val *applied = yyjson_obj_get(yyjson_obj_get(metadata, "annotations"), DIGEST_ANNOTATION);
	size_t half = DIGEST_HALF_SIZE - 1;

	if (yyjson_get_len(applied) == 2 * half)
		return strncmp(yyjson_get_str(applied), child->digest, half) == 0;
	return yyjson_equals_str(applied, child->digest);
}

static bool stands_as_wanted(const struct apply_memory *memory, const struct child *child, struct kube_object *live)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();

	if (!applied_same(child, live))
		return false;
	if (strcmp(memory->child[child->slot].version, kube_object_resource_version(live)) == 0 &&
	    strcmp(memory->child[child->slot].digest, child->digest) == 0)
		return true;
	return !drift_of_object(json_parse(scratch, child->json, strlen(child->json)), kube_object_root(live));
}

static void remember(struct apply_memory *memory, const struct child *child, struct kube_object *live)
{
	kept_set(memory->child[child->slot].version, kube_object_resource_version(live));
	kept_set(memory->child[child->slot].digest, child->digest);
}

// The store holds only our own objects and may lag behind: ask the API server for a child that the store lacks, or knows as nobody's.
static int begin_to_look(const struct context *context, struct child *child, struct err *err)
{
	struct kube_name name = {.namespace = child->namespace, .name = child->name};

	assert(!child->found && !child->call);
	child->found = child->live ? kube_object_ref(child->live) : kube_store_get(child->store, name);
	child->fresh = child->untouched && !child->found;
	if (child->fresh || (child->found && apply_is_owned(child->found, child->owner->metadata.uid)))
		return 0;
	kube_object_unref(child->found);
	child->found = NULL;
	return kube_get_begin(context->client, child->resource, name, &(struct kube_limits){.max_bytes = CHILD_MAX_BYTES}, &child->call,
			      err);
}

static int end_look(struct child *child, struct err *err)
{
	int r;

	if (!child->call)
		return 0;
	r = kube_call_end(steal_ptr(child->call), &child->found, err);
	if (r != ERR_NOT_FOUND)
		return r;
	err_clear(err);
	return 0;
}

// Of several errors the first goes up. Every call that was begun must be ended.
static int first_of(int first, int r, const struct err *problem, struct err *err)
{
	if (r < 0 && first == 0)
		*err = *problem;
	return first < 0 ? first : r;
}

int apply_look(const struct context *context, struct child *children, size_t n, enum adoption *rets, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	size_t begun = 0;
	int result = 0;

	while (begun < n && (result = begin_to_look(context, &children[begun], err)) == 0) {
		kept_set(children[begun].digest, digest_of(children[begun].json, arena));
		begun++;
	}
	for (size_t i = 0; i < begun; i++) {
		struct err problem = ERR_INIT;
		int r = end_look(&children[i], &problem);

		if (r < 0)
			r = err_wrap(&problem, "cannot look for %s '%s'", children[i].resource->kind, children[i].name);
		result = first_of(result, r, &problem, err);
		rets[i] = children[i].found ? adoption_judge(kube_object_root(children[i].found), children[i].owner) : ADOPTION_OURS;
	}
	return result;
}

int apply_adopt(const struct context *context, const struct child *child, struct arena *arena, struct err *err)
{
	struct kube_name name = {.namespace = child->namespace, .name = child->name};
	const char *patch = adoption_patch(kube_object_root(child->found), child->owner, arena);
	int r = kube_patch(context->client, child->resource, name, NULL, KUBE_PATCH_MERGE, patch, NULL, err);

	return r < 0 ? err_wrap(err, "cannot adopt %s '%s'", child->resource->kind, child->name) : 0;
}

static int told(const struct child *child, int r, struct err *err)
{
	return r < 0 ? err_wrap(err, "cannot apply %s '%s'", child->resource->kind, child->name) : 0;
}

// A pass waits for its calls with all its memory, beside a hundred others: what only makes a call lives in an arena of its own.
static int begin_to_write(const struct context *context, struct child *child, struct err *err)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct kube_apply_options options = {.field_manager = FIELD_MANAGER, .force = true};
	struct kube_name name = {.namespace = child->namespace, .name = child->name};

	return kube_apply_begin(context->client, child->resource, name, with_marks(child, scratch), &options, &child->call, err);
}

// Ends the write. When the API server finds the result invalid because somebody renumbered a port or took another member of a one-of, the write
// is made once more after undoing that.
static int end_write(const struct context *context, struct child *child, struct arena *arena, struct kube_object **ret_written,
		     struct err *err)
{
	struct kube_name name = {.namespace = child->namespace, .name = child->name};
	int r = kube_call_end(steal_ptr(child->call), ret_written, err);
	const char *patch;

	if (r != ERR_INVALID || !child->found)
		return r;
	patch = drift_patch(json_parse(arena, child->json, strlen(child->json)), kube_object_root(child->found), arena);
	if (!patch)
		return r;
	err_clear(err);
	r = kube_patch(context->client, child->resource, name, NULL, KUBE_PATCH_JSON, patch, NULL, err);
	// The patch begins with a test of the version that was read.
	if (r == ERR_INVALID) {
		err_clear(err);
		return err_set(err, ERR_CONFLICT, "it has changed since it was read");
	}
	// A guarded write over the version that was read comes too late now; the next pass makes it.
	if (r < 0 || (r = begin_to_write(context, child, err)) < 0)
		return r;
	return kube_call_end(steal_ptr(child->call), ret_written, err);
}

int apply_try(const struct context *context, const struct child *child, struct err *err)
{
	struct kube_apply_options options = {.field_manager = FIELD_MANAGER, .force = true, .dry_run = true};
	struct kube_name name = {.namespace = child->namespace, .name = child->name};
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	int r;

	if (child->found && applied_same(child, child->found))
		return 0;
	r = kube_apply(context->client, child->resource, name, with_marks(child, scratch), &options, NULL, err);
	// end_write() may mend this error.
	if (r == ERR_INVALID && child->found &&
	    drift_patch(json_parse(scratch, child->json, strlen(child->json)), kube_object_root(child->found), scratch)) {
		err_clear(err);
		return 0;
	}
	return told(child, r, err);
}

// A child that stands as wanted is not written and has no call.
static int begin_child(const struct context *context, struct apply_memory *memory, struct child *child, struct err *err)
{
	assert(*child->digest && !child->stands);
	// The builder saw no object because the store lags behind, so its result does not know what the object holds.
	if (child->found && child->guarded && !child->live)
		return err_set(err, ERR_CONFLICT, "%s '%s' was made since the store was read", child->resource->kind, child->name);
	if (child->found && stands_as_wanted(memory, child, child->found))
		return 0;
	return told(child, begin_to_write(context, child, err), err);
}

static int end_child(const struct context *context, struct apply_memory *memory, struct child *child, struct arena *arena,
		     struct err *err)
{
	bool called = child->call != NULL, known = memory->child[child->slot].version[0] != '\0';

	if (!called)
		child->stands = kube_object_ref(child->found);
	else if (end_write(context, child, arena, &child->stands, err) < 0)
		return told(child, err->class, err);
	remember(memory, child, child->stands);
	// The API server keeps some values in another form (a quantity, an empty list): that looks like drift, but such a write changes nothing.
	child->written = called && !(child->found && strcmp(kube_object_resource_version(child->found),
							    kube_object_resource_version(child->stands)) == 0);
	child->put_back = child->written && (child->found ? applied_same(child, child->found) : known);
	return 0;
}

int apply_write(const struct context *context, struct apply_memory *memory, struct child *children, size_t n, struct arena *arena,
		struct err *err)
{
	size_t begun = 0;
	int result = 0;

	while (begun < n && (result = begin_child(context, memory, &children[begun], err)) == 0)
		begun++;
	for (size_t i = 0; i < begun; i++) {
		struct err problem = ERR_INIT;
		int r = end_child(context, memory, &children[i], arena, &problem);

		result = first_of(result, r, &problem, err);
	}
	return result;
}

// The index of the list's item with this name; false when there is none.
static bool find_named(yyjson_val *list, const char *name, size_t *ret_index)
{
	size_t max;
	yyjson_val *item;

	yyjson_arr_foreach(list, *ret_index, max, item) {
		if (yyjson_equals_str(yyjson_obj_get(item, "name"), name))
			return true;
	}
	return false;
}

int apply_remove_env(const struct context *context, const struct child *child, const char *variable, struct arena *arena,
		     struct kube_object **ret_live, struct err *err)
{
	struct kube_name name = {.namespace = child->namespace, .name = child->name};
	yyjson_val *containers = kube_object_get(child->live, "/spec/template/spec/containers"), *env;
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *patch = yyjson_mut_arr(doc);
	const char *path;
	size_t i, j;
	int r;

	*ret_live = NULL;
	if (!find_named(containers, CONTAINER_NAME, &i))
		return 0;
	env = yyjson_obj_get(yyjson_arr_get(containers, i), "env");
	if (!find_named(env, variable, &j))
		return 0;
	path = arena_printf(arena, "/spec/template/spec/containers/%zu/env/%zu", i, j);
	yyjson_mut_doc_set_root(doc, patch);
	// Tests the whole entry as it was read: a change by somebody else makes the patch fail.
	json_patch_step(doc, patch, "test", path, yyjson_arr_get(env, j));
	json_patch_step(doc, patch, "remove", path, NULL);
	r = kube_patch(context->client, child->resource, name, NULL, KUBE_PATCH_JSON, json_text(arena, doc), ret_live, err);
	if (r != ERR_INVALID)
		return r < 0 ? err_wrap(err, "cannot take %s out of %s '%s'", variable, child->resource->kind, child->name) : 0;
	err_clear(err);
	return err_set(err, ERR_CONFLICT, "%s of %s '%s' has changed since it was read", variable, child->resource->kind, child->name);
}
