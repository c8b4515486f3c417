// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/resource.h"

const struct kube_resource kube_pods = {"", "v1", "pods", "Pod", true};
const struct kube_resource kube_services = {"", "v1", "services", "Service", true};
const struct kube_resource kube_configmaps = {"", "v1", "configmaps", "ConfigMap", true};
const struct kube_resource kube_secrets = {"", "v1", "secrets", "Secret", true};
const struct kube_resource kube_serviceaccounts = {"", "v1", "serviceaccounts", "ServiceAccount", true};
const struct kube_resource kube_statefulsets = {"apps", "v1", "statefulsets", "StatefulSet", true};
const struct kube_resource kube_poddisruptionbudgets = {"policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true};
const struct kube_resource kube_events = {"", "v1", "events", "Event", true};
const struct kube_resource kube_leases = {"coordination.k8s.io", "v1", "leases", "Lease", true};
const struct kube_resource kube_persistentvolumeclaims = {"", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true};
