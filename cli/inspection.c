// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Three steps for each object: what every object of Kubernetes must have, the schema of its kind, and the operator's own decoders and builders.
// Nobody would hear the operator about an object that admission refuses, so the last step runs only where the others found nothing.

#include "cli/inspection.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "api/plugin.h"
#include "base/json.h"
#include "cli/draft.h"
#include "cli/pod_rules.h"

#define LABEL_MAX 63
#define PREFIX_MAX 253
#define NAME_MAX_LENGTH 253

struct entry {
	const struct manifest_object *object;
	yyjson_val *kept; // the object as the API server would keep it
	const char *kind, *namespace, *name;
	bool ours, plugin, bad;
};

struct look {
	struct inspection *inspection;
	struct entry *entry;
};

void inspection_add(struct inspection *inspection, const struct inspection_finding *finding)
{
	inspection->findings = arena_grow(inspection->arena, inspection->findings, inspection->n, &inspection->room);
	inspection->findings[inspection->n++] = *finding;
}

static void add(const struct look *look, bool error, const char *path, const char *text)
{
	const struct manifest_object *object = look->entry->object;
	struct inspection_finding finding = {
		.error = error,
		.object = object,
		.source = object->source,
		.line = manifest_line(look->inspection->manifest, object, path),
		.path = path,
		.text = text,
	};

	look->entry->bad = look->entry->bad || error;
	inspection_add(look->inspection, &finding);
}

static void refuse(void *user, const char *path, const char *text)
{
	add(user, true, path, text);
}

// A sentence of the decoders: "path: text".
static void add_sentence(const struct look *look, bool error, const char *sentence)
{
	const char *colon = strstr(sentence, ": ");
	struct arena *arena = look->inspection->arena;
	size_t len = colon ? (size_t)(colon - sentence) : 0;

	// A path has no space in it.
	if (!colon || strcspn(sentence, " ") < len)
		add(look, error, "", arena_strdup(arena, sentence));
	else
		add(look, error, arena_memdup0(arena, sentence, len), arena_strdup(arena, colon + 2));
}

static const char *text_of(yyjson_val *root, const char *pointer)
{
	const char *text = yyjson_get_str(yyjson_ptr_get(root, pointer));

	return text ? text : "";
}

const char *inspection_subject(const struct inspection *inspection, const struct manifest_object *object)
{
	const char *namespace = text_of(object->root, "/metadata/namespace"), *name = text_of(object->root, "/metadata/name");

	return arena_printf(inspection->arena, "%s %s/%s", text_of(object->root, "/kind"), *namespace ? namespace : inspection->namespace, name);
}

static bool is_name(const char *text, const char *allowed, size_t max)
{
	size_t len = strlen(text);

	return len > 0 && len <= max && strspn(text, allowed) == len && isalnum((unsigned char)*text) && isalnum((unsigned char)text[len - 1]);
}

#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789-"
#define WORD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

// "prefix/name" or "name", as in keys of labels and annotations.
static bool is_qualified(const char *key, struct arena *arena)
{
	const char *slash = strchr(key, '/');

	if (!slash)
		return is_name(key, WORD, LABEL_MAX);
	return is_name(arena_memdup0(arena, key, (size_t)(slash - key)), LOWER ".", PREFIX_MAX) && is_name(slash + 1, WORD, LABEL_MAX);
}

static void check_marks(const struct look *look, yyjson_val *map, const char *name, bool labels)
{
	struct arena *arena = look->inspection->arena;
	size_t index, max;
	yyjson_val *key, *val;

	if (map && !yyjson_is_null(map) && !yyjson_is_obj(map)) {
		add(look, true, arena_printf(arena, "metadata.%s", name), "must be a map");
		return;
	}
	yyjson_obj_foreach(json_members(map), index, max, key, val) {
		const char *member = yyjson_get_str(key), *text = yyjson_get_str(val), *path;

		assert(member);
		path = arena_printf(arena, "metadata.%s.%s", name, member);
		if (!is_qualified(member, arena))
			add(look, true, path, "is no key such as app.example.com/name");
		// The API server takes null for an empty text.
		if (!text && !yyjson_is_null(val))
			add(look, true, path, "must be a string; put quotes around it");
		else if (labels && text && *text && !is_name(text, WORD, LABEL_MAX))
			add(look, true, path, "a label's value has at most 63 letters, digits, '-', '_' and '.', and begins and ends with a letter or a digit");
	}
}

static bool is_metadata_field(const char *name)
{
	static const char *const known[] = {"name",		 "generateName",    "namespace",	"labels",
					    "annotations",	 "finalizers",	    "ownerReferences",	"uid",
					    "resourceVersion",	 "generation",	    "creationTimestamp", "deletionTimestamp",
					    "deletionGracePeriodSeconds", "managedFields", "selfLink"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(name, known[i]) == 0)
			return true;
	}
	return false;
}

