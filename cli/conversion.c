// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Three steps for each object: fields with another place here move there; fields without a counterpart are removed, and reported unless our schema
// takes their value or they say nothing; and the marks of the cluster that it was read from go. Neo4j's own settings stay as they are: an
// inspection of the result tells whether the operator takes them.

#include "cli/conversion.h"

#include <assert.h>
#include <string.h>

#include "api/plugin.h"
#include "base/json.h"
#include "cli/counterpart.h"

#define ADMIN_SECRET "neo4j-admin-secret" // the Go operator's, where the manifest names none
#define LICENCE "NEO4J_ACCEPT_LICENSE_AGREEMENT"

struct work {
	struct conversion *conversion;
	const struct manifest_object *object;
	struct arena *arena;
	yyjson_mut_doc *doc;
	yyjson_mut_val *root, *spec;
	const char *name;
};

void conversion_begin(struct conversion *conversion, struct arena *arena)
{
	*conversion = (struct conversion){.arena = arena};
	schemas_load(arena, &conversion->schemas);
}

static void note(const struct work *work, bool lost, const char *path, const char *text)
{
	struct conversion *conversion = work->conversion;

	conversion->notes = arena_grow(conversion->arena, conversion->notes, conversion->n, &conversion->room);
	conversion->notes[conversion->n++] = (struct conversion_note){lost, work->object, path, text};
}

static yyjson_mut_val *at(const struct work *work, const char *pointer)
{
	return yyjson_mut_ptr_get(work->root, pointer);
}

static const char *text_at(const struct work *work, const char *pointer)
{
	return yyjson_mut_get_str(at(work, pointer));
}

static void take(const struct work *work, const char *pointer)
{
	(void)yyjson_mut_ptr_remove(work->root, pointer);
}

static yyjson_mut_val *map_at(const struct work *work, yyjson_mut_val *parent, const char *key)
{
	yyjson_mut_val *map = yyjson_mut_obj_get(parent, key);

	if (yyjson_mut_is_obj(map))
		return map;
	(void)yyjson_mut_obj_remove_key(parent, key);
	return yyjson_mut_obj_add_obj(work->doc, parent, key);
}

// Whether the value asks for nothing: it is empty, or an object that is not enabled.
static bool is_nothing(yyjson_mut_val *val)
{
	return yyjson_mut_is_null(val) || yyjson_mut_equals_str(val, "") || (yyjson_mut_is_ctn(val) && yyjson_mut_get_len(val) == 0) ||
	       yyjson_mut_is_false(yyjson_mut_obj_get(val, "enabled"));
}

static const char *with_name(const struct work *work, const char *text)
{
	const char *place = strstr(text, "NAME-");

	return place ? arena_printf(work->arena, "%.*s%s%s", (int)(place - text), text, work->name, place + strlen("NAME")) : text;
}

// Here the variable is a field.
static void move_licence(const struct work *work)
{
	yyjson_mut_arr_iter iter = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(work->spec, "env"));
	yyjson_mut_val *item;

	while ((item = yyjson_mut_arr_iter_next(&iter))) {
		const char *value = yyjson_mut_get_str(yyjson_mut_obj_get(item, "value"));

		if (!yyjson_mut_equals_str(yyjson_mut_obj_get(item, "name"), LICENCE))
			continue;
		if (value && !yyjson_mut_obj_get(work->spec, "acceptLicenseAgreement"))
			(void)yyjson_mut_obj_add_strcpy(work->doc, work->spec, "acceptLicenseAgreement", value);
		(void)yyjson_mut_arr_iter_remove(&iter);
	}
	if (yyjson_mut_arr_size(yyjson_mut_obj_get(work->spec, "env")) == 0)
		take(work, "/spec/env");
}

static void move_admin_secret(const struct work *work)
{
	yyjson_mut_val *auth = map_at(work, work->spec, "auth");
	const char *other = text_at(work, "/spec/auth/secretRef");

	if (yyjson_mut_obj_get(auth, "adminSecret"))
		return;
	if (other) {
		(void)yyjson_mut_obj_add_strcpy(work->doc, auth, "adminSecret", other);
		take(work, "/spec/auth/secretRef");
		return;
	}
	(void)yyjson_mut_obj_add_str(work->doc, auth, "adminSecret", ADMIN_SECRET);
	note(work, false, "spec.auth.adminSecret", "is " ADMIN_SECRET " now, which the Go operator takes where none is named");
}

