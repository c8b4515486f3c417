// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A connection to a port of a pod through the API server, as kubectl port-forward makes it: a user who may do that needs no way to the pod's
// network. Nothing listens on this machine: the near end is a socket of this process alone. Source: Kubernetes API, pods/portforward; the
// subprotocol v4.channel.k8s.io over a WebSocket, which every API server from 1.29 on and every kubelet speaks.

#include <stdint.h>

#include "cli/program.h"
#include "kube/resource.h"
#include "kube/resource.h"

struct port_forward;

// A thread moves the bytes until either end closes. *ret_fd is the caller's socket; close it before port_forward_free(). Errors: those of
// kube/client.h; ERR_FORBIDDEN: the user may not.
int port_forward_open(struct program *program, struct kube_name pod, uint16_t port, struct port_forward **ret, int *ret_fd, struct err *err);

// What ended it, once the near end has seen the end: the node's own words, such as that nothing listens there. NULL: nothing but a goodbye.
const char *port_forward_problem(struct port_forward *forward);

void port_forward_free(struct port_forward *forward); // NULL is allowed
DEFINE_CLEANUP(struct port_forward *, port_forward_free);
