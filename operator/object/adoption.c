// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The operator adopts an orphan by itself only where three things agree: the object has no owner reference at all, it has our labels with this
// deployment's kind and name, and it has the digest that only an apply of ours leaves. Backups keep all three, where they drop managed fields.
// The operator never adopts an object that has another owner, whatever else it bears: that owner would go on with it. See
// docs/decisions/0017-orphans-are-adopted.md.

#include "operator/object/adoption.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "kube/object.h"
#include "operator/object/finalizer.h"
#include "operator/object/labels.h"

static yyjson_val *metadata_of(yyjson_val *object)
{
	return yyjson_obj_get(object, "metadata");
}

static yyjson_val *owners_of(yyjson_val *object)
{
	return yyjson_obj_get(metadata_of(object), "ownerReferences");
}

static yyjson_val *label_of(yyjson_val *object, const char *name)
{
	return yyjson_obj_get(yyjson_obj_get(metadata_of(object), "labels"), name);
}

static yyjson_val *annotation_of(yyjson_val *object, const char *name)
{
	return yyjson_obj_get(yyjson_obj_get(metadata_of(object), "annotations"), name);
}

// The owner is an earlier deployment of the same kind and name: the garbage collector takes its objects.
static bool is_predecessor(yyjson_val *owner, const struct dbms *dbms)
{
	return yyjson_equals_str(yyjson_obj_get(owner, "kind"), dbms->api_kind) &&
	       yyjson_equals_str(yyjson_obj_get(owner, "name"), dbms->metadata.name);
}

static bool is_labelled(yyjson_val *object, const struct dbms *dbms)
{
	return yyjson_equals_str(label_of(object, LABEL_MANAGED_BY), LABEL_MANAGED_BY_VALUE) &&
	       yyjson_equals_str(label_of(object, LABEL_NAME), LABEL_NAME_VALUE) &&
	       yyjson_equals_str(label_of(object, LABEL_INSTANCE), dbms->metadata.name) &&
	       yyjson_equals_str(label_of(object, LABEL_COMPONENT), labels_component(dbms->kind));
}

// An operator of ours made it for another deployment.
static bool is_of_another(yyjson_val *object, const struct dbms *dbms)
{
	return yyjson_equals_str(label_of(object, LABEL_MANAGED_BY), LABEL_MANAGED_BY_VALUE) && !is_labelled(object, dbms);
}

// A selector cannot be changed, so a StatefulSet with another one can never become ours.
static bool has_foreign_selector(yyjson_val *object, const struct dbms *dbms)
{
	yyjson_val *spec = yyjson_obj_get(object, "spec"), *labels;

	if (!yyjson_obj_get(spec, "volumeClaimTemplates") && !yyjson_obj_get(spec, "serviceName"))
		return false;
	labels = yyjson_ptr_get(spec, "/selector/matchLabels");
	return yyjson_obj_size(labels) != 3 || !yyjson_equals_str(yyjson_obj_get(labels, LABEL_NAME), LABEL_NAME_VALUE) ||
	       !yyjson_equals_str(yyjson_obj_get(labels, LABEL_INSTANCE), dbms->metadata.name) ||
	       !yyjson_equals_str(yyjson_obj_get(labels, LABEL_COMPONENT), labels_component(dbms->kind));
}

// The user's word names kind and name, since a cluster and a standalone may want the same object.
static bool has_word(yyjson_val *object, const struct dbms *dbms)
{
	const char *word = yyjson_get_str(annotation_of(object, ADOPT_ANNOTATION));
	size_t len = strlen(dbms->api_kind);

	return word && strncmp(word, dbms->api_kind, len) == 0 && word[len] == '/' && strcmp(word + len + 1, dbms->metadata.name) == 0;
}

static bool is_reference_to(yyjson_val *owner, const struct dbms *dbms)
{
	return yyjson_equals_str(yyjson_obj_get(owner, "uid"), dbms->metadata.uid);
}

// Somebody has taken the controller's mark from our reference.
static bool has_lost_mark(yyjson_val *object, const struct dbms *dbms)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(owners_of(object));
	yyjson_val *owner;

	while ((owner = yyjson_arr_iter_next(&iter))) {
		if (is_reference_to(owner, dbms))
			return true;
	}
	return false;
}

enum adoption adoption_judge(yyjson_val *object, const struct dbms *dbms)
{
	yyjson_val *controller = kube_controller_of(object);

	if (controller && is_reference_to(controller, dbms))
		return ADOPTION_OURS;
	if (controller && !is_predecessor(controller, dbms))
		return ADOPTION_FOREIGN;
	if (controller || yyjson_obj_get(metadata_of(object), "deletionTimestamp"))
		return ADOPTION_LEAVING;
	if ((yyjson_arr_size(owners_of(object)) > 0 && !has_lost_mark(object, dbms)) || is_of_another(object, dbms) || has_foreign_selector(object, dbms))
		return ADOPTION_FOREIGN;
	if (has_word(object, dbms) || (is_labelled(object, dbms) && annotation_of(object, DIGEST_ANNOTATION)))
		return ADOPTION_ORPHAN;
	return ADOPTION_UNCLAIMED;
}

