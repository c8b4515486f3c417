// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a pass tells the world: the status, and events about it.

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "operator/context.h"
#include "operator/status.h"

struct publisher {
	const struct context *context;
	const struct kube_resource *resource; // of the root object
	struct arena *arena;
};

// Writes the status where it differs from what *object says. With insist a conflict is no reason to give up: the patch is made
// anew from the object as it is then, which replaces *object. ERR_CONFLICT otherwise.
int publish_status(const struct publisher *publisher, struct kube_object **object, const struct status_wanted *wanted, bool insist,
		   bool *ret_written, struct err *err);

// An event about the object.
void publish_event(const struct publisher *publisher, const struct kube_object *object, enum event_type type, const char *reason,
		   const char *message);

// One Warning for each of the problems that hold and that the object, as it was before, did not tell yet.
void publish_problems(const struct publisher *publisher, const struct kube_object *before, const struct status_wanted *wanted);

// Whether the object says this text at a JSON pointer.
bool publish_says(const struct kube_object *object, const char *pointer, const char *text);
