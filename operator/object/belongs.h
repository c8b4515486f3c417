// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Whether an object that bears our label can be a deployment's: whoever may write objects may write labels and owners. Names tell: a deployment
// has few children, each under one name, and as many pods and claims as it may have servers. All else is not kept (kube/informer.h), so that
// no number of objects takes memory that are none of ours. Pure.

#include <stdbool.h>

#include <yyjson.h>

// StatefulSet, Service, ConfigMap, ServiceAccount, PodDisruptionBudget: controlled by a deployment, or by nobody and labelled as a deployment's.
bool belongs_child(yyjson_val *object);

// A pod with the label of a deployment and a name of its StatefulSet's.
bool belongs_pod(yyjson_val *object);

// A claim, likewise; nobody controls it.
bool belongs_volume(yyjson_val *object);
