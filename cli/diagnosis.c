// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// First the operator, then each deployment: what it depends on (Secrets, pods, volumes, plugins), and what else its status says.

#include "cli/diagnosis.h"

#include <string.h>

#include "base/json.h"
#include "cli/examination.h"
#include "cli/kinds.h"
#include "cli/portrait.h"
#include "cli/rendering.h"
#include "kube/client.h"

struct operators {
	struct diagnosis *diagnosis;
	size_t n;
};

static void look_at_operator(void *user, yyjson_val *root)
{
	struct operators *operators = user;
	struct arena *arena = operators->diagnosis->program->arena;
	struct dbms_metadata metadata;
	const char *namespace, *name;
	long long wanted = yyjson_get_sint(yyjson_ptr_get(root, "/spec/replicas")), ready = yyjson_get_sint(yyjson_ptr_get(root, "/status/readyReplicas"));

	operators->n++;
	if (ready > 0)
		return;
	dbms_decode_metadata(root, &metadata);
	namespace = arena_strdup(arena, metadata.namespace);
	name = arena_strdup(arena, metadata.name);
	diagnosis_add(operators->diagnosis, &(struct diagnosis_finding){
						    .error = true,
						    .subject = "operator",
						    .cause = arena_printf(arena, "none of the %lld pods of deployment %s/%s is ready", wanted, namespace, name),
						    .cure = wanted ? "see what its pods wait for" : "scale it to 1 or 2",
						    .command = wanted ? arena_printf(arena, "kubectl -n %s describe pods -l '%s'", namespace, KINDS_OPERATOR)
								      : arena_printf(arena, "kubectl -n %s scale deployment %s --replicas 2", namespace, name),
					    });
}

static void look_for_operator(struct diagnosis *diagnosis)
{
	struct operators operators = {diagnosis, 0};
	const struct kube_selection selection = {.labels = KINDS_OPERATOR};
	const struct kube_reader reader = {look_at_operator, &operators};
	struct err err = ERR_INIT;

	if (kube_list(diagnosis->program->client, &kinds_deployments, &selection, &reader, &err) < 0) {
		diagnosis_unread(diagnosis, "the operator", &err);
		return;
	}
	if (operators.n == 0)
		diagnosis_add(diagnosis, &(struct diagnosis_finding){
						 .error = true,
						 .subject = "operator",
						 .cause = "none was found by its label in any namespace (" KINDS_OPERATOR ")",
						 .cure = "install the operator; where it runs outside of this cluster, this is no fault",
						 .command = "kubectl apply -f deploy/crds -f deploy/operator.yaml",
					 });
}

static void examine(struct diagnosis *diagnosis, yyjson_val *root)
{
	struct arena *arena = diagnosis->program->arena;
	struct patient patient = {.diagnosis = diagnosis, .arena = arena, .root = root};

	diagnosis->looked_at++;
	dbms_decode_metadata(root, &patient.dbms.metadata);
	patient.subject = rendering_shown(arena, arena_printf(arena, "%s/%s", patient.dbms.metadata.namespace, patient.dbms.metadata.name), "");
	patient.kind = yyjson_equals_str(yyjson_obj_get(root, "kind"), API_KIND_CLUSTER) ? "n4jc" : "n4js";
	examination_run(&patient);
}

struct collection {
	struct diagnosis *diagnosis;
	const char *kind;
	yyjson_val *objects[4096];
	size_t n;
};

// Items of a list have no kind.
static void collect(void *user, yyjson_val *item)
{
	struct collection *collection = user;
	struct arena *arena = collection->diagnosis->program->arena;
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *copy = yyjson_val_mut_copy(doc, item);
	const char *text;

	if (collection->n == sizeof(collection->objects) / sizeof(collection->objects[0]))
		return;
	(void)yyjson_mut_obj_remove_key(copy, "kind");
	(void)yyjson_mut_obj_add_str(doc, copy, "kind", collection->kind);
	yyjson_mut_doc_set_root(doc, copy);
	text = json_text(arena, doc);
	collection->objects[collection->n++] = json_parse(arena, text, strlen(text));
}

static int list(struct collection *collection, const struct kube_resource *resource, struct err *err)
{
	struct program *program = collection->diagnosis->program;
	struct kube_selection selection = {.namespace = program_namespace(program), .labels = invocation_value(&program->call, &flag_selector, NULL)};
	const struct kube_reader reader = {collect, collection};
	int r;

	collection->kind = resource->kind;
	r = kube_list(program->client, resource, &selection, &reader, err);
	if (r == ERR_NOT_FOUND)
		return err_wrap(err, KINDS_MISSING);
	return r;
}

int diagnosis_make(struct diagnosis *diagnosis, const char *reference, struct err *err)
{
	struct collection *collection;
	yyjson_val *object;
	int r;

	if (reference) {
		r = portrait_find(diagnosis->program, reference, &object, err);
		if (r < 0)
			return r;
		look_for_operator(diagnosis);
		examine(diagnosis, object);
		return 0;
	}
	collection = arena_alloc(diagnosis->program->arena, sizeof(*collection));
	collection->diagnosis = diagnosis;
	if ((r = list(collection, &kinds_clusters, err)) < 0 || (r = list(collection, &kinds_standalones, err)) < 0)
		return r;
	look_for_operator(diagnosis);
	for (size_t i = 0; i < collection->n; i++)
		examine(diagnosis, collection->objects[i]);
	return 0;
}
