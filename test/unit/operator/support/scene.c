// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "support/scene.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/json.h"
#include "base/log.h"
#include "operator/fleet/roster.h"
#include "operator/object/key.h"
#include "operator/object/labels.h"
#include "operator/pass/memory.h"
#include "operator/pass/reconcile.h"
#include "operator/pass/tally.h"
#include "operator/plugin/plugin_verdicts.h"
#include "operator/server/login_bars.h"
#include "support/controller.h"

#define ROOT                                                                                                                        \
	"{\"apiVersion\":\"neo4j.neo4j.com/v1alpha1\",\"kind\":\"Neo4jEnterpriseStandalone\",\"metadata\":{\"name\":\"a\"},\"spec\":{"   \
	"\"image\":{\"repo\":\"neo4j\",\"tag\":\"2025.12.1-enterprise\"},\"storage\":{\"size\":\"1Gi\"},\"auth\":{\"adminSecret\":"       \
	"\"admin\"},\"auraFleetManagement\":{\"enabled\":true,\"tokenSecretRef\":{\"name\":\"token\"}}}}"
#define EXPIRY "2999-01-01T00:00:00Z"
#define ROUNDS_MAX 12

static void by_instance(const struct kube_object *object, void (*add)(void *user, const char *name), void *user)
{
	yyjson_val *labels = yyjson_ptr_get(kube_object_root(object), "/metadata/labels");

	add(user, yyjson_get_str(yyjson_obj_get(labels, LABEL_INSTANCE)));
}

static void by_target(const struct kube_object *plugin, void (*add)(void *user, const char *name), void *user)
{
	add(user, kube_object_str(plugin, "/spec/clusterRef"));
}

// The clocks that go on while the machine sleeps (base/clock.c) stand still while there is a scene, and go on when a test says so: how fast
// the machine is must not matter. The tests are linked with --wrap=clock_gettime. In milliseconds; 0: the clock goes.
static _Atomic int64_t boot_stands_at, wall_stands_at, slept_ms;

// A scene begins this long after the machine was started, whenever it runs: looks at the connection keep to a grid of that clock.
#define BOOTED_MS (INT64_C(1000) * 3600 * 1000)

int __real_clock_gettime(clockid_t id, struct timespec *ret);
int __wrap_clock_gettime(clockid_t id, struct timespec *ret);

int __wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
	int64_t ms = id == CLOCK_BOOTTIME ? atomic_load(&boot_stands_at) : id == CLOCK_REALTIME ? atomic_load(&wall_stands_at) : 0;
	int r = __real_clock_gettime(id, ret);

	if (id == CLOCK_MONOTONIC)
		return r;
	if (!ms)
		ms = (int64_t)ret->tv_sec * 1000 + ret->tv_nsec / 1000000;
	ms += atomic_load(&slept_ms);
	*ret = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	return r;
}

static void stop_clocks(void)
{
	int64_t slept = atomic_load(&slept_ms);

	atomic_store(&boot_stands_at, BOOTED_MS - slept);
	atomic_store(&wall_stands_at, clock_wall_ms(&clock_system) - slept);
}

static void start_clocks(void)
{
	atomic_store(&boot_stands_at, 0);
	atomic_store(&wall_stands_at, 0);
}

void scene_later(struct scene *scene, int64_t ms)
{
	(void)scene;
	atomic_fetch_add(&slept_ms, ms);
}

struct shelf {
	struct kube_store **store;
	const char *collection;
	kube_store_index index;
	bool children; // the operator watches those with its label
};

#define SHELVES 11

// Where the objects of a store are.
static void shelves(struct scene *scene, struct shelf ret[SHELVES])
{
	const struct shelf all[SHELVES] = {
		{&scene->context.stores.standalones, "/apis/neo4j.neo4j.com/v1alpha1/neo4jenterprisestandalones", NULL, false},
		{&scene->context.stores.clusters, "/apis/neo4j.neo4j.com/v1alpha1/neo4jenterpriseclusters", NULL, false},
		{&scene->context.stores.plugins, "/apis/neo4j.neo4j.com/v1alpha1/neo4jplugins", by_target, false},
		{&scene->context.stores.statefulsets, "/apis/apps/v1/statefulsets", NULL, true},
		{&scene->context.stores.services, "/api/v1/services", NULL, true},
		{&scene->context.stores.configmaps, "/api/v1/configmaps", NULL, true},
		{&scene->context.stores.accounts, "/api/v1/serviceaccounts", NULL, true},
		{&scene->context.stores.budgets, "/apis/policy/v1/poddisruptionbudgets", NULL, true},
		{&scene->context.stores.pods, "/api/v1/pods", by_instance, true},
		{&scene->context.stores.volumes, "/api/v1/persistentvolumeclaims", by_instance, true},
		{&scene->context.stores.secrets, "/api/v1/secrets", NULL, false},
	};

	memcpy(ret, all, sizeof(all));
}

