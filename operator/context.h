// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What every reconcile may use: the client, the stores that informers fill, the event recorder, the queue and the memory.
// Made by wiring, read-only afterwards; shared by all workers.

#include <stdbool.h>
#include <stdint.h>

#include "base/histogram.h"
#include "kube/client.h"
#include "kube/event.h"
#include "kube/lease.h"
#include "kube/queue.h"
#include "kube/store.h"

struct aura_client;
struct login_bars;
struct memory_table;
struct roster;
struct tally;
struct plugin_verdicts_table;

struct context {
	struct kube_client *client;
	struct aura_client *aura; // the Aura API
	struct lease *lease; // NULL: no lease; the starter of this process makes sure that no other runs
	struct event_recorder *events;
	struct queue *queue;
	struct memory_table *memories;
	struct login_bars *bars;
	struct roster *roster;
	struct tally *tally;
	struct plugin_verdicts_table *verdicts;
	_Atomic uint64_t *plugins_changed; // counts changes of plugins' specs; it rises after the store has them
	char *own_domain; // of the Kubernetes cluster that this process runs in; NULL: unknown
	struct histogram *logins; // how long it took to dial Neo4j's servers and to log in
	struct {
		struct kube_store *standalones, *clusters, *plugins;
		struct kube_store *statefulsets, *services, *configmaps, *accounts, *budgets, *pods, *volumes;
		struct kube_store *secrets; // metadata only
	} stores;
};

// Whether to start something that ends within timeout_ms: only when the lease surely lasts that long.
static inline bool context_has_ms(const struct context *context, int timeout_ms)
{
	return !context->lease || lease_left_ms(context->lease) > timeout_ms;
}
