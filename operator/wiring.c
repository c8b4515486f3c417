// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/wiring.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aura/aura_client.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/release.h"
#include "kube/discovery.h"
#include "kube/file.h"
#include "kube/informer.h"
#include "kube/proxy.h"
#include "kube/runner.h"
#include "operator/context.h"
#include "operator/fleet/roster.h"
#include "operator/object/belongs.h"
#include "operator/object/key.h"
#include "operator/object/labels.h"
#include "operator/object/own_domain.h"
#include "operator/pass/apply.h"
#include "operator/pass/memory.h"
#include "operator/pass/metrics.h"
#include "operator/pass/reconcile.h"
#include "operator/pass/tally.h"
#include "operator/plugin/plugin_verdicts.h"
#include "operator/server/login_bars.h"
#include "operator/wake.h"

// The label of our children: the stores keep no other objects of these kinds.
#define CHILDREN "app.kubernetes.io/managed-by=neofleet"
#define FINISH_MS INT64_C(5000)

// The largest objects that the stores keep: a deployment, whose settings become neo4j.conf (as large as a ConfigMap may be); an object with a
// pod template or a plugin's settings; all others. Below: how much memory the large ones may take together, and those of one namespace.
#define LARGE ((size_t)640 * 1024)
#define MEDIUM ((size_t)256 * 1024)
#define SMALL ((size_t)32 * 1024)
#define ALLOWANCE ((size_t)24 * 1024 * 1024)
#define ALLOWANCE_OF_NAMESPACE ((size_t)6 * 1024 * 1024)

// A signal waits for at most this long.
#define DISCOVERY_TIMEOUT_MS 3000

#define LEASE_NAME "neofleet"

// The kubelet writes less than 2 KiB.
#define RESOLV_MAX 4096

// Of one request to the Aura API: a worker waits so long.
#define AURA_TIMEOUT_MS 8000

#define INFORMERS 11

struct wiring {
	struct loop *loop;
	struct kube_config *config;
	struct context context;
	struct kube_informer *informers[INFORMERS];
	size_t n_informers;
	int workers;
	struct kube_client *asking; // for discovery
	struct discovery *discovery;
	bool complained[KEY_KINDS]; // that the API server does not know this kind
	void (*on_lease)(void);
	struct histogram logins;
	struct allowance *allowance;
	struct arena *texts; // of the Aura API's client
	struct shelf *shelf;
	_Atomic uint64_t plugins_changed;
	struct runner *_Atomic runner; // NULL until the work begins; the metrics' thread reads it, too
};

