// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Objects are texts by path. A write makes the new object from the one that stands, gives it what the API server adds to it, and puts a line
// into the history, from which watches are fed; a write that changes nothing leaves no trace.

#include "support/archive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"

#define LIST_MAX ((size_t)4 * 1024 * 1024)
#define OBJECTS_MAX 256
#define CHANGES_MAX 4096

struct object {
	char *path, *text;
	char *applied; // what server-side apply has asked for last; NULL: nothing
};

struct change {
	long long version;
	const char *type;
	char *path, *text;
};

struct archive {
	struct object objects[OBJECTS_MAX];
	size_t n_objects;
	struct change changes[CHANGES_MAX];
	size_t n_changes;
	long long version;
};

static char *copy(const char *text)
{
	char *out = strdup(text);

	assert_non_null(out);
	return out;
}

static struct object *find(struct archive *a, const char *path)
{
	for (size_t i = 0; i < a->n_objects; i++) {
		if (strcmp(a->objects[i].path, path) == 0)
			return &a->objects[i];
	}
	return NULL;
}

static void note(struct archive *a, const char *type, const char *path, const char *text)
{
	assert_true(a->n_changes < CHANGES_MAX);
	a->changes[a->n_changes++] = (struct change){a->version, type, copy(path), copy(text)};
}

static void release(struct object *object)
{
	free(object->path);
	free(object->text);
	free(object->applied);
}

static void drop(struct archive *a, struct object *object)
{
	a->version++;
	note(a, "DELETED", object->path, object->text);
	release(object);
	memmove(object, object + 1, sizeof(*object) * (size_t)(&a->objects[--a->n_objects] - object));
}

// ".../namespaces/NAMESPACE/PLURAL/NAME"
static void tell_names(yyjson_mut_doc *doc, yyjson_mut_val *metadata, const char *path)
{
	const char *namespace = strstr(path, "/namespaces/") + strlen("/namespaces/"), *name = strrchr(path, '/') + 1;

	if (!yyjson_mut_obj_get(metadata, "name"))
		(void)yyjson_mut_obj_add_strcpy(doc, metadata, "name", name);
	if (!yyjson_mut_obj_get(metadata, "namespace"))
		(void)yyjson_mut_obj_add_strncpy(doc, metadata, "namespace", namespace, strcspn(namespace, "/"));
}

static void put_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const char *text)
{
	(void)yyjson_mut_obj_put(object, yyjson_mut_strcpy(doc, key), yyjson_mut_strcpy(doc, text));
}

// Only a changed spec makes a new generation; a status does not.
static void tell_generation(yyjson_mut_doc *doc, yyjson_mut_val *root, yyjson_val *old)
{
	yyjson_mut_val *metadata = yyjson_mut_obj_get(root, "metadata"), *spec = yyjson_mut_obj_get(root, "spec");
	long long generation = yyjson_mut_get_sint(yyjson_mut_obj_get(metadata, "generation"));
	yyjson_mut_val *former = old ? yyjson_val_mut_copy(doc, yyjson_obj_get(old, "spec")) : NULL;

	if (old)
		generation = yyjson_get_sint(yyjson_ptr_get(old, "/metadata/generation")) + !yyjson_mut_equals(spec, former);
	else if (!generation)
		generation = 1;
	if (spec)
		(void)yyjson_mut_obj_put(metadata, yyjson_mut_str(doc, "generation"), yyjson_mut_sint(doc, generation));
}

// Gives a new object, or a changed one, what the API server adds to it. Returns its text; NULL when nothing has changed.
static const char *stamp(struct archive *a, struct arena *arena, const char *path, yyjson_val *old, yyjson_mut_doc *doc)
{
	yyjson_mut_val *root = yyjson_mut_doc_get_root(doc), *metadata = yyjson_mut_obj_get(root, "metadata");
	const char *version = yyjson_get_str(yyjson_ptr_get(old, "/metadata/resourceVersion"));

	if (!metadata)
		metadata = yyjson_mut_obj_add_obj(doc, root, "metadata");
	tell_names(doc, metadata, path);
	if (!yyjson_mut_obj_get(metadata, "uid"))
		put_text(doc, metadata, "uid", arena_printf(arena, "uid-%lld", a->version));
	if (!yyjson_mut_obj_get(metadata, "creationTimestamp"))
		put_text(doc, metadata, "creationTimestamp", "2025-01-01T00:00:00Z");
	tell_generation(doc, root, old);
	if (version)
		put_text(doc, metadata, "resourceVersion", version);
	if (old && yyjson_mut_equals(root, yyjson_val_mut_copy(doc, old)))
		return NULL;
	put_text(doc, metadata, "resourceVersion", arena_printf(arena, "%lld", ++a->version));
	return json_text(arena, doc);
}

