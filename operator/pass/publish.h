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
	// This process has not told anything of the object yet. An earlier process may have died between a status and its event, so the event
	// for the present status may still be missing.
	bool unsure;
};

// Writes the status where it differs from what *object says, and replaces *object by the new one. With insist a conflict does not end it: it
// makes the patch anew from the present object, unless another operator has registered it meanwhile, or set out to have another token made.
// ERR_CONFLICT otherwise.
int publish_status(const struct publisher *publisher, struct kube_object **object, const struct status_wanted *wanted, bool insist,
		   bool *ret_written, struct err *err);

// The same for a paused deployment, with an event when the pause begins.
int publish_paused(const struct publisher *publisher, const struct kube_object *object, struct err *err);

// A Normal event where the object said before that it was paused, and is not paused now.
void publish_resumed(const struct publisher *publisher, const struct kube_object *before);

// An event about the object.
void publish_event(const struct publisher *publisher, const struct kube_object *object, const struct event_text *text);

// An event that is told unless an operator has told it before.
void publish_once(const struct publisher *publisher, const struct kube_object *object, const struct event_text *text);

// An event about something that, as the object says, happened at this time (RFC 3339); only if unsure, and only while the API server still keeps
// events of that age.
void publish_past(const struct publisher *publisher, const struct kube_object *object, const struct event_text *text, const char *at);

// A Warning about a text of the status, which lies at a JSON pointer; once for each text, judged by what the object said before.
void publish_warning(const struct publisher *publisher, const struct kube_object *before, const char *pointer,
		     const struct event_text *text);

// One Warning for each problem that holds and that the object did not tell before.
void publish_problems(const struct publisher *publisher, const struct kube_object *before, const struct status_wanted *wanted);

// One Warning for a deployment that has become Stalled for this reason, judged by what the object said before.
void publish_stall(const struct publisher *publisher, const struct kube_object *before, enum reason reason, const char *message);

bool publish_says_stalled(const struct kube_object *object, enum reason reason); // false for REASON_NONE

// Whether the object says this text at a JSON pointer.
bool publish_says(const struct kube_object *object, const char *pointer, const char *text);
