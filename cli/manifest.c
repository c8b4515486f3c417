// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// libfyaml makes nodes of a document; they become JSON, which everything else reads. The nodes stay only for their lines. Aliases are followed
// while they are copied, and the result of a text has a limit, so that a few aliases cannot grow into a mountain.

#include "cli/manifest.h"

#include <libfyaml.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/yaml_scalar.h"
#include "kube/yaml_faults.h"

#define NODES_MAX 500000
#define TEXTS_MAX ((size_t)2 * MANIFEST_MAX_BYTES)
#define DEPTH_MAX 100
#define DOCUMENTS_MAX 20000

struct manifest {
	struct arena *arena;
	struct fy_document *documents[DOCUMENTS_MAX];
	size_t n_documents;
	struct manifest_object *objects;
	size_t n, room;
};

struct conversion {
	yyjson_mut_doc *doc;
	size_t nodes, bytes;
	int line; // of the fault
	struct err *err;
};

struct manifest *manifest_new(struct arena *arena)
{
	struct manifest *manifest = arena_alloc(arena, sizeof(*manifest));

	manifest->arena = arena;
	return manifest;
}

void manifest_free(struct manifest *manifest)
{
	for (size_t i = 0; i < manifest->n_documents; i++)
		fy_document_destroy(manifest->documents[i]);
	manifest->n_documents = 0;
}

// The line of the first scalar in it; 0: there is none.
static int line_of(struct fy_node *node)
{
	for (int depth = 0; node && depth < DEPTH_MAX; depth++) {
		void *iter = NULL;

		if (fy_node_is_scalar(node)) {
			struct fy_token *token = fy_node_get_scalar_token(node);
			const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;

			return mark ? mark->line + 1 : 0;
		}
		if (fy_node_is_sequence(node)) {
			node = fy_node_sequence_iterate(node, &iter);
		} else {
			struct fy_node_pair *pair = fy_node_mapping_iterate(node, &iter);

			node = pair ? fy_node_pair_key(pair) : NULL;
		}
	}
	return 0;
}

static yyjson_mut_val *fail(struct conversion *conversion, struct fy_node *node, const char *text)
{
	if (!err_is_set(conversion->err)) {
		conversion->line = line_of(node);
		(void)err_set(conversion->err, ERR_INVALID, "%s", text);
	}
	return NULL;
}

static yyjson_mut_val *convert(struct conversion *conversion, struct fy_node *node, int depth);

static yyjson_mut_val *convert_scalar(struct conversion *conversion, struct fy_node *node)
{
	size_t len = 0, tag_len = 0;
	const char *text = fy_node_get_scalar(node, &len), *tag = fy_node_get_tag(node, &tag_len);
	yyjson_mut_val *val;

	if (tag && !(tag_len >= 4 && memcmp(tag + tag_len - 4, ":str", 4) == 0))
		return fail(conversion, node, "a tag other than !!str is not understood; leave it out");
	if (!text)
		return yyjson_mut_null(conversion->doc);
	conversion->bytes += len;
	if (conversion->bytes > TEXTS_MAX)
		return fail(conversion, node, "the document becomes too large");
	if (tag || fy_node_get_style(node) != FYNS_PLAIN)
		return yyjson_mut_strncpy(conversion->doc, text, len);
	val = yaml_scalar_value(conversion->doc, text, len);
	return val ? val : fail(conversion, node, "is no number that JSON has");
}

// A key of another type becomes a string, as in kubectl.
static yyjson_mut_val *convert_key(struct conversion *conversion, struct fy_node *node)
{
	yyjson_mut_val *key = node && fy_node_is_scalar(node) && !fy_node_is_alias(node) ? convert_scalar(conversion, node) : NULL;
	char *text;

	if (!key || yyjson_mut_is_null(key))
		return fail(conversion, node, "a key must be a string");
	if (yyjson_mut_is_str(key))
		return key;
	text = yyjson_mut_val_write(key, 0, NULL);
	key = yyjson_mut_strcpy(conversion->doc, text ? text : "");
	free(text);
	return key;
}

static yyjson_mut_val *convert_map(struct conversion *conversion, struct fy_node *node, int depth)
{
	yyjson_mut_val *map = yyjson_mut_obj(conversion->doc);
	struct fy_node_pair *pair;
	void *iter = NULL;

	while ((pair = fy_node_mapping_iterate(node, &iter))) {
		yyjson_mut_val *key = convert_key(conversion, fy_node_pair_key(pair)), *val;

		if (!key)
			return NULL;
		if (yyjson_mut_equals_str(key, "<<"))
			return fail(conversion, fy_node_pair_key(pair), "merging by << is not understood; write the fields out");
		// Two keys may become the same string, such as 1 and "1".
		if (yyjson_mut_obj_getn(map, yyjson_mut_get_str(key), yyjson_mut_get_len(key)))
			return fail(conversion, fy_node_pair_key(pair), "the key stands twice in its map");
		val = convert(conversion, fy_node_pair_value(pair), depth + 1);
		if (!val)
			return NULL;
		(void)yyjson_mut_obj_add(map, key, val);
	}
	return map;
}

