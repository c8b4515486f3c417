// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The resources of our own kinds, and other resources that this program reads beside those of kube/resource.h.

#include "kube/resource.h"

// The message when the API server does not know our kinds.
#define KINDS_MISSING "the kinds of neofleet are not installed (kubectl apply -f deploy/crds)"

// The label of the operator's Deployment and pods, in deploy/operator.yaml and deploy/namespaced.yaml.
#define KINDS_OPERATOR "app.kubernetes.io/name in (neofleet,neofleet-namespaced)"

extern const struct kube_resource kinds_clusters, kinds_standalones, kinds_plugins, kinds_deployments, kinds_quotas, kinds_policies;