// Owners beside us are those of an object that had our reference already.
static void keep_other_owners(yyjson_mut_doc *doc, yyjson_mut_val *metadata, yyjson_val *object, const struct dbms *dbms)
{
	yyjson_mut_val *list = yyjson_mut_obj_get(metadata, "ownerReferences");
	yyjson_arr_iter iter = yyjson_arr_iter_with(owners_of(object));
	yyjson_val *owner;

	while ((owner = yyjson_arr_iter_next(&iter))) {
		if (!is_reference_to(owner, dbms))
			yyjson_mut_arr_append(list, yyjson_val_mut_copy(doc, owner));
	}
}

const char *adoption_patch(yyjson_val *object, const struct dbms *dbms, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *metadata;
	const char *const kept[] = {"resourceVersion", "uid"};

	yyjson_mut_doc_set_root(doc, root);
	metadata = yyjson_mut_obj_add_obj(doc, root, "metadata");
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		yyjson_mut_obj_add_val(doc, metadata, kept[i], yyjson_val_mut_copy(doc, yyjson_obj_get(metadata_of(object), kept[i])));
	labels_add_owner(doc, metadata, dbms);
	keep_other_owners(doc, metadata, object, dbms);
	if (annotation_of(object, ADOPT_ANNOTATION))
		yyjson_mut_obj_add_null(doc, yyjson_mut_obj_add_obj(doc, metadata, "annotations"), ADOPT_ANNOTATION);
	return json_text(arena, doc);
}

const char *adoption_list(const struct adoption_case *cases, size_t n, enum adoption adoption, struct arena *arena)
{
	const char *list = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *holders = cases[i].adoption == adoption ? finalizer_list(cases[i].object, arena) : NULL;

		if (cases[i].adoption == adoption)
			list = arena_printf(arena, "%s%s%s '%s'%s%s%s", list ? list : "", list ? ", " : "", cases[i].kind, cases[i].name,
					    holders ? " (held by finalizer " : "", holders ? holders : "", holders ? ")" : "");
	}
	return list;
}

// Other people's kinds and labels have no limit that we know, so their texts are cut.
static const char *whose(const struct adoption_case *taken, struct arena *arena)
{
	yyjson_val *owner = kube_controller_of(taken->object);
	const char *instance = yyjson_get_str(label_of(taken->object, LABEL_INSTANCE));
	const char *component = yyjson_get_str(label_of(taken->object, LABEL_COMPONENT));
	const char *kind, *name;

	if (!owner)
		owner = yyjson_arr_get_first(owners_of(taken->object));
	kind = yyjson_get_str(yyjson_obj_get(owner, "kind"));
	name = yyjson_get_str(yyjson_obj_get(owner, "name"));
	if (kind && name)
		return arena_printf(arena, "%s '%s' belongs to %.63s '%.253s'", taken->kind, taken->name, kind, name);
	if (yyjson_equals_str(label_of(taken->object, LABEL_MANAGED_BY), LABEL_MANAGED_BY_VALUE))
		return arena_printf(arena, "%s '%s' was made for %.63s '%.63s'", taken->kind, taken->name,
				    component ? component : "deployment", instance ? instance : "");
	return arena_printf(arena, "%s '%s' selects other pods", taken->kind, taken->name);
}

static const char *lower(const char *text, struct arena *arena)
{
	char *copy = arena_strdup(arena, text);

	for (char *c = copy; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return copy;
}

// The command that hands over all objects that nobody owns.
static const char *command(const struct adoption_case *cases, size_t n, const struct dbms *dbms, struct arena *arena)
{
	const char *text = arena_printf(arena, "kubectl annotate --namespace %s", dbms->metadata.namespace);

	for (size_t i = 0; i < n; i++) {
		if (cases[i].adoption == ADOPTION_UNCLAIMED)
			text = arena_printf(arena, "%s %s/%s", text, lower(cases[i].kind, arena), cases[i].name);
	}
	return arena_printf(arena, "%s --overwrite " ADOPT_ANNOTATION "=%s/%s", text, dbms->api_kind, dbms->metadata.name);
}

const char *adoption_refusal(const struct adoption_case *cases, size_t n, const struct dbms *dbms, struct arena *arena)
{
	const char *unclaimed = adoption_list(cases, n, ADOPTION_UNCLAIMED, arena), *foreign = NULL;

	for (size_t i = 0; i < n; i++) {
		if (cases[i].adoption == ADOPTION_FOREIGN)
			foreign = arena_printf(arena, "%s%s%s", foreign ? foreign : "", foreign ? ", " : "", whose(&cases[i], arena));
	}
	if (foreign)
		return arena_printf(arena, "Names that this deployment needs are taken: %s%s%s; give this deployment another name", foreign,
				    unclaimed ? "; without an owner: " : "", unclaimed ? unclaimed : "");
	if (!unclaimed)
		return NULL;
	return arena_printf(arena,
			    "Names that this deployment needs are taken by objects without an owner: %s; give this deployment another name, "
			    "or hand them over, so that it rewrites them and they go with it: %s",
			    unclaimed, command(cases, n, dbms, arena));
}