static yyjson_mut_val *convert_list(struct conversion *conversion, struct fy_node *node, int depth)
{
	yyjson_mut_val *list = yyjson_mut_arr(conversion->doc);
	struct fy_node *item;
	void *iter = NULL;

	while ((item = fy_node_sequence_iterate(node, &iter))) {
		yyjson_mut_val *val = convert(conversion, item, depth + 1);

		if (!val)
			return NULL;
		(void)yyjson_mut_arr_append(list, val);
	}
	return list;
}

static yyjson_mut_val *convert(struct conversion *conversion, struct fy_node *node, int depth)
{
	if (!node)
		return yyjson_mut_null(conversion->doc);
	if (depth > DEPTH_MAX)
		return fail(conversion, node, "the document is nested too deeply");
	if (++conversion->nodes > NODES_MAX)
		return fail(conversion, node, "the document becomes too large");
	if (fy_node_is_alias(node)) {
		struct fy_node *target = fy_node_resolve_alias(node);

		return target ? convert(conversion, target, depth + 1) : fail(conversion, node, "an alias of what is not there");
	}
	if (fy_node_is_scalar(node))
		return convert_scalar(conversion, node);
	return fy_node_is_mapping(node) ? convert_map(conversion, node, depth) : convert_list(conversion, node, depth);
}

static void add_object(struct manifest *manifest, const struct manifest_object *object)
{
	manifest->objects = arena_grow(manifest->arena, manifest->objects, manifest->n, &manifest->room);
	manifest->objects[manifest->n++] = *object;
}

// A List stands for its items.
static int add_objects(struct manifest *manifest, struct manifest_object *object, struct err *err)
{
	yyjson_val *root = object->root, *items = yyjson_obj_get(root, "items"), *item;
	size_t index, max;

	if (!yyjson_is_obj(root))
		return err_set(err, ERR_INVALID, "the document is no object");
	if (!yyjson_equals_str(yyjson_obj_get(root, "kind"), "List") || !yyjson_is_arr(items)) {
		add_object(manifest, object);
		return 0;
	}
	yyjson_arr_foreach(items, index, max, item) {
		struct manifest_object one = *object;

		if (!yyjson_is_obj(item))
			return err_set(err, ERR_INVALID, "items[%zu] is no object", index);
		one.root = item;
		one.prefix = arena_printf(manifest->arena, "items[%zu].", index);
		one.line = manifest_line(manifest, &one, "");
		add_object(manifest, &one);
	}
	return 0;
}

static int add_document(struct manifest *manifest, const char *source, struct fy_document *document, int *ret_line, struct err *err)
{
	struct conversion conversion = {.doc = json_doc_new(manifest->arena), .err = err};
	struct manifest_object object = {.source = source, .document = manifest->n_documents, .prefix = ""};
	struct fy_node *node = fy_document_root(document);
	yyjson_mut_val *root = convert(&conversion, node, 0);
	const char *text;

	*ret_line = conversion.line;
	manifest->documents[manifest->n_documents++] = document;
	if (!root)
		return err->class;
	if (yyjson_mut_is_null(root))
		return 0;
	yyjson_mut_doc_set_root(conversion.doc, root);
	text = json_text(manifest->arena, conversion.doc);
	object.root = json_parse(manifest->arena, text, strlen(text));
	object.line = *ret_line = line_of(node);
	return add_objects(manifest, &object, err);
}

static int syntax_error(struct fy_diag *diag, int *ret_line, struct err *err)
{
	void *iter = NULL;
	const struct fy_diag_error *first = fy_diag_errors_iterate(diag, &iter);

	*ret_line = first ? first->line : 0;
	return err_set(err, ERR_INVALID, "is no YAML: %s", first ? first->msg : "it cannot be read");
}

static int read_documents(struct manifest *manifest, const char *source, struct fy_parser *parser, int *ret_line, struct err *err)
{
	struct fy_document *document;
	int r = 0;

	while (r == 0 && (document = fy_parse_load_document(parser))) {
		if (manifest->n_documents == DOCUMENTS_MAX) {
			fy_document_destroy(document);
			return err_set(err, ERR_INVALID, "there are more than %d documents", DOCUMENTS_MAX);
		}
		r = add_document(manifest, source, document, ret_line, err);
	}
	return r;
}

