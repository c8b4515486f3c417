// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A scripted API server that holds the objects of a file, and the kubeconfig to reach it by. The file is a JSON object: "objects"; "denied", verbs and
// resources that are refused, such as "list secrets"; "logs", what each pod's containers said, by "NAMESPACE/POD"; "answer", a status that everything is
// answered with; "missing", resources
// that it does not know; "dryRun", the objects as dry runs of a write give them back; "silent": nothing is ever answered.

#include <stddef.h>

struct apiserver;

struct apiserver *apiserver_start(const char *path);
void apiserver_stop(struct apiserver *apiserver);
const char *apiserver_kubeconfig(const struct apiserver *apiserver); // its path

struct node;

// Where the port-forward of a pod leads, instead of nowhere; node stays the caller's. At most APISERVER_NODES.
#define APISERVER_NODES 4
void apiserver_forward(struct apiserver *apiserver, const char *pod, const struct node *node);

// The writes so far, one "PATCH PATH BODY" a line; lives as long as the world.
const char *apiserver_written(struct apiserver *apiserver);
