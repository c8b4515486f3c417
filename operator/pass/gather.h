// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Everything that a pass needs to know of one deployment: from the stores; once for each version, from the admin Secret and the TLS Secret; and
// once for each end of a server that its pod does not explain, from the log. It lives as long as the arena and until gather_release().

#include <stdbool.h>

#include "base/arena.h"
#include "operator/cluster/end_log.h"
#include "operator/context.h"
#include "operator/object/basis.h"
#include "operator/object/deployment.h"
#include "operator/object/kept.h"
#include "operator/plugin/plugin_verdicts.h"

struct gathered {
	struct deployment deployment;
	struct plugin_verdicts *verdicts; // on the Neo4jPlugins that refer to it, for deployment.version

	// The objects that the deployment borrows from.
	struct kube_object *workload;
	struct kube_object **pods;
	size_t n_pods;
	struct kube_object **volumes;
	size_t n_volumes;
};

// The verdicts on the Secrets, for the versions that were last read; and why servers ended.
struct gather_memory {
	struct end_log_memory ends;
	bool doubted; // a write has met an object that the stores lack

	// The verdict on the admin Secret, for a password of at least so many characters.
	struct {
		char version[KEPT_VERSION_SIZE];
		int least;
		bool usable;
		char problem[KEPT_TEXT_SIZE];
	} admin;

	// The verdict on the TLS Secret, for these servers.
	struct {
		struct basis basis;
		int64_t turns_ms; // wall clock; judge anew then; 0: never
		char mark[96];	  // tls_secret.mark; "" where the Secret cannot be used
		char problem[KEPT_TEXT_SIZE];
	} certificate;
};

// Fills everything but the deployment's keyring, login and dbms, which are set. It is an error when the API server cannot tell about the Secret,
// or about a StatefulSet that the store does not know and that an earlier pass may have made.
int gather(const struct context *context, struct gather_memory *memory, struct arena *arena, struct gathered *gathered, struct err *err);

// A write has met an object that the stores lack: from now on the API server is asked for what they lack.
void gather_doubt(struct gather_memory *memory);

// Like gather(), without the Secrets, which need the deployment's memory.
int gather_state(const struct context *context, struct arena *arena, struct gathered *gathered, struct err *err);

// Fills a copy of a deployment anew: with its StatefulSet after a write (taken over) and the present pods. The rest stays borrowed from before.
void gather_again(const struct context *context, struct gather_memory *memory, struct arena *arena, struct kube_object *workload,
		  struct gathered *copy);

// The message about an object of which the store keeps only the name.
const char *gather_too_large(size_t bytes, struct arena *arena);

void gather_release(struct gathered *gathered);
