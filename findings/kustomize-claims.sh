#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# sigs.k8s.io/kustomize/api v0.21.1: labels with includeTemplates, which kustomize has for labels that shall be on pods and in no selector.
# Guess: the template is the pod's, as it is for the Deployment: a StatefulSet can be labelled later, since its pod template may change.
# Found: the labels come into volumeClaimTemplates, too, which no update of a StatefulSet may change. So a label that is added to a kustomization
# that runs makes the API server refuse each StatefulSet in it. A custom resource of the same shape gets the label on top alone.
. "$(dirname "$0")/lib.sh"

mkdir "$work/app"
cat >"$work/app/kustomization.yaml" <<'YAML'
resources: [resources.yaml]
labels:
  - pairs: {team: graph}
    includeTemplates: true
YAML
cat >"$work/app/resources.yaml" <<'YAML'
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  selector: {matchLabels: {app: store}}
  template: {metadata: {labels: {app: store}}}
  volumeClaimTemplates: [{metadata: {name: data}}]
---
apiVersion: example.org/v1
kind: Thing
metadata: {name: thing}
spec:
  template: {metadata: {labels: {app: thing}}}
  volumeClaimTemplates: [{metadata: {name: data}}]
YAML
expect "built" 'apiVersion: apps/v1
kind: StatefulSet
metadata:
  labels:
    team: graph
  name: store
spec:
  selector:
    matchLabels:
      app: store
  template:
    metadata:
      labels:
        app: store
        team: graph
  volumeClaimTemplates:
  - metadata:
      labels:
        team: graph
      name: data
---
apiVersion: example.org/v1
kind: Thing
metadata:
  labels:
    team: graph
  name: thing
spec:
  template:
    metadata:
      labels:
        app: thing
  volumeClaimTemplates:
  - metadata:
      name: data' "$(kustomize "$work/app")"
verdict
