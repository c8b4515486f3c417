#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# github.com/Masterminds/semver v3.5.0, by which Helm 4.3.1 holds a cluster against a chart's kubeVersion, and github.com/blang/semver v4.0.0, by
# which the Operator Lifecycle Manager reads an operator's olm.skipRange.
# Guess: one range means one thing: a pre-release of the upper bound is outside of both, ">1.33" is what "<=1.33" is not, and a range without
# patch numbers is known to both.
# Found: for OLM 1.0.0-rc.1 is in "<1.0.0" and 2.0.0-rc.1 in ">=1.0.0 <2.0.0", for Helm they are not; with the "-0" that lets 1.33.0-gke.1 pass,
# 2.0.0-rc.1 passes there, too. For Helm 1.33.5 is in "<=1.33" and 1.34.0-rc.1 is neither in "!=1.0.0" nor in ">1.33"; OLM wants three numbers.
. "$(dirname "$0")/lib.sh"

got=$(
	go_run github.com/Masterminds/semver/v3@v3.5.0 github.com/blang/semver/v4@v4.0.0 <<'GO'
package main

import (
	"fmt"

	helm "github.com/Masterminds/semver/v3"
	olm "github.com/blang/semver/v4"
)

func main() {
	for _, one := range [][2]string{
		{"<1.0.0", "1.0.0-rc.1"},
		{">=1.0.0 <2.0.0", "2.0.0-rc.1"},
		{">=1.0.0-0 <2.0.0", "2.0.0-rc.1"},
		{">=1.0.0-0 <2.0.0-0", "2.0.0-rc.1"},
		{">=1.33.0", "1.33.5-gke.1"},
		{"!=1.0.0", "1.34.0-rc.1"},
		{"<=1.33", "1.33.5"},
		{">1.33", "1.33.5"},
		{">1.33", "1.34.0-rc.1"},
	} {
		inHelm, inOLM := "refused", "refused"
		if constraint, err := helm.NewConstraint(one[0]); err == nil {
			inHelm = fmt.Sprint(constraint.Check(helm.MustParse(one[1])))
		}
		if within, err := olm.ParseRange(one[0]); err == nil {
			inOLM = fmt.Sprint(within(olm.MustParse(one[1])))
		}
		fmt.Printf("%s in %q: Helm %s, OLM %s\n", one[1], one[0], inHelm, inOLM)
	}
}
GO
)
expect "versions" '1.0.0-rc.1 in "<1.0.0": Helm false, OLM true
2.0.0-rc.1 in ">=1.0.0 <2.0.0": Helm false, OLM true
2.0.0-rc.1 in ">=1.0.0-0 <2.0.0": Helm true, OLM true
2.0.0-rc.1 in ">=1.0.0-0 <2.0.0-0": Helm false, OLM false
1.33.5-gke.1 in ">=1.33.0": Helm false, OLM true
1.34.0-rc.1 in "!=1.0.0": Helm false, OLM true
1.33.5 in "<=1.33": Helm true, OLM refused
1.33.5 in ">1.33": Helm false, OLM refused
1.34.0-rc.1 in ">1.33": Helm false, OLM refused' "$got"
verdict
