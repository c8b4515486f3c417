// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Either the object itself names the key, or the objects that it leads to: a child and a pod's StatefulSet have an owner, a claim has labels,
// and deployments refer to a Secret. The functions look those objects up in the stores, so the stores must be filled in an order
// (operator/wiring.c).

#include "operator/wake.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "api/dbms.h"
#include "operator/context.h"
#include "operator/object/key.h"
#include "operator/object/labels.h"
#include "operator/pass/tally.h"

#define KUBE_NAME_SIZE 320

static void add_key(struct context *context, enum key_kind kind, const char *namespace, const char *name)
{
	char text[QUEUE_KEY_SIZE];

	if (kind == KEY_KINDS || !name)
		return;
	key_format(kind, namespace, name, text);
	queue_add(context->queue, text);
}

// A deployment's plugins report its progress in their own status.
static void add_plugins(struct context *context, const char *namespace, const char *deployment)
{
	_cleanup_(kube_names_free) struct kube_names plugins;

	kube_store_find(context->stores.plugins, namespace, deployment, &plugins);
	for (size_t i = 0; i < plugins.n; i++)
		add_key(context, KEY_PLUGIN, namespace, plugins.names[i]);
}

// A deployment changed.
void wake_by_root(void *user, const struct kube_resource *resource, struct kube_object *object,
		    struct kube_object *previous)
{
	const struct kube_object *known = object ? object : previous;
	struct context *context = user;

	tally_change(context->tally, key_kind_of(resource->kind), object, previous);
	add_key(user, key_kind_of(resource->kind), kube_object_namespace(known), kube_object_name(known));
	add_plugins(user, kube_object_namespace(known), kube_object_name(known));
}

static bool is_stored(struct kube_store *store, struct kube_name name)
{
	_cleanup_(kube_object_unrefp) struct kube_object *object = kube_store_get(store, name);

	return object != NULL;
}

// Whether more than the status has changed.
static bool is_respecified(const struct kube_object *object, const struct kube_object *previous)
{
	return !object || !previous || strcmp(kube_object_uid(object), kube_object_uid(previous)) != 0 ||
	       kube_object_int(object, "/metadata/generation", 0) != kube_object_int(previous, "/metadata/generation", 0) ||
	       kube_object_get(object, "/metadata/deletionTimestamp") != NULL;
}

// The deployment that a plugin is for, and the deployment's other plugins.
static void add_target(struct context *context, const char *namespace, const char *target)
{
	add_plugins(context, namespace, target);
	if (is_stored(context->stores.standalones, (struct kube_name){.namespace = namespace, .name = target}))
		add_key(context, KEY_STANDALONE, namespace, target);
	if (is_stored(context->stores.clusters, (struct kube_name){.namespace = namespace, .name = target}))
		add_key(context, KEY_CLUSTER, namespace, target);
}

// A plugin changed: that may change the children of its deployment, and the verdict on another claim of the same plugin.
void wake_by_plugin(void *user, const struct kube_resource *resource, struct kube_object *object,
		      struct kube_object *previous)
{
	const struct kube_object *known = object ? object : previous;
	const char *namespace = kube_object_namespace(known), *target = kube_object_str(known, "/spec/clusterRef"), *former;
	struct context *context = user;

	(void)resource;
	tally_change(context->tally, KEY_PLUGIN, object, previous);
	if (is_respecified(object, previous))
		atomic_fetch_add(context->plugins_changed, 1);
	add_key(context, KEY_PLUGIN, namespace, kube_object_name(known));
	if (!target || !is_respecified(object, previous))
		return;
	add_target(context, namespace, target);
	// The plugin may have been deleted and made again while nobody watched.
	former = previous ? kube_object_str(previous, "/spec/clusterRef") : NULL;
	if (former && strcmp(former, target) != 0)
		add_target(context, namespace, former);
}

static void add_controller(struct context *context, const struct kube_object *child)
{
	yyjson_val *owner = kube_object_controller(child);
	const char *name = yyjson_get_str(yyjson_obj_get(owner, "name"));

	add_key(context, key_kind_of(yyjson_get_str(yyjson_obj_get(owner, "kind"))), kube_object_namespace(child), name);
	if (name)
		add_plugins(context, kube_object_namespace(child), name);
}

// A deployment of the other kind may have waited for the name of a child that is gone.
static void add_rival(struct context *context, const struct kube_object *child)
{
	yyjson_val *owner = kube_object_controller(child);
	enum key_kind kind = key_kind_of(yyjson_get_str(yyjson_obj_get(owner, "kind")));

	if (kind == KEY_STANDALONE || kind == KEY_CLUSTER)
		add_key(context, kind == KEY_CLUSTER ? KEY_STANDALONE : KEY_CLUSTER, kube_object_namespace(child),
			yyjson_get_str(yyjson_obj_get(owner, "name")));
}

