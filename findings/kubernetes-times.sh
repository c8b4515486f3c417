#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# k8s.io/apimachinery v0.36.6 and v0.37.2: the types of Kubernetes' times, e.g. of a Lease's renewTime (MicroTime) and of most others (Time).
# Guess: both take any time of RFC 3339, with or without a fraction.
# Found: MicroTime takes six digits of a fraction and nothing else; none, three and nine are refused, while Time takes them all.
. "$(dirname "$0")/lib.sh"

program=$(
	cat <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func word(err error) string {
	if err != nil {
		return "refused"
	}
	return "taken"
}

func main() {
	for _, fraction := range []string{"", ".123", ".123456", ".123456789"} {
		text := []byte(`"2026-01-01T10:00:00` + fraction + `Z"`)
		var micro metav1.MicroTime
		var plain metav1.Time
		fmt.Printf("%q MicroTime %s, Time %s\n", fraction, word(json.Unmarshal(text, &micro)), word(json.Unmarshal(text, &plain)))
	}
}
GO
)
for version in v0.36.6 v0.37.2; do
	got=$(go_run "k8s.io/apimachinery@$version" <<<"$program")
	expect "$version, no fraction" '"" MicroTime refused, Time taken' "$(sed -n 1p <<<"$got")"
	expect "$version, three digits" '".123" MicroTime refused, Time taken' "$(sed -n 2p <<<"$got")"
	expect "$version, six digits" '".123456" MicroTime taken, Time taken' "$(sed -n 3p <<<"$got")"
	expect "$version, nine digits" '".123456789" MicroTime refused, Time taken' "$(sed -n 4p <<<"$got")"
done
verdict
