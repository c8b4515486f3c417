// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A standalone "a" in namespace "ns", its two Secrets, its Neo4j server, and all that a pass over it stands on but the watches: what the API
// server has comes into the stores when scene_watch() says so. The test is the worker, and plays the StatefulSet controller.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "kube/runner.h"
#include "operator/context.h"
#include "support/kubernetes.h"
#include "support/neo4j_server.h"

#define SCENE_KEY "standalone/ns/a"
#define SCENE_PLUGIN_KEY "plugin/ns/p"
#define SCENE_ROOT "/apis/neo4j.neo4j.com/v1alpha1/namespaces/ns/neo4jenterprisestandalones/a"
#define SCENE_PLUGIN "/apis/neo4j.neo4j.com/v1alpha1/namespaces/ns/neo4jplugins/p"
#define SCENE_ADMIN "/api/v1/namespaces/ns/secrets/admin"
#define SCENE_TOKEN "/api/v1/namespaces/ns/secrets/token"
#define SCENE_SET "/apis/apps/v1/namespaces/ns/statefulsets/a"
#define SCENE_POD "/api/v1/namespaces/ns/pods/a-0"
#define SCENE_STATUS SCENE_ROOT "/status"

#define SCENE_REGISTER "CALL fleetManagement.registerToken($token)"
#define SCENE_REFUSAL "Neo.ClientError.Security.Unauthorized"
#define SCENE_LIMIT "Neo.ClientError.Security.AuthenticationRateLimit"

struct scene {
	struct kubernetes *kubernetes;
	struct neo4j_server *server;
	struct context context;
	struct histogram logins;
	_Atomic uint64_t plugins_changed;
	_Atomic int64_t now_ms; // of the lease
	_Atomic int64_t nap_ms; // that the machine sleeps right after the next look at the lease
	struct clock clock;
	struct arena *arena;
	char address[32]; // of this process alone: the port is the product's
	struct outcome outcome; // of the last pass
	struct err err;
};

void scene_begin(struct scene *scene);
void scene_end(struct scene *scene);

void scene_make_root(struct scene *scene); // the deployment itself, after it was removed

// The stores become what the API server has.
void scene_watch(struct scene *scene);

// One pass over a key; its result, outcome and error are kept.
int scene_pass(struct scene *scene, const char *key);

// Does the work of StatefulSet controller and kubelet: they see the template, make its pod, and it gets ready.
void scene_run_pods(struct scene *scene);

// Watch, pass, run pods, until there is nothing left to do; asserts that no pass fails, and that it ends.
void scene_settle(struct scene *scene);

// Time passes, as it does while a machine sleeps: nothing is waited for. Otherwise it stands still from scene_begin() to scene_end().
void scene_later(struct scene *scene, int64_t ms);

// A lease of which so much is left. The test's clock stands.
void scene_lease(struct scene *scene, int64_t left_ms);

void scene_set_spec(struct scene *scene, const char *spec); // a merge patch of it
void scene_secret(struct scene *scene, const char *path, const char *key, const char *value); // plain text
const char *scene_token(struct scene *scene, const char *expiry); // of project p-1

// A text of the deployment's status: its value by a JSON pointer below /status; "" where it has none. Of a condition: what stands at key.
const char *scene_status(struct scene *scene, const char *pointer);
const char *scene_condition(struct scene *scene, const char *type, const char *key);
bool scene_is_registered(struct scene *scene);

// How many events of a reason there are.
unsigned scene_events(struct scene *scene, const char *reason);

void scene_become(struct scene *scene, const struct neo4j_state *state);
#define SCENE_BECOME(scene, ...) scene_become((scene), &(struct neo4j_state){__VA_ARGS__})

void scene_fail(struct scene *scene, const struct kubernetes_fault *fault);
#define SCENE_FAIL(scene, ...) scene_fail((scene), &(struct kubernetes_fault){__VA_ARGS__})
