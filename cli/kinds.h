// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The resources of ours, and of others what this program reads beside those of kube/resource.h.

#include "kube/resource.h"

// What to say when the API server does not know them.
#define KINDS_MISSING "the kinds of neofleet are not installed (kubectl apply -f deploy/crds)"

// Of the operator's Deployment and pods: of deploy/operator.yaml, and of deploy/namespaced.yaml.
#define KINDS_OPERATOR "app.kubernetes.io/name in (neofleet,neofleet-namespaced)"

extern const struct kube_resource kinds_clusters, kinds_standalones, kinds_plugins, kinds_deployments, kinds_quotas, kinds_policies;