static int64_t read_now(void *user)
{
	struct scene *scene = user;

	scene_later(scene, atomic_exchange(&scene->nap_ms, 0));
	return atomic_load(&scene->now_ms);
}

static void encode(const char *text, char *ret, size_t size)
{
	assert_true(strlen(text) * 4 / 3 + 4 < size);
	(void)EVP_EncodeBlock((unsigned char *)ret, (const unsigned char *)text, (int)strlen(text));
}

const char *scene_token(struct scene *scene, const char *expiry)
{
	const char *json = arena_printf(scene->arena,
					"{\"project_id\":\"p-1\",\"private_key\":\"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\",\"kid\":\"k\","
					"\"expiry_time\":\"%s\"}",
					expiry);
	char *token = arena_alloc(scene->arena, 1024);

	encode(json, token, 1024);
	return token;
}

void scene_secret(struct scene *scene, const char *path, const char *key, const char *value)
{
	char text[2048];

	encode(value, text, sizeof(text));
	kubernetes_put(scene->kubernetes, path, arena_printf(scene->arena, "{\"kind\":\"Secret\",\"data\":{\"%s\":\"%s\"}}", key, text));
}

void scene_make_root(struct scene *scene)
{
	kubernetes_put(scene->kubernetes, SCENE_ROOT, ROOT);
}

void scene_begin(struct scene *scene)
{
	struct shelf all[SHELVES];
	static unsigned n; // one that a failed test has left keeps its address
	unsigned id = (unsigned)getpid();

	log_set_level(LOG_ERROR + 1);
	start_clocks(); // after a test that has failed
	stop_clocks();
	memset(scene, 0, sizeof(*scene));
	scene->arena = arena_new();
	(void)snprintf(scene->address, sizeof(scene->address), "127.%u.%u.%u", 1 + ((id >> 16) + 37 * n++) % 254, (id >> 8) % 256, id % 256);
	scene->kubernetes = kubernetes_start();
	scene->server = neo4j_server_start(scene->address);
	scene->context.client = kubernetes_reach(scene->kubernetes)->client;
	scene->context.events = event_recorder_new(scene->context.client, FIELD_MANAGER);
	scene->context.queue = queue_new(&(struct queue_options){0});
	scene->context.memories = memory_table_new();
	scene->context.bars = login_bars_new();
	scene->context.roster = roster_new();
	scene->context.tally = tally_new();
	scene->context.verdicts = plugin_verdicts_table_new();
	scene->context.plugins_changed = &scene->plugins_changed;
	scene->context.logins = &scene->logins;
	shelves(scene, all);
	for (size_t i = 0; i < SHELVES; i++)
		*all[i].store = kube_store_new(&(struct kube_store_options){.index = all[i].index});
	scene_make_root(scene);
	scene_secret(scene, SCENE_ADMIN, "password", "very-secret");
	scene_secret(scene, SCENE_TOKEN, "token", scene_token(scene, EXPIRY));
}

void scene_end(struct scene *scene)
{
	struct shelf all[SHELVES];

	neo4j_server_stop(scene->server);
	shelves(scene, all);
	for (size_t i = 0; i < SHELVES; i++)
		kube_store_free(*all[i].store);
	event_recorder_free(scene->context.events);
	queue_free(scene->context.queue);
	memory_table_free(scene->context.memories);
	login_bars_free(scene->context.bars);
	roster_free(scene->context.roster);
	tally_free(scene->context.tally);
	plugin_verdicts_table_free(scene->context.verdicts);
	lease_free(scene->context.lease);
	kubernetes_stop(scene->kubernetes);
	arena_free(scene->arena);
	start_clocks();
}

static bool has_our_label(const struct kube_object *object)
{
	yyjson_val *labels = yyjson_ptr_get(kube_object_root(object), "/metadata/labels");

	return yyjson_equals_str(yyjson_obj_get(labels, LABEL_MANAGED_BY), LABEL_MANAGED_BY_VALUE);
}