static void check_metadata(const struct look *look)
{
	yyjson_val *metadata = yyjson_obj_get(look->entry->object->root, "metadata"), *key, *val;
	struct arena *arena = look->inspection->arena;
	size_t index, max;

	if (!yyjson_is_obj(metadata)) {
		add(look, true, "metadata", "is required: an object with a name");
		return;
	}
	yyjson_obj_foreach(json_members(metadata), index, max, key, val) {
		if (!is_metadata_field(yyjson_get_str(key)))
			add(look, true, arena_printf(arena, "metadata.%s", yyjson_get_str(key)), "there is no such field");
	}
	if (!*look->entry->name)
		add(look, true, "metadata.name", "is required");
	else if (look->entry->plugin && !is_name(look->entry->name, LOWER ".", NAME_MAX_LENGTH))
		add(look, true, "metadata.name", "must hold only lower-case letters, digits, '-' and '.', and begin and end with a letter or a digit");
	if (!is_name(look->entry->namespace, LOWER, LABEL_MAX))
		add(look, true, "metadata.namespace", "must hold only lower-case letters, digits and '-', and begin and end with a letter or a digit");
	check_marks(look, yyjson_obj_get(metadata, "labels"), "labels", true);
	check_marks(look, yyjson_obj_get(metadata, "annotations"), "annotations", false);
}

// Kubernetes describes an object's metadata, and the schema only bounds it: it checks the name alone, and for some kinds nothing.
static yyjson_val *without_metadata(yyjson_val *root, bool with_name, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *copy = yyjson_val_mut_copy(doc, root), *metadata = yyjson_mut_obj(doc), *name = yyjson_mut_ptr_get(copy, "/metadata/name");
	const char *text;

	if (name && with_name)
		(void)yyjson_mut_obj_add_val(doc, metadata, "name", yyjson_mut_val_mut_copy(doc, name));
	(void)yyjson_mut_obj_remove_key(copy, "metadata");
	(void)yyjson_mut_obj_add_val(doc, copy, "metadata", metadata);
	yyjson_mut_doc_set_root(doc, copy);
	text = json_text(arena, doc);
	return json_parse(arena, text, strlen(text));
}

static void check_schema(struct look *look)
{
	struct arena *arena = look->inspection->arena;
	yyjson_val *schema = schemas_find(&look->inspection->schemas, look->entry->kind), *root = look->entry->object->root;

	bool bounded = yyjson_ptr_get(schema, "/properties/metadata/properties/name") != NULL;

	schema_check(schema, without_metadata(root, bounded, arena), arena, refuse, look);
}

static void check_plugin(const struct look *look)
{
	struct err err = ERR_INIT;
	struct plugin plugin;

	if (plugin_decode(look->entry->kept, look->inspection->arena, &plugin, &err) < 0)
		add_sentence(look, true, err.text);
}

static size_t plugins_of(const struct look *look, struct entry *entries, size_t n, yyjson_val **ret)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		if (entries[i].plugin && !entries[i].bad && strcmp(entries[i].namespace, look->entry->namespace) == 0)
			ret[found++] = entries[i].kept;
	}
	return found;
}

static void warn_of_fleet(const struct look *look, const struct draft *draft)
{
	struct arena *arena = look->inspection->arena;

	if (!draft->dbms.fleet.enabled)
		return;
	if (draft->form == FLEET_FORM_NONE && !dbms_brings_fleet(&draft->dbms))
		add(look, false, "spec.auraFleetManagement.enabled",
		    arena_printf(arena, "Neo4j %s brings no fleet-management plugin, so it will not be registered; use 5.26.12 or newer, or 2025.08 or newer, or bring "
				 "the plugin's jar and name " DBMS_OWN_FLEET_PATTERN " in spec.config's " DBMS_OWN_FLEET_SETTING,
				 version_text(&draft->version, arena)));
	else if (draft->form == FLEET_FORM_UNDECIDABLE)
		add(look, false, "spec.image.tag",
		    "the tag does not tell the version: the plugin is added, and the servers restarted, when a server has told it");
	if (!draft->dbms.fleet.token_secret)
		add(look, false, "spec.auraFleetManagement", "without tokenSecretRef the registration waits");
}

static struct entry *find(struct entry *entries, size_t n, const char *namespace, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (entries[i].plugin && strcmp(entries[i].namespace, namespace) == 0 && strcmp(entries[i].name, name) == 0)
			return &entries[i];
	}
	return NULL;
}