// The rows stand in the order in which the stores are made: a handler looks only into stores above its own.
static int make_informers(struct wiring *wiring, const char *namespace, struct err *err)
{
	// The parts that are read beside metadata.
	static const char *const spec[] = {"/spec", NULL}, *const data[] = {"/data", NULL}, *const nothing[] = {NULL};
	static const char *const pod[] = {"/spec/containers",	"/spec/nodeName",	     "/spec/volumes",
					  "/status/conditions", "/status/containerStatuses", "/status/initContainerStatuses",
					  "/status/podIP",	NULL};
	static const char *const claim[] = {"/spec/resources", "/spec/storageClassName", "/spec/volumeName", "/status/capacity", "/status/phase", NULL};
	const struct {
		const struct kube_resource *resource;
		struct kube_store **store;
		kube_informer_handler handler;
		const char *const *parts;
		bool (*keep)(yyjson_val *object); // NULL: all, also without our label
		kube_store_index index;
		size_t max_bytes; // of one object
	} watched[INFORMERS] = {
		{key_resource(KEY_STANDALONE), &wiring->context.stores.standalones, wake_by_root, NULL, NULL, index_by_secret, LARGE},
		{key_resource(KEY_CLUSTER), &wiring->context.stores.clusters, wake_by_root, NULL, NULL, index_by_secret, LARGE},
		{key_resource(KEY_PLUGIN), &wiring->context.stores.plugins, wake_by_plugin, NULL, NULL, index_by_target, MEDIUM},
		{&kube_statefulsets, &wiring->context.stores.statefulsets, wake_by_child, NULL, belongs_child, NULL, MEDIUM},
		{&kube_services, &wiring->context.stores.services, wake_by_child, spec, belongs_child, NULL, SMALL},
		{&kube_configmaps, &wiring->context.stores.configmaps, wake_by_child, data, belongs_child, NULL, CHILD_MAX_BYTES},
		{&kube_serviceaccounts, &wiring->context.stores.accounts, wake_by_child, NULL, belongs_child, NULL, SMALL},
		{&kube_poddisruptionbudgets, &wiring->context.stores.budgets, wake_by_child, spec, belongs_child, NULL, SMALL},
		{&kube_pods, &wiring->context.stores.pods, wake_by_pod, pod, belongs_pod, index_by_instance, SMALL},
		{&kube_persistentvolumeclaims, &wiring->context.stores.volumes, wake_by_volume, claim, belongs_volume, index_by_instance, SMALL},
		{&kube_secrets, &wiring->context.stores.secrets, wake_by_secret, nothing, NULL, NULL, SMALL},
	};

	for (size_t i = 0; i < INFORMERS; i++) {
		struct kube_informer_options options = {
			.resource = watched[i].resource,
			.namespace = namespace,
			.label_selector = watched[i].keep ? CHILDREN : NULL,
			.parts = watched[i].parts,
			.keep = watched[i].keep,
			.store = {.index = watched[i].index, .max_bytes = watched[i].max_bytes, .allowance = wiring->allowance, .shelf = wiring->shelf},
			.metadata_only = watched[i].resource == &kube_secrets,
			.handler = watched[i].handler,
			.user = &wiring->context,
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

// The pod's name, where the manifest tells it: a container that starts again in the same pod goes on with the lease of the one before. NULL: a
// name of this process alone.
static const char *lease_holder(struct arena *arena)
{
	const char *name = getenv("POD_NAME"), *uid = getenv("POD_UID");

	return name && *name && uid && *uid ? arena_printf(arena, "%s_%s", name, uid) : NULL;
}

// One lease for each scope, so that the operators of two namespaces work side by side.
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

static int read_authorities(struct wiring *wiring, const char *path, const char **ret, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT(FILE_MAX_BYTES);
	int r = file_read(path, &text, err);

	if (r < 0)
		return err_wrap(err, "cannot read the authorities of the Aura API");
	if (text.len == 0)
		return err_set(err, ERR_INVALID, "'%s' is empty, and must hold the authorities of the Aura API", path);
	*ret = arena_strdup(wiring->texts, buf_str(&text));
	return 0;
}

static int make_aura(struct wiring *wiring, const struct wiring_options *given, struct err *err)
{
	const struct proxy_environment environment = proxy_environment();
	const char *url = given->aura_url ? arena_strdup(wiring->texts, given->aura_url) : AURA_URL;
	struct aura_options options = {
		.url = url,
		.proxy = proxy_choose(&environment, url, wiring->texts),
		.user_agent = arena_printf(wiring->texts, "neofleet/%s", release_version),
		.clock = &clock_system,
		.timeout_ms = AURA_TIMEOUT_MS,
	};
	int r = given->aura_ca_file ? read_authorities(wiring, given->aura_ca_file, &options.ca_pem, err) : 0;

	if (r == 0)
		wiring->context.aura = aura_client_new(&options, wiring->loop);
	return r;
}

// NULL on a machine outside of the cluster.
static char *read_own_domain(void)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(fclosep) FILE *file = fopen("/etc/resolv.conf", "re");
	char text[RESOLV_MAX + 1];
	const char *domain;

	if (!file)
		return NULL;
	text[fread(text, 1, RESOLV_MAX, file)] = '\0';
	domain = own_domain_of(text, arena);
	return domain ? strdup(domain) : NULL;
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
	r = make_aura(wiring, options, err);
	if (r < 0)
		return r;
	kube_client_set_timeout_ms(wiring->asking, DISCOVERY_TIMEOUT_MS);
	wiring->discovery = discovery_new(wiring->asking, NULL);
	wiring->context.events = event_recorder_new(wiring->context.client, FIELD_MANAGER);
	// These bounds are for the API server's errors alone; what Neo4j refuses has a pace of its own. When the API server is back, all is done
	// within half a minute.
	wiring->context.queue = queue_new(&(struct queue_options){
		.base_delay_ms = 1000, .max_delay_ms = 30000, .group = key_group, .places = runner_places(options->workers), .workers = options->workers});
	wiring->context.memories = memory_table_new();
	wiring->context.bars = login_bars_new();
	wiring->context.roster = roster_new();
	wiring->context.tally = tally_new();
	wiring->context.verdicts = plugin_verdicts_table_new();
	wiring->context.plugins_changed = &wiring->plugins_changed;
	wiring->allowance = allowance_new(ALLOWANCE, ALLOWANCE_OF_NAMESPACE);
	wiring->shelf = shelf_new();
	wiring->context.logins = &wiring->logins;
	wiring->context.own_domain = read_own_domain();
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
	wiring->texts = arena_new();
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

// False also when nobody can tell.
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
	// Workers may finish what they have begun, but not wait for a server that does not answer.
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
	shelf_free(wiring->shelf);
	tally_free(wiring->context.tally);
	plugin_verdicts_table_free(wiring->context.verdicts);
	lease_free(wiring->context.lease);
	memory_table_free(wiring->context.memories);
	login_bars_free(wiring->context.bars);
	roster_free(wiring->context.roster);
	if (wiring->context.events)
		event_recorder_free(wiring->context.events);
	discovery_free(wiring->discovery);
	kube_client_free(wiring->asking);
	kube_client_free(wiring->context.client);
	if (wiring->context.aura)
		aura_client_free(wiring->context.aura);
	arena_free(wiring->texts);
	queue_free(wiring->context.queue);
	loop_free(wiring->loop);
	kube_config_free(wiring->config);
	free(wiring->context.own_domain);
	free(wiring);
}

void wiring_metrics(struct wiring *wiring, struct buf *out)
{
	metrics_write(&wiring->context, atomic_load(&wiring->runner), out);
}