static void keep(struct archive *a, struct archive_reply *reply, const char *path, yyjson_mut_doc *doc, bool dry)
{
	struct object *object = find(a, path);
	yyjson_val *old = object ? json_parse(reply->arena, object->text, strlen(object->text)) : NULL;
	const char *text = stamp(a, reply->arena, path, old, doc);

	*reply = (struct archive_reply){reply->arena, object ? 200 : 201, text ? text : arena_strdup(reply->arena, object->text)};
	if (dry || !text)
		return;
	if (!object) {
		assert_true(a->n_objects < OBJECTS_MAX);
		object = &a->objects[a->n_objects++];
		*object = (struct object){.path = copy(path)};
	}
	free(object->text);
	object->text = copy(text);
	note(a, old ? "MODIFIED" : "ADDED", path, text);
}

void archive_refuse(struct archive_reply *reply, int status, const char *message)
{
	reply->status = status;
	reply->body = arena_printf(reply->arena, "{\"kind\":\"Status\",\"reason\":\"Scripted\",\"message\":\"%s\",\"code\":%d}", message, status);
}

// Whether a write may be done that names a version or a uid.
static bool may_write(yyjson_val *old, yyjson_val *wanted)
{
	static const char *const conditions[] = {"/metadata/resourceVersion", "/metadata/uid"};

	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		const char *asked = yyjson_get_str(yyjson_ptr_get(wanted, conditions[i]));

		if (asked && !yyjson_equals_str(yyjson_ptr_get(old, conditions[i]), asked))
			return false;
	}
	return true;
}

// Fields that an earlier apply had and this one lacks leave the object.
static void prune(yyjson_mut_val *object, yyjson_val *former, yyjson_val *wanted)
{
	size_t index, max;
	yyjson_val *key, *value;

	if (!yyjson_is_obj(former) || !yyjson_is_obj(wanted))
		return;
	yyjson_obj_foreach(former, index, max, key, value) {
		yyjson_val *now = yyjson_obj_get(wanted, yyjson_get_str(key));

		if (!now)
			(void)yyjson_mut_obj_remove_key(object, yyjson_get_str(key));
		else
			prune(yyjson_mut_obj_get(object, yyjson_get_str(key)), value, now);
	}
}

void archive_apply(struct archive *a, struct archive_reply *reply, const char *path, const char *body, bool dry)
{
	yyjson_val *wanted = json_parse(reply->arena, body, strlen(body)), *old = NULL;
	yyjson_mut_doc *doc = json_doc_new(reply->arena), *base = json_doc_new(reply->arena);
	struct object *object = find(a, path);

	if (object)
		old = json_parse(reply->arena, object->text, strlen(object->text));
	if (object ? !may_write(old, wanted) : yyjson_ptr_get(wanted, "/metadata/uid") != NULL) {
		archive_refuse(reply, 409, "the object has been modified");
		return;
	}
	yyjson_mut_doc_set_root(base, object ? yyjson_val_mut_copy(base, old) : yyjson_mut_obj(base));
	if (object && object->applied)
		prune(yyjson_mut_doc_get_root(base), json_parse(reply->arena, object->applied, strlen(object->applied)), wanted);
	yyjson_mut_doc_set_root(
		doc, yyjson_mut_merge_patch(doc, yyjson_mut_doc_get_root(base), yyjson_val_mut_copy(base, wanted)));
	keep(a, reply, path, doc, dry);
	object = find(a, path);
	if (dry || !object)
		return;
	free(object->applied);
	object->applied = copy(body);
}

// Replaces the status alone where the request asks for that.
void archive_merge(struct archive *a, struct archive_reply *reply, const char *path, const char *body, bool status)
{
	struct object *object = find(a, path);
	yyjson_val *patch = json_parse(reply->arena, body, strlen(body));
	yyjson_val *old = json_parse(reply->arena, object->text, strlen(object->text));
	yyjson_mut_doc *doc = json_doc_new(reply->arena);
	yyjson_mut_val *change = yyjson_mut_obj(doc);

	if (!may_write(old, patch)) {
		archive_refuse(reply, 409, "the object has been modified");
		return;
	}
	if (status)
		(void)yyjson_mut_obj_add_val(doc, change, "status", yyjson_val_mut_copy(doc, yyjson_obj_get(patch, "status")));
	else
		change = yyjson_val_mut_copy(doc, patch);
	yyjson_mut_doc_set_root(doc, yyjson_mut_merge_patch(doc, yyjson_val_mut_copy(doc, old), change));
	keep(a, reply, object->path, doc, false);
}

void archive_patch(struct archive *a, struct archive_reply *reply, const char *path, const char *body)
{
	struct object *object = find(a, path);
	yyjson_val *patch = json_parse(reply->arena, body, strlen(body));
	yyjson_val *old = json_parse(reply->arena, object->text, strlen(object->text));
	yyjson_mut_doc *doc = json_doc_new(reply->arena);
	yyjson_mut_val *root = yyjson_patch(doc, old, patch, NULL);

	if (!root) {
		archive_refuse(reply, 422, "the server rejected our request due to an error in our request");
		return;
	}
	yyjson_mut_doc_set_root(doc, root);
	keep(a, reply, object->path, doc, false);
}