// The Go operator let cert-manager make the certificate; here somebody else does, into the same Secret.
static void move_tls(const struct work *work)
{
	static const char *const fields[] = {"/spec/tls/issuerRef", "/spec/tls/duration", "/spec/tls/renewBefore", "/spec/tls/subject", "/spec/tls/usages"};
	const char *mode = text_at(work, "/spec/tls/mode");
	yyjson_mut_val *tls = yyjson_mut_obj_get(work->spec, "tls");
	bool made = tls && (mode ? strcmp(mode, "cert-manager") == 0 : at(work, "/spec/tls/issuerRef") != NULL);

	if (mode && strcmp(mode, "disabled") == 0) {
		take(work, "/spec/tls");
		return;
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		take(work, fields[i]);
	take(work, "/spec/tls/mode");
	if (!made)
		return;
	if (!yyjson_mut_obj_get(tls, "certificateSecret"))
		(void)yyjson_mut_obj_add_strcpy(work->doc, tls, "certificateSecret", arena_printf(work->arena, "%s-tls-secret", work->name));
	note(work, true, "spec.tls",
	     arena_printf(work->arena, "write a Certificate of cert-manager with your issuer, secretName %s and the names that docs/day-two.md asks for; spec.tls is for Bolt and HTTPS, not for what servers say to each other",
			  text_at(work, "/spec/tls/certificateSecret")));
}

static void move_retention(const struct work *work)
{
	const char *other = text_at(work, "/spec/persistence/retentionPolicy");
	yyjson_mut_val *storage = yyjson_mut_obj_get(work->spec, "storage");

	if (other && storage && !yyjson_mut_obj_get(storage, "retentionPolicy"))
		(void)yyjson_mut_obj_add_strcpy(work->doc, storage, "retentionPolicy", other);
	take(work, "/spec/persistence/retentionPolicy");
	if (storage && !yyjson_mut_obj_get(storage, "retentionPolicy"))
		note(work, false, "spec.storage.retentionPolicy",
		     "is not said: the Go operator deletes the volumes with the resource, this one keeps them; say Delete where they are to go");
}

static void move_node_selector(const struct work *work)
{
	yyjson_mut_val *selector = at(work, "/spec/topology/placement/nodeSelector");

	if (!yyjson_mut_is_obj(selector) || yyjson_mut_obj_get(work->spec, "nodeSelector"))
		return;
	(void)yyjson_mut_obj_add_val(work->doc, work->spec, "nodeSelector", yyjson_mut_val_mut_copy(work->doc, selector));
	take(work, "/spec/topology/placement/nodeSelector");
}

// The container neo4j of spec.podTemplate, made if it is not there.
static yyjson_mut_val *container_of(const struct work *work)
{
	yyjson_mut_val *pod = map_at(work, map_at(work, work->spec, "podTemplate"), "spec"), *list = yyjson_mut_obj_get(pod, "containers"), *container;

	if (!list)
		list = yyjson_mut_obj_add_arr(work->doc, pod, "containers");
	container = yyjson_mut_arr_get_first(list);
	if (container)
		return container;
	container = yyjson_mut_arr_add_obj(work->doc, list);
	(void)yyjson_mut_obj_add_str(work->doc, container, "name", "neo4j");
	return container;
}

static void move_into(const struct work *work, const char *pointer, yyjson_mut_val *(*target)(const struct work *work), const char *key)
{
	yyjson_mut_val *val = at(work, pointer);

	if (yyjson_mut_arr_size(val) > 0)
		(void)yyjson_mut_obj_add_val(work->doc, target(work), key, yyjson_mut_val_mut_copy(work->doc, val));
	take(work, pointer);
}

static yyjson_mut_val *pod_of(const struct work *work)
{
	return map_at(work, map_at(work, work->spec, "podTemplate"), "spec");
}

static void move_pod(const struct work *work)
{
	move_into(work, "/spec/extraVolumes", pod_of, "volumes");
	move_into(work, "/spec/extraVolumeMounts", container_of, "volumeMounts");
}

static bool is_free(yyjson_val *schema)
{
	return yyjson_get_bool(yyjson_obj_get(schema, "x-kubernetes-preserve-unknown-fields")) || !yyjson_obj_get(schema, "properties");
}

struct loss {
	const struct work *work;
	const char *path;
};

static void report_loss(void *user, const char *path, const char *text)
{
	const struct loss *loss = user;

	note(loss->work, true, *path ? arena_printf(loss->work->arena, "%s.%s", loss->path, path) : loss->path, with_name(loss->work, text));
}

// Reports what our schema does not take of a field that it has for manifests such as this one.
static void check_foreign(const struct work *work, yyjson_mut_val *val, yyjson_val *schema, const char *path)
{
	struct loss loss = {.work = work, .path = path};
	yyjson_mut_doc *doc = json_doc_new(work->arena);
	const char *text;

	yyjson_mut_doc_set_root(doc, yyjson_mut_val_mut_copy(doc, val));
	text = json_text(work->arena, doc);
	schema_check(schema, json_parse(work->arena, text, strlen(text)), work->arena, report_loss, &loss);
}

static void drop_unmatched(const struct work *work, yyjson_mut_val *val, yyjson_val *schema, const char *path);

static void drop_unmatched_members(const struct work *work, yyjson_mut_val *map, yyjson_val *properties, const char *path)
{
	yyjson_mut_obj_iter iter = yyjson_mut_obj_iter_with(map);
	yyjson_mut_val *key;

	while ((key = yyjson_mut_obj_iter_next(&iter))) {
		const char *name = yyjson_mut_get_str(key), *below;
		yyjson_mut_val *val = yyjson_mut_obj_iter_get_val(key);
		yyjson_val *schema = yyjson_obj_get(properties, name);

		assert(name);
		below = arena_printf(work->arena, "%s%s%s", path, *path ? "." : "", name);
		if (schema && !schema_is_foreign(schema)) {
			drop_unmatched(work, val, schema, below);
			continue;
		}
		if (schema && !yyjson_mut_is_null(val))
			check_foreign(work, val, schema, below);
		else if (!is_nothing(val))
			note(work, true, below, "there is no such field, and none like it");
		(void)yyjson_mut_obj_iter_remove(&iter);
	}
}

static void drop_unmatched(const struct work *work, yyjson_mut_val *val, yyjson_val *schema, const char *path)
{
	yyjson_mut_arr_iter iter = yyjson_mut_arr_iter_with(val);
	yyjson_val *items = yyjson_obj_get(schema, "items");
	yyjson_mut_val *item;
	size_t i = 0;

	if (yyjson_mut_is_obj(val) && !is_free(schema))
		drop_unmatched_members(work, val, yyjson_obj_get(schema, "properties"), path);
	while (items && (item = yyjson_mut_arr_iter_next(&iter)))
		drop_unmatched(work, item, items, arena_printf(work->arena, "%s[%zu]", path, i++));
}

// Finalizers of an operator that is gone would hold the object for ever.
static void clean_metadata(const struct work *work)
{
	static const char *const marks[] = {"/status", "/metadata/finalizers", "/metadata/managedFields", "/metadata/resourceVersion", "/metadata/uid",
					    "/metadata/generation", "/metadata/creationTimestamp", "/metadata/selfLink",
					    "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		take(work, marks[i]);
	if (yyjson_mut_obj_size(at(work, "/metadata/annotations")) == 0)
		take(work, "/metadata/annotations");
}

// Removes maps that have become empty.
static void drop_empty(const struct work *work)
{
	static const char *const maps[] = {"/spec/topology/placement", "/spec/tls", "/spec/service", "/spec/security", "/spec/persistence", "/spec/config"};

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		if (at(work, maps[i]) && yyjson_mut_obj_size(at(work, maps[i])) == 0)
			take(work, maps[i]);
	}
}

static void move_dbms(const struct work *work)
{
	move_licence(work);
	move_admin_secret(work);
	move_tls(work);
	move_retention(work);
	move_node_selector(work);
	move_pod(work);
}

static yyjson_val *convert(struct work *work, yyjson_val *schema)
{
	bool plugin = strcmp(text_at(work, "/kind"), API_KIND_PLUGIN) == 0;
	const char *text;

	yyjson_mut_set_str(at(work, "/apiVersion"), API_GROUP "/" API_VERSION);
	clean_metadata(work);
	drop_empty(work);
	if (!plugin)
		move_dbms(work);
	drop_unmatched(work, work->spec, yyjson_ptr_get(schema, "/properties/spec"), "spec");
	drop_empty(work);
	text = json_text(work->arena, work->doc);
	return json_parse(work->arena, text, strlen(text));
}

yyjson_val *conversion_make(struct conversion *conversion, const struct manifest_object *object)
{
	struct work work = {.conversion = conversion, .object = object, .arena = conversion->arena, .doc = json_doc_new(conversion->arena)};
	const char *version = yyjson_get_str(yyjson_obj_get(object->root, "apiVersion")), *kind = yyjson_get_str(yyjson_obj_get(object->root, "kind"));
	yyjson_val *schema;

	if (!version || !kind || strncmp(version, API_GROUP "/", strlen(API_GROUP "/")) != 0)
		return NULL;
	schema = schemas_find(&conversion->schemas, kind);
	if (!schema) {
		note(&work, true, "", counterpart_of_kind(kind));
		return NULL;
	}
	work.root = yyjson_val_mut_copy(work.doc, object->root);
	yyjson_mut_doc_set_root(work.doc, work.root);
	work.spec = yyjson_mut_obj_get(work.root, "spec");
	work.name = text_at(&work, "/metadata/name");
	if (!yyjson_mut_is_obj(work.spec) || !work.name) {
		note(&work, true, "", "is no manifest: it has no spec or no metadata.name");
		return NULL;
	}
	return convert(&work, schema);
}
