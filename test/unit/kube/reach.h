// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A client of a scripted API server, with all it stands on.

#include "kube/client.h"
#include "actor.h"

struct reach {
	struct actor *actor;
	struct kube_config *config; // namespace "here", bearer token REACH_TOKEN
	struct loop *loop;
	struct kube_client *client;
};

#define REACH_TOKEN "bearer-of-the-test"

void reach_begin(struct reach *reach, actor_handler handler, void *user);
void reach_to_port(struct reach *reach, unsigned port); // of a server that is somebody else's; reach->actor is NULL
void reach_end(struct reach *reach);
