// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What has happened to deployments and when, as far as their objects tell: each kind of object is read into changes. A condition remembers only
// its last turn, and an event is forgotten after an hour. Pure.

#include <stddef.h>
#include <stdint.h>

#include <yyjson.h>

#include "base/arena.h"
#include "cli/text_table.h"

struct change {
	int64_t at_ms;
	const char *namespace, *name; // of the deployment
	const char *what;
	enum colour colour;
	const char *message; // what it has in common with others that tell the same; NULL: nothing
	enum { CHANGE_OF_CONDITION, CHANGE_OF_STATUS, CHANGE_OF_EVENT } source; // of those that tell the same the first counts
};

struct changes {
	struct arena *arena;
	int64_t since_ms;   // none from before
	const char *only;   // a deployment's name; NULL: all
	struct change *items;
	size_t n, room;
};

// When it was made and is deleted, who changed its spec or annotations last, its conditions, its last registration.
void changes_read_deployment(struct changes *changes, yyjson_val *root);

// The start of its container, and how the run before ended.
void changes_read_pod(struct changes *changes, yyjson_val *root);

void changes_read_event(struct changes *changes, yyjson_val *root);

// The newest first, and what several objects tell of one moment only once.
void changes_sort(struct changes *changes);
