// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Everything a pass needs to know of one deployment, taken from the stores (and, once per version of each, from the admin
// Secret and the TLS Secret). What is gathered lives as long as the arena and until gather_release().

#include <stdbool.h>

#include "api/dbms.h"
#include "base/arena.h"
#include "neo4j/version.h"
#include "operator/context.h"
#include "operator/fleet/entry_trial.h"
#include "operator/manifest/workload.h"
#include "operator/object/basis.h"
#include "operator/object/data_volume.h"
#include "operator/object/kept.h"
#include "operator/object/live_set.h"
#include "operator/object/names.h"
#include "operator/object/pod.h"
#include "operator/plugin/plugin_claims.h"
#include "operator/plugin/plugin_verdicts.h"
#include "operator/server/secret_cache.h"

struct inputs {
	const struct kube_resource *resource; // of the root object
	struct kube_object *object;	      // the root object
	struct secret_cache *keyring;	      // of this pass
	struct access_memory *login;	      // what is remembered of logins to its servers
	struct dbms dbms;
	struct names names;
	struct version version; // of the tag; where that does not tell, what the server has told
	const char *told;	// the record of what it has told, for this image; NULL: nothing yet
	enum fleet_form fleet_form;
	struct plugin_claims plugin_claims;    // of the Neo4jPlugins that refer to it
	struct plugin_verdicts *verdicts; // what claims borrow from
	const struct context *context; // whose stores hold the plugins; NULL: there are none
	const char *withdrawn; // the record that our entry is withdrawn, for this image and this spec; NULL: it is not
	struct entry_trial_withdrawal withdrawal;
	bool fleet; // Fleet Manager is to be in the template
	struct kube_object *workload; // the StatefulSet; NULL for none, or for one that is not ours
	struct live_set live;
	struct pod *pods; // of the StatefulSet, by name
	size_t n_pods;
	struct data_volume *volumes; // of pods that are there and of others
	size_t n_volumes;
	int replicas; // that the StatefulSet is to have; servers that are to leave have not left yet
	const char *admin_problem; // why the admin Secret cannot be used; NULL when it can
	const char *certificate_problem; // why the TLS Secret cannot be used; NULL when it can, or without TLS
	const char *certificate;	 // what changes with the certificate; NULL without a usable one
	int64_t certificate_turns_ms;	 // wall clock, when that changes by itself; 0: never
	struct kube_object **pod_objects; // what pods borrow from
	size_t n_pod_objects;
	struct kube_object **volume_objects; // what volumes borrow from
	size_t n_volume_objects;
};

// The verdicts on the Secrets, for the versions that were read last.
struct gather_memory {
	// Of the admin Secret, for a password of at least so many characters.
	struct {
		char version[KEPT_VERSION_SIZE];
		int least;
		bool usable;
		char problem[KEPT_TEXT_SIZE];
	} admin;

	// Of the TLS Secret, for these servers.
	struct {
		struct basis basis;
		int64_t turns_ms; // wall clock; the verdict is to be made anew then; 0: never
		char mark[96];	  // tls_secret.mark; "" where it cannot be used
		char problem[KEPT_TEXT_SIZE];
	} certificate;
};

// Fills everything but resource, object, keyring, login and dbms, which are set. An API that cannot be asked about the Secret, or about a
// StatefulSet that the store does not know, is an error.
int gather(const struct context *context, struct gather_memory *memory, struct arena *arena, struct inputs *inputs, struct err *err);

// Looks at the StatefulSet and its pods anew, e.g. after it was applied; workload is taken over.
void gather_workload(const struct context *context, struct arena *arena, struct kube_object *workload, struct inputs *inputs);

// All but what is to be known of the admin Secret, which needs the deployment's memory.
int gather_state(const struct context *context, struct arena *arena, struct inputs *inputs, struct err *err);

// Takes in what the server says it is: the version, and what follows from it.
void gather_told(const char *version, struct arena *arena, struct inputs *inputs);

// What is said of an object of which the store keeps the name alone.
const char *gather_too_large(size_t bytes, struct arena *arena);

void gather_release(struct inputs *inputs);
