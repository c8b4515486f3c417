// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/object.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

// Marks an object that was cut; no resource of the API has such a member.
#define CUT_MEMBER "$cut"
#define CUT_STATUS_MAX ((size_t)8 * 1024)

struct kube_object {
	_Atomic int refs;
	yyjson_doc *doc;
	char *text; // holds the document's strings; NULL: the document holds them itself
};

// Each block begins with its size, so that free can wipe it.
#define PREFIX (_Alignof(max_align_t))

static void *wiping_malloc(void *ctx, size_t size)
{
	unsigned char *block;

	(void)ctx;
	if (size > SIZE_MAX - PREFIX)
		return NULL;
	block = malloc(size + PREFIX);
	if (!block)
		return NULL;
	memcpy(block, &size, sizeof(size));
	return block + PREFIX;
}

static void wiping_free(void *ctx, void *ptr)
{
	unsigned char *block = (unsigned char *)ptr - PREFIX;
	size_t size;

	(void)ctx;
	memcpy(&size, block, sizeof(size));
	explicit_bzero(block, size + PREFIX);
	free(block);
}

static void *wiping_realloc(void *ctx, void *ptr, size_t old_size, size_t size)
{
	void *copy = wiping_malloc(ctx, size);

	if (!copy)
		return NULL;
	memcpy(copy, ptr, old_size < size ? old_size : size);
	wiping_free(ctx, ptr);
	return copy;
}

const yyjson_alc kube_wiping_alc = {.malloc = wiping_malloc, .realloc = wiping_realloc, .free = wiping_free};

static struct kube_object *object_new(yyjson_doc *doc)
{
	struct kube_object *object;

	if (!doc)
		return NULL;
	if (!yyjson_is_obj(yyjson_doc_get_root(doc))) {
		yyjson_doc_free(doc);
		return NULL;
	}
	object = calloc(1, sizeof(*object));
	if (!object)
		abort();
	object->refs = 1;
	object->doc = doc;
	return object;
}

static yyjson_doc *freeze(yyjson_mut_doc *doc)
{
	yyjson_doc *frozen = yyjson_mut_doc_imut_copy(doc, NULL);

	yyjson_mut_doc_free(doc);
	if (!frozen)
		abort();
	return frozen;
}

struct kube_object *kube_object_copy(yyjson_val *val)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root;

	if (!doc)
		abort();
	root = yyjson_val_mut_copy(doc, val);
	(void)yyjson_mut_obj_remove_key(yyjson_mut_obj_get(root, "metadata"), "managedFields");
	yyjson_mut_doc_set_root(doc, root);
	return object_new(freeze(doc));
}

// Copies what identifies the object and, with whole, what selects and owns it.
static void copy_metadata(yyjson_mut_doc *doc, yyjson_mut_val *root, yyjson_val *val, bool whole)
{
	static const char *const kept[] = {"name",		"namespace", "uid",		"resourceVersion", "generation",
					   "deletionTimestamp", "labels",    "ownerReferences", "annotations"};
	enum { IDENTITY = 6 };
	yyjson_mut_val *copy = yyjson_mut_obj_add_obj(doc, root, "metadata");
	yyjson_val *metadata = yyjson_obj_get(val, "metadata");

	for (size_t i = 0; i < (whole ? sizeof(kept) / sizeof(kept[0]) : IDENTITY); i++) {
		yyjson_val *member = yyjson_obj_get(metadata, kept[i]);

		if (member)
			(void)yyjson_mut_obj_add_val(doc, copy, kept[i], yyjson_val_mut_copy(doc, member));
	}
}

// Copies the member at a pointer, and makes the objects that lead to it.
static void copy_part(yyjson_mut_doc *doc, yyjson_val *val, const char *pointer)
{
	yyjson_val *part = yyjson_ptr_get(val, pointer);

	if (part)
		(void)yyjson_mut_doc_ptr_add(doc, pointer, yyjson_val_mut_copy(doc, part));
}

static struct kube_object *copy_some(yyjson_val *val, const char *const *pointers, bool whole)
{
	yyjson_mut_doc *doc;
	yyjson_mut_val *root;

	if (!yyjson_is_obj(val))
		return NULL;
	doc = yyjson_mut_doc_new(NULL);
	if (!doc)
		abort();
	root = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, root);
	copy_metadata(doc, root, val, whole);
	for (; pointers && *pointers; pointers++)
		copy_part(doc, val, *pointers);
	return object_new(freeze(doc));
}

struct kube_object *kube_object_copy_parts(yyjson_val *val, const char *const *pointers)
{
	return copy_some(val, pointers, true);
}

struct kube_object *kube_object_copy_metadata(yyjson_val *val)
{
	return copy_some(val, NULL, false);
}

