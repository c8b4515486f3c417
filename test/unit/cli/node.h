// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The far end of a port-forward, for a scripted API server: it agrees to the WebSocket, and passes what comes on to a port of this machine.

#include "actor.h"

struct node {
	unsigned port;	     // 0: nobody listens there, and it says so as a node does
	bool silent;	     // it agrees, and then says nothing
};

// Within an actor's handler, until either end closes. False: the call is no wish for a port-forward.
bool node_serve(const struct node *node, struct actor_conn *conn, const struct actor_call *call);
