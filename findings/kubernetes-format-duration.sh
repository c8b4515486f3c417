#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# k8s.io/kube-openapi as Kubernetes 1.37 has it: "format: duration" in the schema of a custom resource; k8s.io/apimachinery v0.37.2.
# Guess: what the format takes is what Go's time.ParseDuration() takes, which reads metav1.Duration in every controller.
# Found: the format takes weeks and days in words, ISO 8601, blanks, and any text behind a duration ("1 hour ago"). The API server stores them,
# and a controller whose field is a metav1.Duration cannot read the object.
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
	for _, text := range []string{"1h30m", "3 weeks", "1d", "PT1H", "1h 30m", "1 hour ago", "10"} {
		var read metav1.Duration
		err := json.Unmarshal([]byte(`"`+text+`"`), &read)
		fmt.Printf("%s: format %t, metav1.Duration %t\n", text, strfmt.Default.Validates("duration", text), err == nil)
	}
}
GO
)
expect "taken" "1h30m: format true, metav1.Duration true
3 weeks: format true, metav1.Duration false
1d: format true, metav1.Duration false
PT1H: format true, metav1.Duration false
1h 30m: format true, metav1.Duration false
1 hour ago: format true, metav1.Duration false
10: format false, metav1.Duration false" "$got"
verdict
