#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# k8s.io/kube-openapi as Kubernetes 1.37 has it: formats in the schema of a custom resource; k8s.io/apimachinery v0.37.2.
# Guess: a format means one thing wherever its name stands: date-time is what metav1.Time takes, byte is base64 (RFC 4648, so that "" is no
# bytes), uri has a scheme (RFC 3986), email is an address alone.
# Found: date-time takes small letters, which metav1.Time refuses; byte refuses "", which is how JSON in Go writes no bytes; uri takes a path
# alone; email takes a name before the address.
. "$(dirname "$0")/lib.sh"

got=$(
	go_run k8s.io/apimachinery@v0.37.2 k8s.io/kube-openapi/pkg/validation/strfmt@v0.0.0-20260721132016-d427ff9ee9ad <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
)

func main() {
	for _, one := range [][2]string{{"date-time", "2026-01-01t00:00:00z"}, {"byte", "YQ=="}, {"byte", ""}, {"uri", "/metrics"}, {"uri", "metrics"}, {"email", "Ann <ann@example.org>"}} {
		fmt.Printf("%s %q: %t\n", one[0], one[1], strfmt.Default.Validates(one[0], one[1]))
	}
	var read metav1.Time
	fmt.Printf("metav1.Time: %t\n", json.Unmarshal([]byte(`"2026-01-01t00:00:00z"`), &read) == nil)
	text, _ := json.Marshal([]byte{})
	fmt.Printf("no bytes in Go's JSON: %s\n", text)
}
GO
)
expect "taken" 'date-time "2026-01-01t00:00:00z": true
byte "YQ==": true
byte "": false
uri "/metrics": true
uri "metrics": false
email "Ann <ann@example.org>": true
metav1.Time: false
no bytes in Go'"'"'s JSON: ""' "$got"
verdict
