// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Puts the parts together: which kinds are watched, which key a change of each maps to, and the workers. Start and stop
// from the main thread.

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct wiring;

struct wiring_options {
	const char *kubeconfig; // NULL: see kube/config.h
	const char *context;	// NULL
	const char *namespace;	// NULL: all namespaces
	int workers;
	bool leader_elect;
	const char *lease_namespace; // NULL: the pod's own, or the kubeconfig's
	const char *lease_name;	     // NULL: one for what is watched, so that operators of different namespaces do not wait for each other
	void (*on_lease)(void);	     // called on some thread when the lease comes or goes
};

// Connects nothing yet but makes everything, starts the informers and seeks the lease.
int wiring_start(const struct wiring_options *options, struct wiring **ret, struct err *err);

// True once every store has seen its first list. Any thread.
bool wiring_synced(const struct wiring *wiring);

// To be called now and then while the stores are not in sync: tells of each of our kinds that the API server does not know what is
// to be done. May wait for the API server for a few seconds. Of one thread.
void wiring_explain(struct wiring *wiring);

// True once it is ours to work: the lease is held, or none is asked for. Any thread.
bool wiring_leads(const struct wiring *wiring);

// True when the lease was held and is no more: what runs now has no right to, and the process is to end at once. Any thread.
bool wiring_lost(const struct wiring *wiring);

// Starts the workers; to be called once, after wiring_synced() and wiring_leads() are true, since a reconcile must not see
// half a world.
int wiring_work(struct wiring *wiring, struct err *err);

// Stops workers, releases the lease, stops informers and loop, and frees. NULL is allowed.
void wiring_stop(struct wiring *wiring);

// To be called every few seconds: reports reconciles that take long. Returns the milliseconds of the oldest one.
int64_t wiring_look(struct wiring *wiring);

// Writes the metrics in Prometheus text form. Any thread.
void wiring_metrics(struct wiring *wiring, struct buf *out);