void scene_watch(struct scene *scene)
{
	struct shelf all[SHELVES];

	shelves(scene, all);
	for (size_t i = 0; i < SHELVES; i++) {
		struct kubernetes_objects objects = kubernetes_objects(scene->kubernetes, all[i].collection, scene->arena);
		struct kube_object *stale;

		kube_store_begin_round(*all[i].store);
		for (size_t n = 0; n < objects.n; n++) {
			struct kube_object *object = kube_object_parse(objects.texts[n], strlen(objects.texts[n]));

			assert_non_null(object);
			if (!all[i].children || has_our_label(object))
				kube_object_unref(kube_store_put(*all[i].store, object));
			kube_object_unref(object);
		}
		while ((stale = kube_store_remove_stale(*all[i].store)))
			kube_object_unref(stale);
	}
	atomic_fetch_add(&scene->plugins_changed, 1);
}

int scene_pass(struct scene *scene, const char *key)
{
	scene->err = ERR_INIT;
	scene->outcome = (struct outcome){0};
	return reconcile(&scene->context, key, &scene->outcome, &scene->err);
}

void scene_run_pods(struct scene *scene)
{
	controller_run(scene->kubernetes, "ns", "a", scene->address);
}

// One text of everything that the stores and the server hold. It changes with any of them.
static const char *world(struct scene *scene)
{
	return arena_printf(scene->arena, "%s %s", kubernetes_value(scene->kubernetes, SCENE_ROOT, "", scene->arena),
			    kubernetes_value(scene->kubernetes, SCENE_SET, "", scene->arena));
}

void scene_settle(struct scene *scene)
{
	const char *before = "", *now = world(scene);

	for (int i = 0; strcmp(before, now) != 0; i++) {
		assert_true(i < ROUNDS_MAX);
		before = now;
		scene_watch(scene);
		if (scene_pass(scene, SCENE_KEY) < 0)
			fail_msg("%s", scene->err.text);
		scene_run_pods(scene);
		now = world(scene);
	}
	scene_watch(scene);
}

void scene_lease(struct scene *scene, int64_t left_ms)
{
	struct reach *reach = kubernetes_reach(scene->kubernetes);
	struct lease_options options = {.name = {"ns", "l"}, .identity = "me", .clock = &scene->clock};

	scene->clock = (struct clock){.monotonic_ms = read_now, .wall_ms = read_now, .user = scene};
	scene->now_ms = 1000;
	if (!scene->context.lease) {
		assert_int_equal(lease_new(reach->config, reach->loop, &options, &scene->context.lease, &scene->err), 0);
		assert_true(lease_step(scene->context.lease) > 0);
	}
	atomic_store(&scene->now_ms, 1000 + 30000 - left_ms);
	assert_int_equal(lease_left_ms(scene->context.lease), left_ms);
}

void scene_set_spec(struct scene *scene, const char *spec)
{
	kubernetes_merge(scene->kubernetes, SCENE_ROOT, arena_printf(scene->arena, "{\"spec\":%s}", spec));
}

static const char *unquoted(struct scene *scene, const char *value)
{
	size_t len = value ? strlen(value) : 0;

	if (len < 2 || value[0] != '"')
		return value ? value : "";
	return arena_memdup0(scene->arena, value + 1, len - 2);
}

const char *scene_status(struct scene *scene, const char *pointer)
{
	return unquoted(scene, kubernetes_value(scene->kubernetes, SCENE_ROOT, arena_printf(scene->arena, "/status%s", pointer), scene->arena));
}

const char *scene_condition(struct scene *scene, const char *type, const char *key)
{
	const char *pointer = "", *found = "";

	for (int i = 0; pointer && *found == '\0'; i++) {
		pointer = arena_printf(scene->arena, "/status/conditions/%d", i);
		if (!kubernetes_value(scene->kubernetes, SCENE_ROOT, pointer, scene->arena))
			return "";
		if (strcmp(scene_status(scene, arena_printf(scene->arena, "/conditions/%d/type", i)), type) == 0)
			found = scene_status(scene, arena_printf(scene->arena, "/conditions/%d/%s", i, key));
	}
	return found;
}

bool scene_is_registered(struct scene *scene)
{
	return strcmp(scene_status(scene, "/auraFleetManagement/registered"), "true") == 0;
}

unsigned scene_events(struct scene *scene, const char *reason)
{
	struct kubernetes_objects events = kubernetes_objects(scene->kubernetes, "/api/v1/events", scene->arena);
	const char *wanted = arena_printf(scene->arena, "\"reason\":\"%s\"", reason);
	unsigned n = 0;

	for (size_t i = 0; i < events.n; i++)
		n += strstr(events.texts[i], wanted) != NULL;
	return n;
}

void scene_become(struct scene *scene, const struct neo4j_state *state)
{
	neo4j_server_become(scene->server, state);
}

void scene_fail(struct scene *scene, const struct kubernetes_fault *fault)
{
	kubernetes_fail(scene->kubernetes, fault);
}