// The operator's words for the status of the plugins.
static void tell_claims(const struct look *look, const struct draft *draft, struct entry *entries, size_t n)
{
	for (size_t i = 0; i < draft->claims.n; i++) {
		const struct plugin_claim *claim = &draft->claims.items[i];
		struct entry *entry = find(entries, n, look->entry->namespace, claim->plugin.metadata.name);
		const struct look other = {look->inspection, entry};

		if (entry && (claim->verdict == CLAIM_REFUSED || claim->verdict == CLAIM_WAITING))
			add_sentence(&other, claim->verdict == CLAIM_REFUSED, claim->message);
	}
}

static void check_deployment(struct look *look, struct entry *entries, size_t n)
{
	struct arena *arena = look->inspection->arena;
	yyjson_val **plugins = arena_new_array(arena, yyjson_val *, n);
	struct draft_source source = {.root = look->entry->kept, .plugins = plugins, .namespace = look->entry->namespace};
	struct err err = ERR_INIT;
	struct draft *draft = arena_alloc(arena, sizeof(*draft));

	source.n_plugins = plugins_of(look, entries, n, plugins);
	if (draft_make(&source, arena, draft, &err) < 0) {
		add_sentence(look, true, err.text);
		return;
	}
	pod_rules_check(yyjson_obj_get(source.root, "spec"), arena, refuse, look);
	warn_of_fleet(look, draft);
	tell_claims(look, draft, entries, n);
}

// The children's names do not tell the two kinds apart; and of an object that stands twice the last one counts.
static void check_twins(const struct look *look, struct entry *entries)
{
	const struct entry *entry = look->entry;

	for (struct entry *other = entries; other < entry; other++) {
		bool same = strcmp(other->kind, entry->kind) == 0;

		if (!other->ours || strcmp(other->namespace, entry->namespace) != 0 || strcmp(other->name, entry->name) != 0)
			continue;
		if (same)
			add(look, true, "metadata.name", "the same object stands above; only the last one would count");
		else if (!entry->plugin && !other->plugin)
			add(look, true, "metadata.name",
			    arena_printf(look->inspection->arena, "a %s of this name stands above, and the children of both would have the same names; choose another",
					 other->kind));
	}
}

static void check_admission(struct look *look, struct entry *entries)
{
	if (strcmp(text_of(look->entry->object->root, "/apiVersion"), API_GROUP "/" API_VERSION) != 0) {
		add(look, true, "apiVersion", "must be " API_GROUP "/" API_VERSION);
		return;
	}
	if (!schemas_find(&look->inspection->schemas, look->entry->kind)) {
		add(look, true, "kind", "must be one of " API_KIND_CLUSTER ", " API_KIND_STANDALONE ", " API_KIND_PLUGIN);
		return;
	}
	check_metadata(look);
	check_schema(look);
	check_twins(look, entries);
}

static bool is_ours(const struct entry *entry, const struct schemas *schemas)
{
	const char *version = text_of(entry->object->root, "/apiVersion");

	return strncmp(version, API_GROUP "/", strlen(API_GROUP "/")) == 0 || schemas_find(schemas, entry->kind);
}

static struct entry entry_of(const struct inspection *inspection, const struct manifest_object *object)
{
	const char *namespace = text_of(object->root, "/metadata/namespace");
	struct entry entry = {
		.object = object,
		.kind = text_of(object->root, "/kind"),
		.namespace = *namespace ? namespace : inspection->namespace,
		.name = text_of(object->root, "/metadata/name"),
	};

	entry.kept = manifest_without_nulls(object->root, inspection->arena);
	entry.ours = is_ours(&entry, &inspection->schemas);
	entry.plugin = strcmp(entry.kind, API_KIND_PLUGIN) == 0;
	return entry;
}

void inspection_run(struct inspection *inspection)
{
	size_t n;
	const struct manifest_object *objects = manifest_objects(inspection->manifest, &n);
	struct entry *entries = arena_new_array(inspection->arena, struct entry, n);

	schemas_load(inspection->arena, &inspection->schemas);
	for (size_t i = 0; i < n; i++) {
		struct look look = {inspection, &entries[i]};

		entries[i] = entry_of(inspection, &objects[i]);
		if (entries[i].ours)
			check_admission(&look, entries);
		if (entries[i].plugin && !entries[i].bad)
			check_plugin(&look);
	}
	for (size_t i = 0; i < n; i++) {
		struct look look = {inspection, &entries[i]};

		if (entries[i].ours && !entries[i].plugin && !entries[i].bad)
			check_deployment(&look, entries, n);
	}
	for (size_t i = 0; i < n; i++) {
		inspection->others += !entries[i].ours;
		inspection->good += entries[i].ours && !entries[i].bad;
		inspection->refused += entries[i].ours && entries[i].bad;
	}
}
