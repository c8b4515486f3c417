#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# k8s.io/apimachinery v0.37.2: wait.Backoff and wait.ExponentialBackoff, by which controllers in Go try again.
# Guess: Cap is the longest wait: with ten Steps, a Factor of 2 and a Cap of four first waits, there are ten tries, 1, 2, 4, 4, 4 ... apart.
# Found: there are three. The wait that would pass Cap ends the trying, and more Steps change nothing. The first wait may be longer than
# Cap, and then there is one try; and what Jitter adds is not held by Cap either.
. "$(dirname "$0")/lib.sh"

got=$(
	go_run k8s.io/apimachinery@v0.37.2 <<'GO'
package main

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

func main() {
	const unit = time.Millisecond
	for _, one := range []struct {
		name    string
		backoff wait.Backoff
	}{
		{"no Cap", wait.Backoff{Duration: unit, Factor: 2, Steps: 10}},
		{"Cap of 4", wait.Backoff{Duration: unit, Factor: 2, Steps: 10, Cap: 4 * unit}},
		{"Cap of 4, 100 Steps", wait.Backoff{Duration: unit, Factor: 2, Steps: 100, Cap: 4 * unit}},
		{"Cap below the first wait", wait.Backoff{Duration: 5 * unit, Factor: 2, Steps: 10, Cap: 4 * unit}},
		{"Cap, Factor of 1", wait.Backoff{Duration: unit, Factor: 1, Steps: 10, Cap: 4 * unit}},
	} {
		tries := 0
		err := wait.ExponentialBackoff(one.backoff, func() (bool, error) {
			tries++
			return false, nil
		})
		fmt.Printf("%s: %d, %v\n", one.name, tries, err)
	}
	longer := 0
	for range 100 {
		backoff := wait.Backoff{Duration: 4 * unit, Factor: 2, Jitter: 1, Steps: 2, Cap: 4 * unit}
		if backoff.Step() > 4*unit {
			longer++
		}
	}
	fmt.Println("with Jitter, a wait above Cap:", longer > 0)
}
GO
)
expect "tries" "no Cap: 10, timed out waiting for the condition
Cap of 4: 3, timed out waiting for the condition
Cap of 4, 100 Steps: 3, timed out waiting for the condition
Cap below the first wait: 1, timed out waiting for the condition
Cap, Factor of 1: 10, timed out waiting for the condition
with Jitter, a wait above Cap: true" "$got"
verdict
