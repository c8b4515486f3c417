// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Informers call on the loop thread. A change of a deployment, of its StatefulSet or of a plugin makes its line anew. A change of something that only the
// deployment's own page shows is a touch: such a page then asks again. Of those objects only the identity is kept.

#include "cli/page/lookout.h"

#include <stdlib.h>
#include <string.h>

#include "api/dbms.h"
#include "base/json.h"
#include "base/release.h"
#include "cli/kinds.h"
#include "cli/page/row.h"
#include "cli/page/view.h"
#include "cli/permission.h"
#include "kube/client.h"
#include "kube/informer.h"
#include "net/loop.h"
#include "operator/object/labels.h"

#define OPERATOR_EVERY_MS 30000

enum subject { CLUSTERS, STANDALONES, WORKLOADS, PODS, CLAIMS, PLUGINS, EVENTS, SUBJECTS };

struct lookout {
	struct program *program;
	struct board *board;
	struct kube_informer *informers[SUBJECTS]; // NULL: the user may not watch it
	// For the checking thread.
	struct arena *arena;
	char operator_state[64];
	int64_t operator_at;
	bool operator_known;
};

static const char *const nothing[] = {NULL};
static const char *const of_workload[] = {"/spec/replicas", "/status/readyReplicas", "/status/updatedReplicas", NULL};
static const char *const of_plugin[] = {"/spec/clusterRef", "/status/phase", "/status/message", NULL};
static const char *const of_event[] = {"/involvedObject/kind", "/involvedObject/name", NULL};

static void on_deployment(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous);
static void on_workload(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous);
static void on_part(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous);
static void on_plugin(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous);
static void on_event(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous);

static const struct {
	const struct kube_resource *resource;
	const char *labels, *fields;
	const char *const *parts;
	kube_informer_handler handler;
	const char *loss; // what the page lacks without it
} subjects[SUBJECTS] = {
	[CLUSTERS] = {&kinds_clusters, NULL, NULL, NULL, on_deployment, "clusters"},
	[STANDALONES] = {&kinds_standalones, NULL, NULL, NULL, on_deployment, "standalones"},
	[WORKLOADS] = {&kube_statefulsets, LABEL_MANAGED_BY "=" LABEL_MANAGED_BY_VALUE, NULL, of_workload, on_workload,
		       "how many servers are ready, and rolls"},
	[PODS] = {&kube_pods, LABEL_NAME "=" LABEL_NAME_VALUE, NULL, nothing, on_part, "servers as they change"},
	[CLAIMS] = {&kube_persistentvolumeclaims, LABEL_NAME "=" LABEL_NAME_VALUE, NULL, nothing, on_part, "volumes as they change"},
	[PLUGINS] = {&kinds_plugins, NULL, NULL, of_plugin, on_plugin, "plugins that failed, and plugins as they change"},
	[EVENTS] = {&kube_events, NULL, "involvedObject.apiVersion=" API_GROUP "/" API_VERSION, of_event, on_event, "events as they come"},
};

// The first object of a subject that is filed under the deployment's name and passes; NULL: none, or the subject may not be read.
static struct kube_object *find_part(struct lookout *lookout, enum subject subject, struct kube_name deployment,
				     bool (*passes)(const struct kube_object *object, const char *name, bool cluster), bool cluster)
{
	struct kube_store *store = lookout->informers[subject] ? kube_informer_store(lookout->informers[subject]) : NULL;
	struct kube_object *found = NULL;
	struct kube_names names;

	if (!store)
		return NULL;
	kube_store_find(store, deployment.namespace, deployment.name, &names);
	for (size_t i = 0; i < names.n && !found; i++) {
		struct kube_object *object = kube_store_get(store, (struct kube_name){deployment.namespace, names.names[i]});

		if (object && passes(object, deployment.name, cluster))
			found = object;
		else
			kube_object_unref(object);
	}
	kube_names_free(&names);
	return found;
}

static bool is_workload(const struct kube_object *object, const char *name, bool cluster)
{
	yyjson_val *owner = kube_object_controller(object);

	return yyjson_equals_str(yyjson_obj_get(owner, "name"), name) &&
	       yyjson_equals_str(yyjson_obj_get(owner, "kind"), cluster ? API_KIND_CLUSTER : API_KIND_STANDALONE);
}

static bool is_failed_plugin(const struct kube_object *object, const char *name, bool cluster)
{
	const char *phase = kube_object_str(object, "/status/phase");

	(void)name;
	(void)cluster;
	return phase && strcmp(phase, "Failed") == 0;
}

