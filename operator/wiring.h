// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Puts the parts together: which kinds are watched, which key each change wakes, and the workers. Start and stop it from the main thread.

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
	const char *lease_name;	     // NULL: a name made from what is watched, so that operators of different namespaces do not wait for each other
	const char *aura_url;	     // of the Aura API, without a slash at its end; NULL: the public one
	const char *aura_ca_file;    // PEM of the authorities to trust there; NULL: the system's
	void (*on_lease)(void);	     // called on some thread when the lease comes or goes
};

// Makes everything, starts the informers and seeks the lease. It does not wait for a connection.
int wiring_start(const struct wiring_options *options, struct wiring **ret, struct err *err);

// True once every store has seen its first list. Any thread.
bool wiring_synced(const struct wiring *wiring);

// Call it now and then while the stores are not in sync: it logs each of our kinds that the API server does not know, with the cure. It may wait
// for the API server for a few seconds. One thread.
void wiring_explain(struct wiring *wiring);

// True once this process may work: it holds the lease, or needs none. Any thread.
bool wiring_leads(const struct wiring *wiring);

// True when the lease was held and is lost: nothing that runs now may go on, and the process must end at once. Any thread.
bool wiring_lost(const struct wiring *wiring);

// Starts the workers. Call it once, after wiring_synced() and wiring_leads() are true, since a reconcile must not see half a world.
int wiring_work(struct wiring *wiring, struct err *err);

// Stops workers, releases the lease, stops informers and loop, and frees. NULL is allowed.
void wiring_stop(struct wiring *wiring);

// Call it every few seconds: it reports reconciles that take long. Returns the milliseconds of the oldest one.
int64_t wiring_look(struct wiring *wiring);

// Writes the metrics in Prometheus text form. Any thread.
void wiring_metrics(struct wiring *wiring, struct buf *out);
