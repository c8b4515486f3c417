#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# github.com/fluxcd/cli-utils v1.2.2 (kstatus), by which Helm 4.3 and Flux decide that a resource is ready.
# Guess: Current means ready: a StatefulSet's pods are ready whatever its update strategy, a Service of type LoadBalancer has an address, and a
# pod that has failed is Failed. Of the conditions Stalled and Reconciling the order in the list does not matter.
# Found: with OnDelete a StatefulSet is Current while none of its pods is ready; so is a LoadBalancer without an address, and a pod that has
# failed. Of Stalled and Reconciling the first that is True decides between Failed and InProgress.
. "$(dirname "$0")/lib.sh"

got=$(
	go_run github.com/fluxcd/cli-utils@v1.2.2 k8s.io/apimachinery/pkg/apis/meta/v1/unstructured <<'GO'
package main

import (
	"fmt"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func main() {
	for _, one := range [][2]string{
		{"StatefulSet, OnDelete, 0 of 3 ready", `{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"generation":1},"spec":{"replicas":3,"updateStrategy":{"type":"OnDelete"}},"status":{"observedGeneration":1,"replicas":3,"readyReplicas":0}}`},
		{"StatefulSet, RollingUpdate, 0 of 3 ready", `{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"generation":1},"spec":{"replicas":3,"updateStrategy":{"type":"RollingUpdate"}},"status":{"observedGeneration":1,"replicas":3,"readyReplicas":0}}`},
		{"LoadBalancer without an address", `{"apiVersion":"v1","kind":"Service","spec":{"type":"LoadBalancer","clusterIP":"10.96.0.9"},"status":{"loadBalancer":{}}}`},
		{"pod that has failed", `{"apiVersion":"v1","kind":"Pod","status":{"phase":"Failed"}}`},
		{"Stalled, Reconciling", `{"apiVersion":"x.org/v1","kind":"X","status":{"conditions":[{"type":"Stalled","status":"True"},{"type":"Reconciling","status":"True"}]}}`},
		{"Reconciling, Stalled", `{"apiVersion":"x.org/v1","kind":"X","status":{"conditions":[{"type":"Reconciling","status":"True"},{"type":"Stalled","status":"True"}]}}`},
	} {
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON([]byte(one[1])); err != nil {
			panic(err)
		}
		result, err := status.Compute(object)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s: %s\n", one[0], result.Status)
	}
}
GO
)
expect "status" "StatefulSet, OnDelete, 0 of 3 ready: Current
StatefulSet, RollingUpdate, 0 of 3 ready: InProgress
LoadBalancer without an address: Current
pod that has failed: Current
Stalled, Reconciling: Failed
Reconciling, Stalled: InProgress" "$got"
verdict
