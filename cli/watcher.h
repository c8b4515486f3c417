// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Waits for changes of resources. The waiter reads anew what has changed, so the watches keep only the objects' identities.

#include "cli/program.h"
#include "kube/resource.h"

struct watcher_resource {
	const struct kube_resource *resource;
	const char *labels; // selector; NULL: none
	bool required;	    // else it is left out where the user may not watch it
};

struct watcher;

// Begins to watch in a namespace (NULL: in all), and returns once the first lists are there. resources ends with a NULL resource. The program
// frees the watcher when its loop has ended. ERR_FORBIDDEN: the user may not watch a required resource; ERR_TIMEOUT.
int watcher_start(struct program *program, const struct watcher_resource *resources, struct watcher **ret, struct err *err);
void watcher_free(struct watcher *watcher); // NULL is allowed

// Returns after a change since its last return, but a little later: changes come in flocks.
void watcher_wait(struct watcher *watcher);
