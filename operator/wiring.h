// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Puts the parts together: which kinds are watched, which key a change of each maps to, and the workers. Start and stop
// from the main thread.

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct wiring;

struct wiring_options {
	const char *kubeconfig; // NULL: see kube/config.h
	const char *context;	// NULL
	const char *namespace;	// NULL: all namespaces
	int workers;
};

// Connects nothing yet but makes everything and starts the informers.
int wiring_start(const struct wiring_options *options, struct wiring **ret, struct err *err);

// True once every store has seen its first list. Any thread.
bool wiring_synced(const struct wiring *wiring);

// Starts the workers; to be called once, after wiring_synced() is true, since a reconcile must not see half a world.
int wiring_work(struct wiring *wiring, struct err *err);

// Stops workers, informers and loop, and frees. NULL is allowed.
void wiring_stop(struct wiring *wiring);

// Writes the metrics in Prometheus text form. Any thread.
void wiring_metrics(struct wiring *wiring, struct buf *out);
