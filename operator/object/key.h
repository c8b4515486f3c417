// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The keys of the work queue: "<kind>/<namespace>/<name>", kind being standalone, cluster or plugin. Pure.

#include <stdbool.h>

#include "kube/queue.h"
#include "kube/resource.h"

enum key_kind { KEY_STANDALONE, KEY_CLUSTER, KEY_PLUGIN, KEY_KINDS };

struct key {
	enum key_kind kind;
	char namespace[64];
	char name[QUEUE_KEY_SIZE];
};

// False when text is no key.
bool key_parse(const char *text, struct key *ret);

// The namespace of a key, which is its group in the queue; "" when text is no key.
void key_group(const char *text, char name[QUEUE_GROUP_SIZE]);

void key_format(enum key_kind kind, const char *namespace, const char *name, char text[QUEUE_KEY_SIZE]);

// The kind of an API kind of ours ("Neo4jEnterpriseStandalone"); KEY_KINDS for others.
enum key_kind key_kind_of(const char *api_kind);

// Where the API keeps objects of a kind.
const struct kube_resource *key_resource(enum key_kind kind);