int manifest_read(struct manifest *manifest, const char *source, const char *text, size_t len, int *ret_line, struct err *err)
{
	struct fy_diag *diag = yaml_faults_new();
	const struct fy_parse_cfg parse = {.flags = FYPCF_QUIET | FYPCF_DEFAULT_PARSE, .diag = diag};
	struct fy_parser *parser = fy_parser_create(&parse);
	// The nodes refer to the text.
	char *copy = arena_memdup0(manifest->arena, text, len);
	int r;

	*ret_line = 0;
	if (!parser || fy_parser_set_string(parser, copy, len) != 0)
		abort();
	r = read_documents(manifest, arena_strdup(manifest->arena, source), parser, ret_line, err);
	if (r == 0 && fy_parser_get_stream_error(parser))
		r = syntax_error(diag, ret_line, err);
	fy_parser_destroy(parser);
	fy_diag_destroy(diag);
	return r;
}

const struct manifest_object *manifest_objects(const struct manifest *manifest, size_t *ret_n)
{
	*ret_n = manifest->n;
	return manifest->objects;
}

// The member of a map with which the path begins; the longest fit counts, since a map's keys may have dots and may stand in brackets. Moves
// *path past it.
static struct fy_node_pair *step_into(struct fy_node *map, const char **path)
{
	struct fy_node_pair *pair, *found = NULL;
	bool bracket = **path == '[';
	size_t longest = 0;
	void *iter = NULL;

	*path += bracket;
	while ((pair = fy_node_mapping_iterate(map, &iter))) {
		size_t len = 0;
		struct fy_node *key = fy_node_pair_key(pair);
		const char *text = key && fy_node_is_scalar(key) ? fy_node_get_scalar(key, &len) : NULL;

		if (text && len > longest && strncmp(*path, text, len) == 0 && strchr(".[]", (*path)[len])) {
			found = pair;
			longest = len;
		}
	}
	*path += longest;
	*path += bracket && **path == ']';
	return found;
}

static struct fy_node *step_to_item(struct fy_node *list, const char **path)
{
	char *end;
	unsigned long index = strtoul(*path + 1, &end, 10);
	struct fy_node *item = fy_node_sequence_get_by_index(list, index > INT_MAX ? INT_MAX : (int)index);

	*path = *end == ']' ? end + 1 : end;
	return item;
}

int manifest_line(const struct manifest *manifest, const struct manifest_object *object, const char *path)
{
	struct fy_node *node = fy_document_root(manifest->documents[object->document]);
	const char *at = arena_printf(manifest->arena, "%s%s", object->prefix, path);
	int line = line_of(node);

	while (node && *at) {
		int here;

		at += *at == '.';
		if (fy_node_is_alias(node))
			node = fy_node_resolve_alias(node);
		if (node && fy_node_is_mapping(node) && *at) {
			struct fy_node_pair *pair = step_into(node, &at);

			here = pair ? line_of(fy_node_pair_key(pair)) : 0;
			node = pair ? fy_node_pair_value(pair) : NULL;
		} else if (node && fy_node_is_sequence(node) && *at == '[') {
			node = step_to_item(node, &at);
			here = node ? line_of(node) : 0;
		} else {
			break;
		}
		line = here ? here : line;
	}
	return line;
}

static void drop_nulls(yyjson_mut_val *val, const yyjson_mut_val *free)
{
	yyjson_mut_obj_iter members = yyjson_mut_obj_iter_with(val);
	yyjson_mut_arr_iter items = yyjson_mut_arr_iter_with(val);
	yyjson_mut_val *key, *item;

	while ((key = yyjson_mut_obj_iter_next(&members))) {
		item = yyjson_mut_obj_iter_get_val(key);
		if (yyjson_mut_is_null(item))
			(void)yyjson_mut_obj_iter_remove(&members);
		else if (item != free)
			drop_nulls(item, free);
	}
	while ((item = yyjson_mut_arr_iter_next(&items)))
		drop_nulls(item, free);
}

yyjson_val *manifest_without_nulls(yyjson_val *root, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *copy = yyjson_val_mut_copy(doc, root);
	const char *text;

	// The schema has no fields for this part, and a null in it unsets a member of ours.
	drop_nulls(copy, yyjson_mut_ptr_get(copy, "/spec/podTemplate/spec"));
	yyjson_mut_doc_set_root(doc, copy);
	text = json_text(arena, doc);
	return json_parse(arena, text, strlen(text));
}
