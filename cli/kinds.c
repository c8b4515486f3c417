// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/kinds.h"

#include "api/plugin.h"

const struct kube_resource kinds_clusters = {API_GROUP, API_VERSION, "neo4jenterpriseclusters", API_KIND_CLUSTER, true};
const struct kube_resource kinds_standalones = {API_GROUP, API_VERSION, "neo4jenterprisestandalones", API_KIND_STANDALONE, true};
const struct kube_resource kinds_plugins = {API_GROUP, API_VERSION, "neo4jplugins", API_KIND_PLUGIN, true};
const struct kube_resource kinds_deployments = {"apps", "v1", "deployments", "Deployment", true};
const struct kube_resource kinds_quotas = {"", "v1", "resourcequotas", "ResourceQuota", true};
const struct kube_resource kinds_policies = {"networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true};