static void draw(struct lookout *lookout, const struct kube_object *object, bool cluster)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct kube_name name = {kube_object_namespace(object), kube_object_name(object)};
	_cleanup_(kube_object_unrefp) struct kube_object *workload = find_part(lookout, WORKLOADS, name, is_workload, cluster);
	_cleanup_(kube_object_unrefp) struct kube_object *plugin = find_part(lookout, PLUGINS, name, is_failed_plugin, cluster);
	const struct row_parts parts = {.workload = workload ? kube_object_root(workload) : NULL,
					.plugin = plugin ? kube_object_root(plugin) : NULL,
					.workloads_known = lookout->informers[WORKLOADS] != NULL};

	board_put(lookout->board, view_id(arena, cluster, name.namespace, name.name), row_text(view_program(lookout->program, arena), kube_object_root(object), cluster, &parts));
}

static void on_deployment(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous)
{
	_cleanup_(arena_freep) struct arena *arena = NULL;
	struct lookout *lookout = user;
	bool cluster = resource == &kinds_clusters;

	if (object) {
		draw(lookout, object, cluster);
		return;
	}
	arena = arena_new();
	board_remove(lookout->board, view_id(arena, cluster, kube_object_namespace(previous), kube_object_name(previous)));
}

static void draw_again(struct lookout *lookout, bool cluster, const char *namespace, const char *name)
{
	struct kube_informer *informer = lookout->informers[cluster ? CLUSTERS : STANDALONES];
	_cleanup_(kube_object_unrefp) struct kube_object *deployment = informer ? kube_store_get(kube_informer_store(informer), (struct kube_name){namespace, name}) : NULL;

	if (deployment)
		draw(lookout, deployment, cluster);
}

static void on_workload(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous)
{
	struct lookout *lookout = user;
	const struct kube_object *one = object ? object : previous;
	yyjson_val *owner = kube_object_controller(one);
	const char *kind = yyjson_get_str(yyjson_obj_get(owner, "kind")), *name = yyjson_get_str(yyjson_obj_get(owner, "name"));
	bool cluster = kind && strcmp(kind, API_KIND_CLUSTER) == 0;

	(void)resource;
	if (kind && name)
		draw_again(lookout, cluster, kube_object_namespace(one), name);
}

// Finds a StatefulSet by its owner's name.
static void index_owner(const struct kube_object *object, void (*add)(void *user, const char *name), void *user)
{
	const char *name = yyjson_get_str(yyjson_obj_get(kube_object_controller(object), "name"));

	if (name)
		add(user, name);
}

// And a plugin by the name of its deployment.
static void index_target(const struct kube_object *object, void (*add)(void *user, const char *name), void *user)
{
	const char *name = kube_object_str(object, "/spec/clusterRef");

	if (name)
		add(user, name);
}

static void touch(struct lookout *lookout, bool cluster, const char *namespace, const char *name)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	board_touch(lookout->board, view_id(arena, cluster, namespace, name));
}

static void on_part(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous)
{
	const struct kube_object *one = object ? object : previous;
	yyjson_val *labels = kube_object_get(one, "/metadata/labels");
	const char *name = yyjson_get_str(yyjson_obj_get(labels, LABEL_INSTANCE)), *component = yyjson_get_str(yyjson_obj_get(labels, LABEL_COMPONENT));

	(void)resource;
	if (name && component)
		touch(user, strcmp(component, labels_component(DBMS_CLUSTER)) == 0, kube_object_namespace(one), name);
}

static void on_plugin(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous)
{
	const struct kube_object *one = object ? object : previous;
	const char *name = kube_object_str(one, "/spec/clusterRef");

	(void)resource;
	if (!name)
		return;
	for (int cluster = 0; cluster < 2; cluster++) {
		draw_again(user, cluster, kube_object_namespace(one), name);
		touch(user, cluster, kube_object_namespace(one), name);
	}
}

static void on_event(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous)
{
	const char *kind = object ? kube_object_str(object, "/involvedObject/kind") : NULL, *name = object ? kube_object_str(object, "/involvedObject/name") : NULL;

	(void)resource, (void)previous;
	if (kind && name)
		touch(user, strcmp(kind, API_KIND_CLUSTER) == 0, kube_object_namespace(object), name);
}

static int add(struct lookout *lookout, enum subject subject, struct err *err)
{
	struct program *program = lookout->program;
	bool deployments = subject == CLUSTERS || subject == STANDALONES, may = false;
	const struct kube_informer_options options = {
		.resource = subjects[subject].resource,
		.namespace = program_namespace(program),
		.label_selector = deployments ? invocation_value(&program->call, &flag_selector, NULL) : subjects[subject].labels,
		.field_selector = subjects[subject].fields,
		.parts = subjects[subject].parts,
		.store = {.index = subject == WORKLOADS ? index_owner : subject == PLUGINS ? index_target : NULL},
		.handler = subjects[subject].handler,
		.user = lookout,
	};
	int r = permission_ask(program, &(struct permission){"list", options.resource, NULL, options.namespace}, &may, err);

	if (r == 0 && may)
		r = permission_ask(program, &(struct permission){"watch", options.resource, NULL, options.namespace}, &may, err);
	return r == 0 && may ? kube_informer_new(program->client, &options, &lookout->informers[subject], err) : r;
}

