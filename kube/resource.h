// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The one table of the kinds that we read or write, a descriptor each. Source: Kubernetes API reference.

#include <stdbool.h>

struct kube_resource {
	const char *group;   // "" for the core group
	const char *version; // "v1"
	const char *plural;  // "statefulsets"
	const char *kind;    // "StatefulSet"
	bool namespaced;
};

extern const struct kube_resource kube_pods, kube_services, kube_configmaps, kube_secrets, kube_serviceaccounts,
	kube_statefulsets, kube_poddisruptionbudgets, kube_events, kube_leases, kube_persistentvolumeclaims;

struct kube_name {
	const char *namespace; // NULL or "" for cluster-scoped
	const char *name;
};