// Without its status, a small status would be written over it again and again.
static void copy_small_status(yyjson_mut_doc *doc, yyjson_mut_val *root, yyjson_val *status)
{
	size_t len;
	char *text = status ? yyjson_val_write(status, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &len) : NULL;

	if (text && len <= CUT_STATUS_MAX)
		(void)yyjson_mut_obj_add_val(doc, root, "status", yyjson_val_mut_copy(doc, status));
	free(text);
}

struct kube_object *kube_object_cut(const struct kube_object *object, size_t bytes)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root;

	if (!doc)
		abort();
	root = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, root);
	copy_metadata(doc, root, kube_object_root(object), false);
	copy_small_status(doc, root, kube_object_get(object, "/status"));
	(void)yyjson_mut_obj_add_uint(doc, root, CUT_MEMBER, bytes);
	return object_new(freeze(doc));
}

size_t kube_object_cut_bytes(const struct kube_object *object)
{
	return (size_t)yyjson_get_uint(yyjson_obj_get(kube_object_root(object), CUT_MEMBER));
}

char *kube_object_text(const struct kube_object *object, size_t *ret_len)
{
	return yyjson_write(object->doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE, ret_len);
}

struct kube_object *kube_object_take_text(char *text, size_t len)
{
	struct kube_object *object;

	memset(text + len, 0, KUBE_OBJECT_PADDING);
	object = object_new(yyjson_read_opts(text, len, YYJSON_READ_INSITU | YYJSON_READ_ALLOW_INVALID_UNICODE, NULL, NULL));
	if (object)
		object->text = text;
	else
		free(text);
	return object;
}

struct kube_object *kube_object_parse(const char *json, size_t len)
{
	yyjson_doc *doc = yyjson_read(json, len, 0);
	struct kube_object *object = NULL;

	if (yyjson_is_obj(yyjson_doc_get_root(doc)))
		object = kube_object_copy(yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
	return object;
}

struct kube_object *kube_object_parse_secret(const char *json, size_t len)
{
	yyjson_alc alc = kube_wiping_alc;
	char *text = wiping_malloc(NULL, len + YYJSON_PADDING_SIZE);
	yyjson_doc *doc;

	if (!text)
		abort();
	memcpy(text, json, len);
	memset(text + len, 0, YYJSON_PADDING_SIZE);
	doc = yyjson_read_opts(text, len, 0, &alc, NULL);
	wiping_free(NULL, text);
	return object_new(doc);
}

struct kube_object *kube_object_ref(struct kube_object *object)
{
	int before;

	if (!object)
		return NULL;
	before = atomic_fetch_add(&object->refs, 1);
	// Catches a caller without a reference, whose object may be freed already.
	assert(before > 0);
	return object;
}

void kube_object_unref(struct kube_object *object)
{
	int before;

	if (!object)
		return;
	before = atomic_fetch_sub(&object->refs, 1);
	assert(before > 0);
	if (before > 1)
		return;
	yyjson_doc_free(object->doc);
	free(object->text);
	free(object);
}

yyjson_val *kube_object_root(const struct kube_object *object)
{
	return yyjson_doc_get_root(object->doc);
}

yyjson_val *kube_object_get(const struct kube_object *object, const char *pointer)
{
	return yyjson_doc_ptr_get(object->doc, pointer);
}

yyjson_val *kube_object_condition(const struct kube_object *object, const char *type)
{
	return json_item(kube_object_get(object, "/status/conditions"), "type", type);
}

const char *kube_object_str(const struct kube_object *object, const char *pointer)
{
	return yyjson_get_str(kube_object_get(object, pointer));
}

long long kube_object_int(const struct kube_object *object, const char *pointer, long long otherwise)
{
	yyjson_val *val = kube_object_get(object, pointer);

	return yyjson_is_int(val) ? yyjson_get_sint(val) : otherwise;
}

static const char *metadata_str(const struct kube_object *object, const char *key)
{
	const char *text = yyjson_get_str(yyjson_obj_get(yyjson_obj_get(kube_object_root(object), "metadata"), key));

	return text ? text : "";
}

const char *kube_object_name(const struct kube_object *object)
{
	return metadata_str(object, "name");
}

const char *kube_object_namespace(const struct kube_object *object)
{
	return metadata_str(object, "namespace");
}

const char *kube_object_uid(const struct kube_object *object)
{
	return metadata_str(object, "uid");
}

const char *kube_object_resource_version(const struct kube_object *object)
{
	return metadata_str(object, "resourceVersion");
}

yyjson_val *kube_object_controller(const struct kube_object *object)
{
	return kube_controller_of(kube_object_root(object));
}

yyjson_val *kube_controller_of(yyjson_val *root)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(yyjson_obj_get(yyjson_obj_get(root, "metadata"), "ownerReferences"));
	yyjson_val *item;

	while ((item = yyjson_arr_iter_next(&iter))) {
		if (yyjson_is_true(yyjson_obj_get(item, "controller")))
			return item;
	}
	return NULL;
}
