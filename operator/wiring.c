// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/wiring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "kube/discovery.h"
#include "kube/informer.h"
#include "kube/runner.h"
#include "operator/context.h"
#include "operator/fleet/roster.h"
#include "operator/object/belongs.h"
#include "operator/object/key.h"
#include "operator/object/labels.h"
#include "operator/pass/apply.h"
#include "operator/pass/memory.h"
#include "operator/pass/metrics.h"
#include "operator/pass/reconcile.h"
#include "operator/pass/tally.h"
#include "operator/plugin/plugin_verdicts.h"

// Our children, and nothing of anybody else's, are kept in the stores.
#define CHILDREN "app.kubernetes.io/managed-by=neofleet"
#define FINISH_MS INT64_C(5000)

// What an object may have at most to be kept: a deployment, whose settings become neo4j.conf (a ConfigMap may have what one can have at all); those
// with a pod template or a plugin's settings; and all others. And what is kept of large ones may take so much memory together, and of one namespace.
#define LARGE ((size_t)640 * 1024)
#define MEDIUM ((size_t)256 * 1024)
#define SMALL ((size_t)32 * 1024)
#define ALLOWANCE ((size_t)24 * 1024 * 1024)
#define ALLOWANCE_OF_NAMESPACE ((size_t)6 * 1024 * 1024)

// Signals wait for this.
#define DISCOVERY_TIMEOUT_MS 3000

#define LEASE_NAME "neofleet"

#define INFORMERS 11

struct wiring {
	struct loop *loop;
	struct kube_config *config;
	struct context context;
	struct kube_informer *informers[INFORMERS];
	size_t n_informers;
	int workers;
	struct kube_client *asking; // of discovery
	struct discovery *discovery;
	bool complained[KEY_KINDS]; // that the API server does not know this kind
	void (*on_lease)(void);
	struct histogram logins;
	struct allowance *allowance;
	_Atomic uint64_t plugins_changed;
	struct runner *_Atomic runner; // NULL until the work begins; the metrics' thread reads it, too
};

static void add_key(struct wiring *wiring, enum key_kind kind, const char *namespace, const char *name)
{
	char text[QUEUE_KEY_SIZE];

	if (kind == KEY_KINDS || !name)
		return;
	key_format(kind, namespace, name, text);
	queue_add(wiring->context.queue, text);
}

// The plugins of a deployment tell in their own status how it goes.
static void add_plugins(struct wiring *wiring, const char *namespace, const char *deployment)
{
	_cleanup_(kube_names_free) struct kube_names plugins;

	kube_store_find(wiring->context.stores.plugins, namespace, deployment, &plugins);
	for (size_t i = 0; i < plugins.n; i++)
		add_key(wiring, KEY_PLUGIN, namespace, plugins.names[i]);
}

// A deployment changed.
static void on_root(void *user, const struct kube_resource *resource, struct kube_object *object,
		    struct kube_object *previous)
{
	const struct kube_object *known = object ? object : previous;
	struct wiring *wiring = user;

	tally_change(wiring->context.tally, key_kind_of(resource->kind), object, previous);
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

// The deployment that a plugin is for, and its other plugins.
static void add_target(struct wiring *wiring, const char *namespace, const char *target)
{
	add_plugins(wiring, namespace, target);
	if (is_stored(wiring->context.stores.standalones, (struct kube_name){.namespace = namespace, .name = target}))
		add_key(wiring, KEY_STANDALONE, namespace, target);
	if (is_stored(wiring->context.stores.clusters, (struct kube_name){.namespace = namespace, .name = target}))
		add_key(wiring, KEY_CLUSTER, namespace, target);
}

// A plugin changed: so may what its deployment is made of, and whether another claim of the same plugin is met.
static void on_plugin(void *user, const struct kube_resource *resource, struct kube_object *object,
		      struct kube_object *previous)
{
	const struct kube_object *known = object ? object : previous;
	const char *namespace = kube_object_namespace(known), *target = kube_object_str(known, "/spec/clusterRef"), *former;
	struct wiring *wiring = user;

