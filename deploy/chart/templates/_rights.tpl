{{/*
SPDX-FileCopyrightText: The neofleet authors
SPDX-License-Identifier: Apache-2.0

The operator's rights on what it watches, for a ClusterRole or a Role; docs/security.md says what each is for.
*/}}
{{- define "neofleet.rights" -}}
- apiGroups: [neo4j.neo4j.com]
  resources: [neo4jenterprisestandalones, neo4jenterpriseclusters]
  verbs: [get, list, watch]
- apiGroups: [neo4j.neo4j.com]
  resources: [neo4jplugins]
  verbs: [list, watch]
- apiGroups: [neo4j.neo4j.com]
  resources: [neo4jenterprisestandalones/status, neo4jenterpriseclusters/status, neo4jplugins/status]
  verbs: [patch]
# The children of a deployment. Creating by server-side apply takes both create and patch; get is for a name
# that may belong to somebody else.
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, list, watch, create, patch]
- apiGroups: [""]
  resources: [services, configmaps, serviceaccounts]
  verbs: [get, list, watch, create, patch]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
# The volumes of the servers: they grow with spec.storage.size, and go with a server that was drained and dropped.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [list, watch, patch, delete]
- apiGroups: [""]
  resources: [pods/eviction]
  verbs: [create]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
# Tokens and admin passwords. Changes are watched as metadata; content is read by name when it is needed. Kubernetes has
# no right to watch metadata alone, so list and watch grant the content, too: see docs/security.md.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [events]
  verbs: [get, list, create, patch]
{{- end }}
