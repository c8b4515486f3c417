#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# github.com/operator-framework/api v0.43.0, its command operator-verify on a bundle for the Operator Lifecycle Manager.
# Guess: a command that validates, and prints an error, ends with another status than 0, as its library's callers need for a build to stop; and
# minKubeVersion takes "1.29", as the kubeVersion of a Helm chart does.
# Found: it prints the errors on standard error and ends with 0, whatever it found. "1.29" is such an error: three numbers are wanted.
. "$(dirname "$0")/lib.sh"

GOBIN=$work go install github.com/operator-framework/api/cmd/operator-verify@v0.43.0 2>"$work/go.log" || { cat "$work/go.log" >&2 && exit 1; }

bundle() { # MINIMUM
	rm -rf "$work/bundle"
	mkdir -p "$work/bundle/manifests" "$work/bundle/metadata"
	cat >"$work/bundle/metadata/annotations.yaml" <<'YAML'
annotations:
  operators.operatorframework.io.bundle.mediatype.v1: registry+v1
  operators.operatorframework.io.bundle.manifests.v1: manifests/
  operators.operatorframework.io.bundle.metadata.v1: metadata/
  operators.operatorframework.io.bundle.package.v1: thing
  operators.operatorframework.io.bundle.channels.v1: stable
YAML
	cat >"$work/bundle/manifests/thing.clusterserviceversion.yaml" <<YAML
apiVersion: operators.coreos.com/v1alpha1
kind: ClusterServiceVersion
metadata: {name: thing.v1.0.0, namespace: placeholder}
spec:
  displayName: Thing
  description: A thing
  version: 1.0.0
  minKubeVersion: "$1"
  provider: {name: Somebody}
  installModes: [{type: AllNamespaces, supported: true}]
  install: {strategy: deployment, spec: {deployments: []}}
YAML
}

verify() {
	local status=0
	"$work/operator-verify" manifests "$work/bundle" >"$work/out" 2>"$work/errors" || status=$?
	printf '%s with status %s\n' "$(grep -o 'has an invalid value: [0-9.]*' "$work/errors" || echo 'no such error')" "$status"
}

bundle 1.29
expect "minKubeVersion 1.29" "has an invalid value: 1.29 with status 0" "$(verify)"
bundle 1.29.0
expect "minKubeVersion 1.29.0" "no such error with status 0" "$(verify)"
bundle 1.29
rm "$work/bundle/manifests/thing.clusterserviceversion.yaml"
expect "without the one manifest that a bundle must have" "no such error with status 1" "$(verify)"
verdict
