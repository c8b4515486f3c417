// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Whether an object that has our label can be a deployment's: everybody who writes objects can write labels and owners, too. Names decide: a
// deployment has few children, each under one name, and as many pods and claims as it may have servers. The stores keep nothing else
// (kube/informer.h), so foreign objects take no memory, however many there are. Pure.

#include <stdbool.h>

#include <yyjson.h>

// StatefulSet, Service, ConfigMap, ServiceAccount, PodDisruptionBudget: a deployment controls it, or nobody does and its labels name a
// deployment.
bool belongs_child(yyjson_val *object);

// A pod that has a deployment's label and a name of its StatefulSet.
bool belongs_pod(yyjson_val *object);

// A claim that has the same; nobody controls it.
bool belongs_volume(yyjson_val *object);