	(void)resource;
	tally_change(wiring->context.tally, KEY_PLUGIN, object, previous);
	if (is_respecified(object, previous))
		atomic_fetch_add(&wiring->plugins_changed, 1);
	add_key(wiring, KEY_PLUGIN, namespace, kube_object_name(known));
	if (!target || !is_respecified(object, previous))
		return;
	add_target(wiring, namespace, target);
	// Of one that was made anew while nobody watched.
	former = previous ? kube_object_str(previous, "/spec/clusterRef") : NULL;
	if (former && strcmp(former, target) != 0)
		add_target(wiring, namespace, former);
}

static void add_controller(struct wiring *wiring, const struct kube_object *child)
{
	yyjson_val *owner = kube_object_controller(child);
	const char *name = yyjson_get_str(yyjson_obj_get(owner, "name"));

	add_key(wiring, key_kind_of(yyjson_get_str(yyjson_obj_get(owner, "kind"))), kube_object_namespace(child), name);
	if (name)
		add_plugins(wiring, kube_object_namespace(child), name);
}

// The other kind may have waited for the name of a child that is gone.
static void add_rival(struct wiring *wiring, const struct kube_object *child)
{
	yyjson_val *owner = kube_object_controller(child);
	enum key_kind kind = key_kind_of(yyjson_get_str(yyjson_obj_get(owner, "kind")));

	if (kind == KEY_STANDALONE || kind == KEY_CLUSTER)
		add_key(wiring, kind == KEY_CLUSTER ? KEY_STANDALONE : KEY_CLUSTER, kube_object_namespace(child),
			yyjson_get_str(yyjson_obj_get(owner, "name")));
}

// What nobody controls has labels that tell whose it is.
static void add_labelled(struct wiring *wiring, const struct kube_object *object)
{
	yyjson_val *labels = yyjson_obj_get(yyjson_obj_get(kube_object_root(object), "metadata"), "labels");
	bool cluster = yyjson_equals_str(yyjson_obj_get(labels, LABEL_COMPONENT), labels_component(DBMS_CLUSTER));

	add_key(wiring, cluster ? KEY_CLUSTER : KEY_STANDALONE, kube_object_namespace(object),
		yyjson_get_str(yyjson_obj_get(labels, LABEL_INSTANCE)));
}

static bool have_one_controller(const struct kube_object *a, const struct kube_object *b)
{
	return yyjson_equals(yyjson_obj_get(kube_object_controller(a), "uid"), yyjson_obj_get(kube_object_controller(b), "uid"));
}

// A child changed: its controller is the root. One that has lost its controller, or has none after a restore, is to be adopted.
static void on_child(void *user, const struct kube_resource *resource, struct kube_object *object,
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
static void on_pod(void *user, const struct kube_resource *resource, struct kube_object *object,
		   struct kube_object *previous)
{
	_cleanup_(kube_object_unrefp) struct kube_object *set = NULL;
	const struct kube_object *pod = object ? object : previous;
	struct wiring *wiring = user;

	(void)resource;
	set = kube_store_get(wiring->context.stores.statefulsets,
			     (struct kube_name){
				     .namespace = kube_object_namespace(pod),
				     .name = yyjson_get_str(yyjson_obj_get(kube_object_controller(pod), "name")),
			     });
	// Of a StatefulSet too large to be kept, the pod's own label tells whose it is.
	if (set && kube_object_cut_bytes(set))
		add_labelled(wiring, pod);
	else if (set)
		add_controller(wiring, set);
}

// The claim of a volume changed: nobody controls it.
static void on_volume(void *user, const struct kube_resource *resource, struct kube_object *object,
		     struct kube_object *previous)
{
	(void)resource;
	add_labelled(user, object ? object : previous);
}

static const char *const secret_paths[] = {"/spec/auth/adminSecret", "/spec/auraFleetManagement/tokenSecretRef/name",
					   "/spec/tls/certificateSecret"};

// A deployment is found by the Secrets that it refers to.
static void by_secret(const struct kube_object *root, void (*add)(void *user, const char *name), void *user)
{
	for (size_t i = 0; i < sizeof(secret_paths) / sizeof(secret_paths[0]); i++)
		add(user, kube_object_str(root, secret_paths[i]));
}

// A plugin is found by its deployment.
static void by_target(const struct kube_object *plugin, void (*add)(void *user, const char *name), void *user)
{
	add(user, kube_object_str(plugin, "/spec/clusterRef"));
}

// A pod and a claim are found by the deployment that their labels tell.
static void by_instance(const struct kube_object *object, void (*add)(void *user, const char *name), void *user)
{
	yyjson_val *labels = yyjson_obj_get(yyjson_obj_get(kube_object_root(object), "metadata"), "labels");

	add(user, yyjson_get_str(yyjson_obj_get(labels, LABEL_INSTANCE)));
}

static void add_referring(struct wiring *wiring, struct kube_store *store, enum key_kind kind,
			  const struct kube_object *secret)
{
	_cleanup_(kube_names_free) struct kube_names roots;

	kube_store_find(store, kube_object_namespace(secret), kube_object_name(secret), &roots);
	for (size_t i = 0; i < roots.n; i++)
		add_key(wiring, kind, kube_object_namespace(secret), roots.names[i]);
}

// A Secret changed: every deployment that refers to it is concerned.
static void on_secret(void *user, const struct kube_resource *resource, struct kube_object *object,
		      struct kube_object *previous)
{
	const struct kube_object *secret = object ? object : previous;
	struct wiring *wiring = user;

	(void)resource;
	add_referring(wiring, wiring->context.stores.standalones, KEY_STANDALONE, secret);
	add_referring(wiring, wiring->context.stores.clusters, KEY_CLUSTER, secret);
}

// The order is that in which the stores are made: what a handler looks into comes before it.
static int make_informers(struct wiring *wiring, const char *namespace, struct err *err)
{
	// What is read of them beside metadata.
	static const char *const spec[] = {"/spec", NULL}, *const data[] = {"/data", NULL}, *const nothing[] = {NULL};
	static const char *const pod[] = {"/spec/containers",	"/spec/nodeName",	     "/spec/volumes",
					  "/status/conditions", "/status/containerStatuses", "/status/podIP",
					  NULL};
	static const char *const claim[] = {"/spec/resources", "/status/phase", NULL};
	const struct {
		const struct kube_resource *resource;
		struct kube_store **store;
		kube_informer_handler handler;
		const char *const *parts;
		bool (*keep)(yyjson_val *object); // NULL: all, also without our label
		kube_store_index index;
		size_t max_bytes; // of one
	} watched[INFORMERS] = {
		{key_resource(KEY_STANDALONE), &wiring->context.stores.standalones, on_root, NULL, NULL, by_secret, LARGE},
		{key_resource(KEY_CLUSTER), &wiring->context.stores.clusters, on_root, NULL, NULL, by_secret, LARGE},
		{key_resource(KEY_PLUGIN), &wiring->context.stores.plugins, on_plugin, NULL, NULL, by_target, MEDIUM},
		{&kube_statefulsets, &wiring->context.stores.statefulsets, on_child, NULL, belongs_child, NULL, MEDIUM},
		{&kube_services, &wiring->context.stores.services, on_child, spec, belongs_child, NULL, SMALL},
		{&kube_configmaps, &wiring->context.stores.configmaps, on_child, data, belongs_child, NULL, CHILD_MAX_BYTES},
		{&kube_serviceaccounts, &wiring->context.stores.accounts, on_child, NULL, belongs_child, NULL, SMALL},
		{&kube_poddisruptionbudgets, &wiring->context.stores.budgets, on_child, spec, belongs_child, NULL, SMALL},
		{&kube_pods, &wiring->context.stores.pods, on_pod, pod, belongs_pod, by_instance, SMALL},
		{&kube_persistentvolumeclaims, &wiring->context.stores.volumes, on_volume, claim, belongs_volume, by_instance, SMALL},
		{&kube_secrets, &wiring->context.stores.secrets, on_secret, nothing, NULL, NULL, SMALL},
	};

	for (size_t i = 0; i < INFORMERS; i++) {
		struct kube_informer_options options = {
			.resource = watched[i].resource,
			.namespace = namespace,
			.label_selector = watched[i].keep ? CHILDREN : NULL,
			.parts = watched[i].parts,
			.keep = watched[i].keep,
			.store = {.index = watched[i].index, .max_bytes = watched[i].max_bytes, .allowance = wiring->allowance},
			.metadata_only = watched[i].resource == &kube_secrets,
			.handler = watched[i].handler,
			.user = wiring,
		};
		int r = kube_informer_new(wiring->context.client, &options, &wiring->informers[i], err);

		if (r < 0)
			return r;
		wiring->n_informers++;
		*watched[i].store = kube_informer_store(wiring->informers[i]);
	}
	return 0;
}

static void on_lease(void *user)
{
	struct wiring *wiring = user;

	if (wiring->on_lease)
		wiring->on_lease();
}

// The pod's, where the manifest tells it: a container that is started again in the same pod goes on with what the one before has held.
// NULL: one of this process alone.
static const char *lease_holder(struct arena *arena)
{
	const char *name = getenv("POD_NAME"), *uid = getenv("POD_UID");

	return name && *name && uid && *uid ? arena_printf(arena, "%s_%s", name, uid) : NULL;
}

// One for each scope: operators of two namespaces work side by side.
static const char *lease_name_of(const struct wiring_options *options, struct arena *arena)
{
	if (options->lease_name)
		return options->lease_name;
	return options->namespace ? arena_printf(arena, LEASE_NAME "-%s", options->namespace) : LEASE_NAME;
}

static int make_lease(struct wiring *wiring, const struct wiring_options *given, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *namespace = given->lease_namespace ? given->lease_namespace : kube_config_namespace(wiring->config);
	struct lease_options options = {
		.identity = lease_holder(arena),
		.name = {.namespace = namespace, .name = lease_name_of(given, arena)},
		.on_change = on_lease,
		.user = wiring,
	};

	return lease_new(wiring->config, wiring->loop, &options, &wiring->context.lease, err);
}

static int make_parts(struct wiring *wiring, const struct wiring_options *options, struct err *err)
{
	int r = kube_config_load(options->kubeconfig, options->context, &wiring->config, err);

	if (r < 0 || (r = loop_new(&wiring->loop, err)) < 0)
		return r;
	r = kube_client_new(wiring->config, wiring->loop, &wiring->context.client, err);
	if (r < 0)
		return r;
	r = kube_client_new(wiring->config, wiring->loop, &wiring->asking, err);
	if (r < 0)
		return r;
	kube_client_set_timeout_ms(wiring->asking, DISCOVERY_TIMEOUT_MS);
	wiring->discovery = discovery_new(wiring->asking, NULL);
	wiring->context.events = event_recorder_new(wiring->context.client, FIELD_MANAGER);
	// For the API server's errors alone (what Neo4j refuses has a pace of its own): when it is back, all is done within half a minute.
	wiring->context.queue = queue_new(&(struct queue_options){
		.base_delay_ms = 1000, .max_delay_ms = 30000, .group = key_group, .places = runner_places(options->workers), .workers = options->workers});
	wiring->context.memories = memory_table_new();
	wiring->context.roster = roster_new();
	wiring->context.tally = tally_new();
	wiring->context.verdicts = plugin_verdicts_table_new();
	wiring->context.plugins_changed = &wiring->plugins_changed;
	wiring->allowance = allowance_new(ALLOWANCE, ALLOWANCE_OF_NAMESPACE);
	wiring->context.logins = &wiring->logins;
	r = make_informers(wiring, options->namespace, err);
	if (r == 0 && options->leader_elect)
		r = make_lease(wiring, options, err);
	if (r < 0 || (r = loop_start(wiring->loop, err)) < 0)
		return r;
	return wiring->context.lease ? lease_start(wiring->context.lease, err) : 0;
}

int wiring_start(const struct wiring_options *options, struct wiring **ret, struct err *err)
{
	struct wiring *wiring = calloc(1, sizeof(*wiring));
	int r;

	if (!wiring)
		abort();
	wiring->workers = options->workers;
	wiring->on_lease = options->on_lease;
	r = make_parts(wiring, options, err);
	if (r < 0) {
		wiring_stop(wiring);
		return r;
	}
	for (size_t i = 0; i < wiring->n_informers; i++)
		kube_informer_start(wiring->informers[i]);
	*ret = wiring;
	return 0;
}

bool wiring_synced(const struct wiring *wiring)
{
	for (size_t i = 0; i < wiring->n_informers; i++) {
		if (!kube_informer_synced(wiring->informers[i]))
			return false;
	}
	return true;
}

// False when it is not known whether it is there.
static bool is_missing(struct wiring *wiring, const struct kube_resource *resource)
{
	struct err err = ERR_INIT;
	bool there;

	return discovery_has(wiring->discovery, resource, &there, &err) == 0 && !there;
}

void wiring_explain(struct wiring *wiring)
{
	for (int kind = 0; kind < KEY_KINDS; kind++) {
		const struct kube_resource *resource = key_resource((enum key_kind)kind);
		bool missing = is_missing(wiring, resource);

		if (missing && !wiring->complained[kind])
			log_error("the API server does not know this kind; install it: kubectl apply -f deploy/crds", "kind", resource->kind,
				  "group", resource->group, "version", resource->version);
		wiring->complained[kind] = missing;
	}
}

bool wiring_leads(const struct wiring *wiring)
{
	return !wiring->context.lease || lease_is_held(wiring->context.lease);
}

bool wiring_lost(const struct wiring *wiring)
{
	return wiring->context.lease && lease_is_lost(wiring->context.lease);
}

int wiring_work(struct wiring *wiring, struct err *err)
{
	struct runner_options options = {
		.queue = wiring->context.queue,
		.workers = wiring->workers,
		.reconcile = reconcile,
		.user = &wiring->context,
		.name = "deployment",
	};

	struct runner *runner;
	int r = runner_start(&options, &runner, err);

	if (r == 0)
		atomic_store(&wiring->runner, runner);
	return r;
}

int64_t wiring_look(struct wiring *wiring)
{
	struct runner *runner = atomic_load(&wiring->runner);

	return runner ? runner_look(runner) : 0;
}

void wiring_stop(struct wiring *wiring)
{
	if (!wiring)
		return;
	// Who has begun may finish, but not wait for a server that does not answer.
	if (wiring->runner && wiring->loop)
		loop_stop_when_stuck(wiring->loop, FINISH_MS);
	if (wiring->runner)
		runner_stop(wiring->runner);
	lease_stop(wiring->context.lease);
	if (wiring->loop)
		loop_stop(wiring->loop);
	for (size_t i = 0; i < wiring->n_informers; i++)
		kube_informer_free(wiring->informers[i]);
	allowance_free(wiring->allowance);
	tally_free(wiring->context.tally);
	plugin_verdicts_table_free(wiring->context.verdicts);
	lease_free(wiring->context.lease);
	memory_table_free(wiring->context.memories);
	roster_free(wiring->context.roster);
	if (wiring->context.events)
		event_recorder_free(wiring->context.events);
	discovery_free(wiring->discovery);
	kube_client_free(wiring->asking);
	kube_client_free(wiring->context.client);
	queue_free(wiring->context.queue);
	loop_free(wiring->loop);
	kube_config_free(wiring->config);
	free(wiring);
}

void wiring_metrics(struct wiring *wiring, struct buf *out)
{
	metrics_write(&wiring->context, atomic_load(&wiring->runner), out);
}
