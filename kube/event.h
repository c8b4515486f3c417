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

void event_record(struct event_recorder *recorder, const struct event_about *about, enum event_type type,
		  const char *reason, const char *message);
