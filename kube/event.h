// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The Event recorder: events.k8s.io/v1 or core v1 (core: shown by kubectl get events and its field selectors in
// every version). One event object per (object uid, reason, message); a repeat only raises its count,
// by patch. Any thread but the loop's; errors are logged, never returned: an event is a courtesy.

#include "base/clock.h"
#include "kube/client.h"

struct event_recorder;

struct event_recorder *event_recorder_new(struct kube_client *client, const char *component);
void event_recorder_free(struct event_recorder *recorder);

struct event_about {
	const char *api_version, *kind, *namespace, *name, *uid, *resource_version;
};

enum event_type { EVENT_NORMAL, EVENT_WARNING };

struct event_text {
	enum event_type type;
	const char *reason, *message;
};

void event_record(struct event_recorder *recorder, const struct event_about *about, const struct event_text *text);

// For a caller that cannot know whether an event was recorded, because the process that should have done it may have died: records it unless it
// was recorded at this time (RFC 3339, UTC) or later; since NULL: at any time. Records nothing where the API server does not tell.
void event_make_sure(struct event_recorder *recorder, const struct event_about *about, const struct event_text *text,
		     const char *since);