int lookout_start(struct program *program, struct board *board, struct lookout **ret, struct err *err)
{
	struct lookout *lookout = calloc(1, sizeof(*lookout));

	if (!lookout)
		abort();
	*ret = lookout;
	*lookout = (struct lookout){.program = program, .board = board, .arena = arena_new()};
	for (enum subject i = 0; i < SUBJECTS; i++) {
		int r = add(lookout, i, err);

		if (r < 0)
			return r;
	}
	if (!lookout->informers[CLUSTERS] && !lookout->informers[STANDALONES])
		return err_set(err, ERR_FORBIDDEN, "you may not list and watch %s; %s", permission_name(&kinds_clusters, program->arena),
			       program_namespace(program) ? "name another namespace with -n" : "without -A one namespace is shown");
	// The StatefulSets come first, so that most lines are drawn once.
	if (lookout->informers[WORKLOADS])
		kube_informer_start(lookout->informers[WORKLOADS]);
	for (enum subject i = 0; i < SUBJECTS; i++) {
		if (lookout->informers[i] && i != WORKLOADS)
			kube_informer_start(lookout->informers[i]);
	}
	return 0;
}

void lookout_free(struct lookout *lookout)
{
	if (!lookout)
		return;
	for (enum subject i = 0; i < SUBJECTS; i++) {
		if (lookout->informers[i])
			kube_informer_free(lookout->informers[i]);
	}
	arena_free(lookout->arena);
	free(lookout);
}

struct operators {
	long long ready, n;
};

static void count_operator(void *user, yyjson_val *item)
{
	struct operators *operators = user;

	operators->n++;
	operators->ready += yyjson_get_sint(yyjson_ptr_get(item, "/status/readyReplicas"));
}

// "" while nothing is known.
static void look_for_operator(struct lookout *lookout)
{
	struct operators operators = {0, 0};
	const struct kube_reader reader = {count_operator, &operators};
	const struct kube_selection selection = {.labels = KINDS_OPERATOR};
	struct err err = ERR_INIT;

	if (lookout->operator_known && deadline_left_ms(lookout->operator_at) > 0)
		return;
	lookout->operator_known = true;
	lookout->operator_at = deadline_in_ms(OPERATOR_EVERY_MS);
	if (kube_list(lookout->program->client, &kinds_deployments, &selection, &reader, &err) < 0)
		lookout->operator_state[0] = '\0';
	else
		(void)snprintf(lookout->operator_state, sizeof(lookout->operator_state), "%s",
			       operators.n == 0 ? "none" : operators.ready > 0 ? "ready" : "stopped");
}

static bool synced(const struct lookout *lookout)
{
	for (enum subject i = CLUSTERS; i <= WORKLOADS; i++) {
		if (lookout->informers[i] && !kube_informer_synced(lookout->informers[i]))
			return false;
	}
	return true;
}

static void put_missing(const struct lookout *lookout, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, root, "missing");

	for (enum subject i = 0; i < SUBJECTS; i++) {
		if (!lookout->informers[i])
			yyjson_mut_arr_add_strcpy(doc, list,
						  arena_printf(lookout->arena, "%s: you may not list and watch %s", subjects[i].loss,
							       permission_name(subjects[i].resource, lookout->arena)));
	}
}

bool lookout_check(struct lookout *lookout)
{
	struct program *program = lookout->program;
	const char *namespace = program_namespace(program);
	yyjson_mut_doc *doc;
	yyjson_mut_val *root;
	struct err err = ERR_INIT;
	bool done = synced(lookout), reached;

	arena_reset(lookout->arena);
	doc = json_doc_new(lookout->arena);
	root = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, root);
	reached = kube_get_path(program->client, "/version", NULL, &err) == 0 || err.status == 403 || err.status == 404;
	if (reached && done)
		look_for_operator(lookout);
	yyjson_mut_obj_add_bool(doc, root, "listed", done);
	yyjson_mut_obj_add_bool(doc, root, "reached", reached);
	if (!reached)
		yyjson_mut_obj_add_strcpy(doc, root, "fault", err.text);
	yyjson_mut_obj_add_str(doc, root, "server", kube_config_server(program->config));
	yyjson_mut_obj_add_str(doc, root, "program", release_version);
	if (namespace)
		yyjson_mut_obj_add_str(doc, root, "namespace", namespace);
	yyjson_mut_obj_add_str(doc, root, "operator", lookout->operator_state);
	put_missing(lookout, doc, root);
	board_set_state(lookout->board, json_text(lookout->arena, doc));
	return done;
}
