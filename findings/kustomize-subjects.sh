#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# sigs.k8s.io/kustomize/api v0.21.1: "namespace" of a kustomization, and whom its bindings name.
# Guess: all that names a namespace is moved, and each ServiceAccount among the subjects of a binding with it.
# Found: one that is built is, and so is one with the name "default", which nobody builds. Any other keeps its namespace: a ClusterRoleBinding
# that stands in a kustomization without its ServiceAccount points to where that is no more.
. "$(dirname "$0")/lib.sh"

mkdir "$work/app"
cat >"$work/app/kustomization.yaml" <<'YAML'
resources: [resources.yaml]
namespace: new
YAML
cat >"$work/app/resources.yaml" <<'YAML'
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: binding}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: role}
subjects:
  - {kind: ServiceAccount, name: built, namespace: old}
  - {kind: ServiceAccount, name: elsewhere, namespace: old}
  - {kind: ServiceAccount, name: default, namespace: old}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: built, namespace: old}
YAML
expect "subjects" '  name: built
  namespace: new
  name: elsewhere
  namespace: old
  name: default
  namespace: new' "$(kustomize "$work/app" | sed -n '/^subjects/,/^---/p' | grep name)"
verdict
