// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a pass tells the world: the status, and events about it.

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "operator/context.h"
#include "operator/object/reason.h"
#include "operator/pass/status.h"

struct publisher {
	const struct context *context;
	const struct kube_resource *resource; // of the root object
	struct arena *arena;
	// The process has not told anything of the object yet: another one may have died between a status and the event about it,
	// so what the status says already may still want its event.
	bool unsure;
};

// Writes the status where it differs from what *object says, which is replaced by the object as it is then. With insist a conflict
// is no reason to give up: the patch is made anew from the object as it is then. ERR_CONFLICT otherwise.
int publish_status(const struct publisher *publisher, struct kube_object **object, const struct status_wanted *wanted, bool insist,
		   bool *ret_written, struct err *err);

// The same for a paused deployment, with an event when it has become one.
int publish_paused(const struct publisher *publisher, const struct kube_object *object, struct err *err);

// A Normal event where the object, as it was before, said that it was paused, and it is not now.
void publish_resumed(const struct publisher *publisher, const struct kube_object *before);

// An event about the object.
void publish_event(const struct publisher *publisher, const struct kube_object *object, const struct event_text *text);

// An event about something that the object says to have been at this time (RFC 3339); only if unsure, and if that was not so long
// ago that the API server has forgotten its events.
void publish_past(const struct publisher *publisher, const struct kube_object *object, const struct event_text *text, const char *at);

// A Warning about a text of the status, which lies at a JSON pointer; once for each text, by what the object says, as it was before.
void publish_warning(const struct publisher *publisher, const struct kube_object *before, const char *pointer,
		     const struct event_text *text);

// One Warning for each of the problems that hold and that the object, as it was before, did not tell yet.
void publish_problems(const struct publisher *publisher, const struct kube_object *before, const struct status_wanted *wanted);

// One Warning for a deployment that has become Stalled for this reason, by what the object says, as it was before.
void publish_stall(const struct publisher *publisher, const struct kube_object *before, enum reason reason, const char *message);

bool publish_says_stalled(const struct kube_object *object, enum reason reason); // of REASON_NONE: no

// Whether the object says this text at a JSON pointer.
bool publish_says(const struct kube_object *object, const char *pointer, const char *text);