// An object without a controller has labels that name its deployment.
static void add_labelled(struct context *context, const struct kube_object *object)
{
	yyjson_val *labels = yyjson_obj_get(yyjson_obj_get(kube_object_root(object), "metadata"), "labels");
	bool cluster = yyjson_equals_str(yyjson_obj_get(labels, LABEL_COMPONENT), labels_component(DBMS_CLUSTER));

	add_key(context, cluster ? KEY_CLUSTER : KEY_STANDALONE, kube_object_namespace(object),
		yyjson_get_str(yyjson_obj_get(labels, LABEL_INSTANCE)));
}

static bool have_one_controller(const struct kube_object *a, const struct kube_object *b)
{
	return yyjson_equals(yyjson_obj_get(kube_object_controller(a), "uid"), yyjson_obj_get(kube_object_controller(b), "uid"));
}

// A child changed: its controller is the root. A child without a controller (it lost it, or a restore dropped it) must be adopted.
void wake_by_child(void *user, const struct kube_resource *resource, struct kube_object *object,
		     struct kube_object *previous)
{
	(void)resource;
	add_controller(user, object ? object : previous);
	if (object && previous && !have_one_controller(object, previous))
		add_controller(user, previous);
	if (object && !kube_object_controller(object))
		add_labelled(user, object);
	if (!object)
		add_rival(user, previous);
}

// A pod changed: its controller is a StatefulSet, whose controller is the root.
void wake_by_pod(void *user, const struct kube_resource *resource, struct kube_object *object,
		   struct kube_object *previous)
{
	_cleanup_(kube_object_unrefp) struct kube_object *set = NULL;
	const struct kube_object *pod = object ? object : previous;
	struct context *context = user;

	(void)resource;
	set = kube_store_get(context->stores.statefulsets,
			     (struct kube_name){
				     .namespace = kube_object_namespace(pod),
				     .name = yyjson_get_str(yyjson_obj_get(kube_object_controller(pod), "name")),
			     });
	// The store does not keep a StatefulSet that is too large; then the pod's own label names the deployment.
	if (set && kube_object_cut_bytes(set))
		add_labelled(context, pod);
	else if (set)
		add_controller(context, set);
}

// The claim of a volume changed. It has no controller.
void wake_by_volume(void *user, const struct kube_resource *resource, struct kube_object *object,
		     struct kube_object *previous)
{
	(void)resource;
	add_labelled(user, object ? object : previous);
}

static const char *const secret_paths[] = {"/spec/auth/adminSecret", "/spec/auraFleetManagement/tokenSecretRef/name",
					   "/spec/auraFleetManagement/provision/credentialsSecretRef/name", "/spec/tls/certificateSecret"};

// The Secret that the operator makes for a token. The longest name of a deployment is far shorter than that of an object.
static const char *own_token_secret(const struct kube_object *root, char text[KUBE_NAME_SIZE])
{
	if (!kube_object_get(root, "/spec/auraFleetManagement/provision"))
		return NULL;
	(void)snprintf(text, KUBE_NAME_SIZE, "%s" FLEET_TOKEN_SUFFIX, kube_object_name(root));
	return text;
}

// A deployment is found by the Secrets that it refers to.
void index_by_secret(const struct kube_object *root, void (*add)(void *user, const char *name), void *user)
{
	char text[KUBE_NAME_SIZE];

	for (size_t i = 0; i < sizeof(secret_paths) / sizeof(secret_paths[0]); i++)
		add(user, kube_object_str(root, secret_paths[i]));
	add(user, own_token_secret(root, text));
}

// A plugin is found by its deployment.
void index_by_target(const struct kube_object *plugin, void (*add)(void *user, const char *name), void *user)
{
	add(user, kube_object_str(plugin, "/spec/clusterRef"));
}

// A pod and a claim are found by the deployment that their labels tell.
void index_by_instance(const struct kube_object *object, void (*add)(void *user, const char *name), void *user)
{
	yyjson_val *labels = yyjson_obj_get(yyjson_obj_get(kube_object_root(object), "metadata"), "labels");

	add(user, yyjson_get_str(yyjson_obj_get(labels, LABEL_INSTANCE)));
}

static void add_referring(struct context *context, struct kube_store *store, enum key_kind kind,
			  const struct kube_object *secret)
{
	_cleanup_(kube_names_free) struct kube_names roots;

	kube_store_find(store, kube_object_namespace(secret), kube_object_name(secret), &roots);
	for (size_t i = 0; i < roots.n; i++)
		add_key(context, kind, kube_object_namespace(secret), roots.names[i]);
}

// A Secret changed: every deployment that refers to it is concerned.
void wake_by_secret(void *user, const struct kube_resource *resource, struct kube_object *object,
		      struct kube_object *previous)
{
	const struct kube_object *secret = object ? object : previous;
	struct context *context = user;

	(void)resource;
	add_referring(context, context->stores.standalones, KEY_STANDALONE, secret);
	add_referring(context, context->stores.clusters, KEY_CLUSTER, secret);
}
