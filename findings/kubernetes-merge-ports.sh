#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# k8s.io/apimachinery v0.37.2: the strategic merge patch, which kubectl patch sends if not told otherwise, on a Service of k8s.io/api v0.37.2.
# Guess: ports of a Service are told apart by number and protocol, as server-side apply does, so that TCP 53 and UDP 53 are two.
# Found: by number alone. A patch of TCP 53 overwrites the entry of UDP 53, and the TCP one then stands twice; to delete TCP 53 takes both.
. "$(dirname "$0")/lib.sh"

got=$(
	go_run k8s.io/api@v0.37.2 k8s.io/apimachinery@v0.37.2 <<'GO'
package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

const dns = `{"spec":{"ports":[{"name":"udp","port":53,"protocol":"UDP"},{"name":"tcp","port":53,"protocol":"TCP"}]}}`

func main() {
	for _, patch := range []string{
		`{"spec":{"ports":[{"name":"tcp","port":53,"protocol":"TCP","nodePort":30053}]}}`,
		`{"spec":{"ports":[{"$patch":"delete","port":53,"protocol":"TCP"}]}}`,
	} {
		after, err := strategicpatch.StrategicMergePatch([]byte(dns), []byte(patch), corev1.Service{})
		fmt.Println(string(after), err)
	}
}
GO
)
expect "after" '{"spec":{"ports":[{"name":"tcp","nodePort":30053,"port":53,"protocol":"TCP"},{"name":"tcp","port":53,"protocol":"TCP"}]}} <nil>
{"spec":{"ports":[]}} <nil>' "$got"
verdict
