#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# sigs.k8s.io/kustomize/api v0.21.1: "images" of a kustomization.
# Guess: the name is the text before the tag. It is replaced in the kinds that kustomize knows to have pods, and in no custom resource.
# Found: the name is a regular expression, in which a dot is any letter: registry.example stands for registry-example, too. It is replaced in each
# list with the name containers or initContainers, at any depth of any kind; a field "image" of a custom resource is left as it is.
. "$(dirname "$0")/lib.sh"

mkdir "$work/app"
cat >"$work/app/kustomization.yaml" <<'YAML'
resources: [resources.yaml]
images:
  - {name: registry.example/store, newTag: NEW}
YAML
cat >"$work/app/resources.yaml" <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: pod}
spec:
  containers:
    - {name: same, image: "registry.example/store:1"}
    - {name: other, image: "registry-example/store:1"}
---
apiVersion: example.org/v1
kind: Thing
metadata: {name: thing}
spec:
  image: registry.example/store:1
  deep: {containers: [{image: "registry.example/store:1"}]}
  others: [{image: "registry.example/store:1"}]
YAML
expect "images" '  - image: registry.example/store:NEW
  - image: registry-example/store:NEW
    - image: registry.example/store:NEW
  image: registry.example/store:1
  - image: registry.example/store:1' "$(kustomize "$work/app" | grep image:)"
verdict
