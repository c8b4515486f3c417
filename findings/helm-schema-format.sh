#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# helm.sh/helm/v4 v4.3.1, with which Helm holds a chart's values against its values.schema.json.
# Guess: "format": "ipv4" in a schema is checked, as Helm 3 did for years; "$schema", if it is there at all, changes no verdict on so plain a schema.
# Found: it is checked only under draft 7 and older. Without "$schema" the draft is 2020-12, whose formats are remarks: every string passes.
# The draft decides more: beside a "$ref", draft 7 drops its neighbours, as it says.
. "$(dirname "$0")/lib.sh"

got=$(
	go_run helm.sh/helm/v4/pkg/chart/common/util@v4.3.1 <<'GO'
package main

import (
	"fmt"

	"helm.sh/helm/v4/pkg/chart/common/util"
)

func main() {
	drafts := []string{"", `"$schema":"https://json-schema.org/draft/2020-12/schema",`, `"$schema":"http://json-schema.org/draft-07/schema#",`}
	schemas := []string{
		`"properties":{"a":{"type":"string","format":"ipv4"}}}`,
		`"properties":{"a":{"type":"string","format":"uri"}}}`,
		`"definitions":{"text":{"type":"string"}},"properties":{"a":{"$ref":"#/definitions/text","maxLength":3}}}`,
	}
	for _, draft := range drafts {
		for _, schema := range schemas {
			err := util.ValidateAgainstSingleSchema(map[string]any{"a": "no address"}, []byte("{"+draft+schema))
			fmt.Printf("%t ", err == nil)
		}
		fmt.Println()
	}
}
GO
)
expect "'no address' as ipv4, as uri, as a text of three letters beside a reference, without \$schema" "true true false " "$(sed -n 1p <<<"$got")"
expect "by draft 2020-12" "true true false " "$(sed -n 2p <<<"$got")"
expect "by draft 7" "false false true " "$(sed -n 3p <<<"$got")"
verdict
