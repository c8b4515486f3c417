// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The names of a deployment's child objects and pods (B1). Pure; everything lives in the arena.

#include "api/dbms.h"
#include "base/arena.h"

#define CONTAINER_NAME "neo4j"
#define FIRST_PASSWORD_CONTAINER "first-password" // the init container
#define DATA_VOLUME "data"

struct names {
	const char *workload; // StatefulSet: n-server for a cluster, n for a standalone
	const char *headless; // n-headless
	const char *client;   // n-client
	const char *config;   // n-config
	const char *account;  // n
	const char *budget;   // n; NULL for a standalone
	const char *domain;   // of the pods: n-headless.NAMESPACE.svc.cluster.local
	const char *selector; // label selector of the pods, for list calls
};

void names_of(const struct dbms *dbms, struct arena *arena, struct names *ret);

const char *names_pod(const struct names *names, int index, struct arena *arena);

// The index in a pod's name; -1 when it is no name of the deployment's pods.
int names_ordinal(const struct names *names, const char *pod);

// The same for a host's first label; -1 also when the host has only one label.
int names_host_ordinal(const struct names *names, const char *host);

// n-server-0.n-headless.NAMESPACE.svc.cluster.local: the name a certificate is checked against. Never dialled (B9).
const char *names_pod_host(const struct names *names, int index, struct arena *arena);

// data-n-server-0: the claim of a pod.
const char *names_claim(const struct names *names, int index, struct arena *arena);
