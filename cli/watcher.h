// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Waits for changes of resources. What has changed is read anew by who waits: so the watches keep no more than who the objects are.

#include "cli/program.h"
#include "kube/resource.h"

struct watcher_resource {
	const struct kube_resource *resource;
	const char *labels; // selector; NULL: none
	bool required;	    // else it is left out where the user may not watch it
};

struct watcher;

// Begins to watch in a namespace (NULL: in all), and returns when it is known what there is. resources ends with a NULL resource. The program frees it
// when its loop has ended. ERR_FORBIDDEN: the user may not watch what is required; ERR_TIMEOUT.
int watcher_start(struct program *program, const struct watcher_resource *resources, struct watcher **ret, struct err *err);
void watcher_free(struct watcher *watcher); // NULL is allowed

// Returns after a change since it last returned, but not at once: changes come in flocks.
void watcher_wait(struct watcher *watcher);