void archive_create(struct archive *a, struct archive_reply *reply, const char *collection, const char *body)
{
	yyjson_val *wanted = json_parse(reply->arena, body, strlen(body));
	yyjson_mut_doc *doc = json_doc_new(reply->arena);
	const char *path = arena_printf(reply->arena, "%s/%s", collection, yyjson_get_str(yyjson_ptr_get(wanted, "/metadata/name")));

	if (find(a, path)) {
		archive_refuse(reply, 409, "already exists");
		return;
	}
	yyjson_mut_doc_set_root(doc, yyjson_val_mut_copy(doc, wanted));
	keep(a, reply, path, doc, false);
}

// Whether an object is of a collection, of one namespace ("/api/v1/namespaces/ns/pods") or of all ("/api/v1/pods").
static bool is_in(const char *path, const char *collection)
{
	const char *plural = strrchr(collection, '/') + 1, *name = strrchr(path, '/'), *namespaces = strstr(path, "/namespaces/");
	size_t len = strlen(plural), group = (size_t)(plural - collection) - 1;

	if (strncmp(path, collection, strlen(collection)) == 0 && path + strlen(collection) == name)
		return true;
	return !strstr(collection, "/namespaces/") && namespaces == path + group && strncmp(path, collection, group) == 0 &&
	       name - path > (ptrdiff_t)len && name[-(ptrdiff_t)len - 1] == '/' && strncmp(name - len, plural, len) == 0;
}

// The one selector that the operator has.
static bool is_selected(const char *text, const char *target)
{
	return !strstr(target, "labelSelector=") || strstr(text, "\"app.kubernetes.io/managed-by\":\"neofleet\"");
}

void archive_list(const struct archive *a, struct archive_reply *reply, const char *collection, const char *target)
{
	_cleanup_buf_ struct buf items = BUF_INIT(LIST_MAX);

	for (size_t i = 0; i < a->n_objects; i++) {
		if (is_in(a->objects[i].path, collection) && is_selected(a->objects[i].text, target))
			buf_addf(&items, "%s%s", items.len ? "," : "", a->objects[i].text);
	}
	*reply = (struct archive_reply){reply->arena, 200,
				arena_printf(reply->arena, "{\"metadata\":{\"resourceVersion\":\"%lld\"},\"items\":[%s]}", a->version, buf_str(&items))};
}

const char *archive_news(const struct archive *a, struct arena *arena, const char *collection, const char *target, size_t *next)
{
	_cleanup_buf_ struct buf lines = BUF_INIT(LIST_MAX);
	const char *since = strstr(target, "resourceVersion=");

	for (; *next < a->n_changes; (*next)++) {
		const struct change *change = &a->changes[*next];

		if (change->version > strtoll(since + strlen("resourceVersion="), NULL, 10) && is_in(change->path, collection) &&
		    is_selected(change->text, target))
			buf_addf(&lines, "{\"type\":\"%s\",\"object\":%s}\n", change->type, change->text);
	}
	return lines.len ? arena_strdup(arena, buf_str(&lines)) : NULL;
}

struct archive *archive_new(void)
{
	struct archive *a = calloc(1, sizeof(*a));

	assert_non_null(a);
	return a;
}

void archive_free(struct archive *a)
{
	for (size_t i = 0; i < a->n_objects; i++)
		release(&a->objects[i]);
	for (size_t i = 0; i < a->n_changes; i++) {
		free(a->changes[i].path);
		free(a->changes[i].text);
	}
	free(a);
}

const char *archive_get(struct archive *a, const char *path)
{
	const struct object *object = find(a, path);

	return object ? object->text : NULL;
}

void archive_put(struct archive *a, struct archive_reply *reply, const char *path, const char *json)
{
	yyjson_mut_doc *doc = json_doc_new(reply->arena);
	yyjson_val *wanted = json_parse(reply->arena, json, strlen(json));

	assert_non_null(wanted);
	yyjson_mut_doc_set_root(doc, yyjson_val_mut_copy(doc, wanted));
	keep(a, reply, path, doc, false);
}

void archive_remove(struct archive *a, const char *path)
{
	struct object *object = find(a, path);

	if (object)
		drop(a, object);
}

size_t archive_find(const struct archive *a, const char *collection, const char **ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n_objects; i++) {
		if (!is_in(a->objects[i].path, collection))
			continue;
		assert_true(n < max);
		ret[n++] = a->objects[i].text;
	}
	return n;
}

size_t archive_changes(const struct archive *a)
{
	return a->n_changes;
}
